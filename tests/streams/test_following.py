"""How a worker comes to Kafka where it is not let in."""

import logging
from pathlib import Path
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, SaslAuthenticationFailedError

from schemas.login import PROOFS, WrongLogin
from streams import following


class HangsUp:
    """kafka-python's consumer on a broker that hangs up: its refusal is read the `reads_at`-th time."""

    def __init__(self, reads_at: int) -> None:
        self.reads_at, self.tries = reads_at, 0

    def __call__(self, **settings: Any) -> None:
        """Try to come in, as the library does: what it was refused for stands in its log alone."""
        self.tries += 1
        if self.tries == self.reads_at:
            logging.getLogger("kafka.net.manager").warning("%s", SaslAuthenticationFailedError("Invalid credentials"))
        raise KafkaTimeoutError("Unable to bootstrap")


@pytest.fixture
def secured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Brokers that ask for a password."""
    (tmp_path / "password").write_text("secret")
    for name, value in {"SECURITY": "sasl_plaintext", "USERNAME": "hoso-worker"}.items():
        monkeypatch.setenv(f"HOSO_KAFKA_{name}", value)
    monkeypatch.setenv("HOSO_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))


@pytest.mark.usefixtures("secured")
def test_a_broker_that_hangs_up_before_its_refusal_is_read_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = HangsUp(reads_at=3)
    monkeypatch.setattr(following, "KafkaConsumer", broker)

    with pytest.raises(WrongLogin, match="does not let hoso-worker in"):
        following.follow("127.0.0.1:1", "reference", lambda value: None)

    assert broker.tries == 3


@pytest.mark.usefixtures("secured")
def test_brokers_that_never_say_why_end_the_worker_with_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = HangsUp(reads_at=99)
    monkeypatch.setattr(following, "KafkaConsumer", broker)

    with pytest.raises(KafkaTimeoutError):
        following.follow("127.0.0.1:1", "reference", lambda value: None)

    assert broker.tries == PROOFS


def test_brokers_that_ask_for_no_password_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = HangsUp(reads_at=99)
    monkeypatch.setattr(following, "KafkaConsumer", broker)

    with pytest.raises(KafkaTimeoutError):
        following.follow("127.0.0.1:1", "reference", lambda value: None)

    assert broker.tries == 1
