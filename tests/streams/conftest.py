"""What tests of the engine and of stock Faust share."""

import pytest

from tests.streams.endings import Ended


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of our process is an exception."""

    def ended(why: BaseException, code: int = 70) -> None:
        raise Ended(str(why)) from why

    for module in ("watchdog", "table", "consumer"):
        monkeypatch.setattr(f"streams.engine.{module}.end", ended)
