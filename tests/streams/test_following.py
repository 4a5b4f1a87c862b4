"""How a worker comes to Kafka where it is not let in."""

import logging
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, SaslAuthenticationFailedError

from schemas.login import WrongLogin
from streams import following


class HangsUp:
    """kafka-python's consumer on a broker that lets nobody in; it may say why."""

    def __init__(self, why: Exception | None) -> None:
        self.why = why

    def __call__(self, **settings: Any) -> None:
        """Try to come in, as the library does: what it was refused for stands in its log alone."""
        if self.why is not None:
            logging.getLogger("kafka.net.manager").warning("%s", self.why)
        raise KafkaTimeoutError("Unable to bootstrap")


@pytest.fixture(autouse=True)
def _secured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Brokers that ask for a password."""
    (tmp_path / "password").write_text("secret")
    for name, value in {"SECURITY": "sasl_plaintext", "USERNAME": "hoso-worker"}.items():
        monkeypatch.setenv(f"HOSO_KAFKA_{name}", value)
    monkeypatch.setenv("HOSO_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))


def test_a_refused_password_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "KafkaConsumer", HangsUp(SaslAuthenticationFailedError("Invalid credentials")))

    with pytest.raises(WrongLogin, match="does not let hoso-worker in"):
        following.follow("127.0.0.1:1", "reference", lambda value: None)


def test_brokers_that_never_say_why_end_the_worker_with_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "KafkaConsumer", HangsUp(None))

    with pytest.raises(KafkaTimeoutError):
        following.follow("127.0.0.1:1", "reference", lambda value: None)
