"""How a worker comes to Kafka where it is not let in, and what becomes of it where it can follow no longer."""

import json
import logging
import queue
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError, NotLeaderForPartitionError, SaslAuthenticationFailedError
from kafka.errors import TopicAuthorizationFailedError as NoRight

from connectors.broker import Place, make_topics
from schemas.login import WrongLogin
from streams import following
from streams.engine import CRASHED
from tests.streams.endings import never


class HangsUp:
    """kafka-python's consumer on a broker that lets nobody in; it may say why."""

    def __init__(self, why: Exception | None) -> None:
        self.why = why

    def __call__(self, **settings: Any) -> None:
        """Try to come in, as the library does: what it was refused for stands in its log alone."""
        if self.why is not None:
            logging.getLogger("kafka.net.manager").warning("%s", self.why)
        raise KafkaTimeoutError("Unable to bootstrap")


class Spoken(NamedTuple):
    """A record, as far as a follower looks."""

    value: bytes


class Answers:
    """kafka-python's consumer on an empty topic; what its polls then bring comes one by one, an error is raised."""

    def __init__(self) -> None:
        self.polls: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def __call__(self, **settings: Any) -> "Answers":
        return self

    def assign(self, places: list[TopicPartition]) -> None:
        """Nothing is to be done."""

    seek_to_beginning = assign

    def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Nothing is there yet."""
        return dict.fromkeys(places, 0)

    def position(self, place: TopicPartition) -> int:
        """At the start."""
        return 0

    def poll(self, timeout_ms: int) -> dict[str, list[Spoken]]:
        """The next answer; waits for it."""
        found = self.polls.get()
        if isinstance(found, Exception):
            raise found
        return {"all": [Spoken(found)]}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What the consumer of the next follower answers."""
    made = Answers()
    monkeypatch.setattr(following, "KafkaConsumer", made)
    return made


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
        following.follow("127.0.0.1:1", "reference", lambda value: None, never)


def test_brokers_that_never_say_why_end_the_worker_with_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "KafkaConsumer", HangsUp(None))

    with pytest.raises(KafkaTimeoutError):
        following.follow("127.0.0.1:1", "reference", lambda value: None, never)


def test_a_follower_that_can_read_no_longer_says_so_with_its_reason(answers: Answers) -> None:
    gone: queue.SimpleQueue[following.Lost] = queue.SimpleQueue()
    following.follow("kafka:9092", "reference", lambda value: None, gone.put)

    answers.polls.put(NoRight({"reference"}))

    said = gone.get(timeout=10)
    assert str(said).startswith("reference can be followed no longer: TopicAuthorizationFailedError")
    assert isinstance(said.__cause__, NoRight)


def test_a_follower_that_cannot_take_a_record_says_so_with_its_reason(answers: Answers) -> None:
    gone: queue.SimpleQueue[following.Lost] = queue.SimpleQueue()
    following.follow("kafka:9092", "reference", json.loads, gone.put)

    answers.polls.put(b"no json")

    assert "JSONDecodeError" in str(gone.get(timeout=10))


def test_what_passes_by_itself_is_no_end(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_MS", 1)
    gone: queue.SimpleQueue[following.Lost] = queue.SimpleQueue()
    taken: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    following.follow("kafka:9092", "reference", taken.put, gone.put)

    for one in (b"before", NotLeaderForPartitionError(), KafkaTimeoutError("no answer"), b"after"):
        answers.polls.put(one)

    assert [taken.get(timeout=10), taken.get(timeout=10)] == [b"before", b"after"]
    assert gone.empty()


WORKER = """
import json, sys, threading
from streams.engine import end
from streams.following import follow
follow(*sys.argv[1:], lambda raw: print(json.loads(raw), flush=True), end)
threading.Event().wait()
"""
"""As much of a worker as follows a topic; `streams/worker.py` gives the same `end`."""


@pytest.mark.broker
def test_a_worker_that_can_follow_no_longer_ends_with_its_reason(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECURITY", "USERNAME", "PASSWORD_FILE"):
        monkeypatch.delenv(f"HOSO_KAFKA_{name}")
    topic = f"followed-{uuid.uuid4().hex}"
    make_topics(kafka, [Place(topic, 1, {})])
    command = [sys.executable, "-c", WORKER, kafka, topic]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        with KafkaProducer(bootstrap_servers=kafka) as producer:
            producer.send(topic, b"1").get(timeout=10)
            assert worker.stdout is not None
            known = worker.stdout.readline()
            producer.send(topic, b"no json").get(timeout=10)
        said, _ = worker.communicate(timeout=30)
    finally:
        worker.kill()

    assert known == "1\n"
    assert worker.returncode == CRASHED
    assert f"{topic} can be followed no longer: JSONDecodeError" in said
