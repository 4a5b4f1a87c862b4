"""The loop's thread: it begins when told, ends in order, and its process hears of an error that is no verdict."""

import threading
from pathlib import Path

from connectors.broker import Producer
from connectors.receipts.keeper import Keeper
from connectors.secrets import NoSuchSecret, load_secrets
from connectors.settings import Settings
from tests.connectors.doubles import a_store


def test_an_error_that_is_no_verdict_is_heard_by_its_process(tmp_path: Path) -> None:
    heard, ended = list[BaseException](), threading.Event()

    def broken(error: BaseException) -> None:
        heard.append(error)
        ended.set()

    settings = Settings(kafka_bootstrap="127.0.0.1:1", home=tmp_path)
    with a_store(tmp_path) as store, Producer("127.0.0.1:1") as producer:
        keeper = Keeper(settings, store, producer, load_secrets(tmp_path / "no secrets"), broken)
        keeper.start()
        assert ended.wait(60)
        keeper.close()

    assert [type(error) for error in heard] == [NoSuchSecret]


def test_one_that_was_never_started_can_be_closed(tmp_path: Path) -> None:
    settings = Settings(kafka_bootstrap="127.0.0.1:1", home=tmp_path)
    with a_store(tmp_path) as store, Producer("127.0.0.1:1") as producer:
        keeper = Keeper(settings, store, producer, load_secrets(tmp_path), lambda _: None)

        keeper.close()

    assert "receipts" not in {one.name for one in threading.enumerate()}
