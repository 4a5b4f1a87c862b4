"""What the tests of stock Faust need: nothing of ours is installed in these apps."""

from collections.abc import Iterator
from pathlib import Path

import faust
import pytest

from streams.engine.endings import end
from tests.streams.stock.stock import Ended, StockWorkers, a_stock_app


@pytest.fixture
def anyio_backend() -> str:
    """Faust knows asyncio only."""
    return "asyncio"


@pytest.fixture
def stock(tmp_path: Path) -> faust.App:
    """An app as Faust makes it, never started."""
    return a_stock_app("127.0.0.1:1", tmp_path)


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of our process is an exception."""

    def ended(why: BaseException, code: int = 70) -> None:
        raise Ended(str(why)) from why

    for module in ("watchdog", "table", "consumer"):
        monkeypatch.setattr(f"streams.engine.{module}.{end.__name__}", ended)


@pytest.fixture(scope="module")
def workers(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockWorkers]:
    """A topic with one partition, and stock workers on it, one after the other; none is left behind."""
    made = StockWorkers(kafka, tmp_path_factory.mktemp("stock"))
    yield made
    made.close()
