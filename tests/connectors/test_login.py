"""The proof of a password at start: a broker that says nothing is asked again, one that is away is not waited for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.broker import login
from connectors.broker.admin import admin
from schemas.login import PROOFS


@pytest.fixture(autouse=True)
def _secured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a-password")
    monkeypatch.setenv("HOSO_KAFKA_SECURITY", "sasl_plaintext")
    monkeypatch.setenv("HOSO_KAFKA_USERNAME", "hoso-worker")
    monkeypatch.setenv("HOSO_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setattr(login, "PROOF_MS", 300)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses at which we tried to come in."""
    found = list[str]()

    def counted(bootstrap: str, timeout_ms: int) -> object:
        found.append(bootstrap)
        return admin(bootstrap, timeout_ms)

    monkeypatch.setattr(login, "admin", counted)
    return found


@contextmanager
def one_who_hangs_up() -> Iterator[str]:
    """Somebody who takes every call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(60)


def test_a_broker_that_hangs_up_without_a_word_is_asked_again(tried: list[str]) -> None:
    with one_who_hangs_up() as address:
        login.prove(address)

    assert len(tried) == PROOFS


def test_a_broker_that_is_away_is_asked_once(tried: list[str]) -> None:
    with one_who_hangs_up() as address:
        pass
    login.prove(address)

    assert tried == [address]
