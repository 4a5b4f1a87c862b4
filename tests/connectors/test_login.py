"""The proof of a password at start: a refusal comes out, a broker that is away is no reason to end."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from connectors.broker import login
from connectors.verdicts import TryLater, WrongLogin


@pytest.fixture(autouse=True)
def _secured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a-password")
    monkeypatch.setenv("HOSO_KAFKA_SECURITY", "sasl_plaintext")
    monkeypatch.setenv("HOSO_KAFKA_USERNAME", "hoso-worker")
    monkeypatch.setenv("HOSO_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))


def answers(monkeypatch: pytest.MonkeyPatch, verdict: TryLater) -> None:
    """A cluster that nobody comes into, for this reason."""

    def admin(bootstrap: str, timeout_ms: int) -> AbstractContextManager[object]:
        raise verdict

    monkeypatch.setattr(login, "admin", admin)


def test_a_refused_password_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, WrongLogin("Kafka does not let hoso-worker in"))

    with pytest.raises(WrongLogin, match="does not let hoso-worker in"):
        login.prove("127.0.0.1:1")


def test_a_broker_that_is_away_is_no_reason_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, TryLater("no broker"))

    login.prove("127.0.0.1:1")
