"""Passwords that change while somebody is connected: who has the new one goes on, and nothing is lost."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from connectors.access import process_user
from connectors.broker import Consumer, Producer, read_all
from connectors.holds import Holds
from connectors.verdicts import TryLater, WrongLogin
from schemas.dossier import LOG
from schemas.ops import HOLDS, Brake
from schemas.postal import REQUESTS
from schemas.topics import agency_topic
from streams.following import follow
from tests.connectors.secured.conftest import QUICK, Cluster
from tests.holding import a_hold
from tests.secured import restart
from tests.streams.endings import never

pytestmark = pytest.mark.broker
PATIENCE = 60


def test_an_agency_goes_on_while_its_password_changes_and_only_the_new_one_opens_a_connection(cluster: Cluster) -> None:
    cluster.let_in(QUICK)
    before = cluster.papers.login(QUICK).client() | {"sasl_plain_password": str(cluster.papers.login(QUICK).password())}
    held = KafkaProducer(bootstrap_servers=cluster.bootstrap, **before)
    published(held, "before")

    made = json.loads(cluster.hoso("agency", "kafka", QUICK, "--json"))["password"]

    published(held, "over the connection that was there")
    with pytest.raises(KafkaError):
        KafkaConsumer(bootstrap_servers=cluster.bootstrap, bootstrap_timeout_ms=3000, **before)
    anew = KafkaProducer(bootstrap_servers=cluster.bootstrap, **before | {"sasl_plain_password": made})
    published(anew, "with the new one")
    there = [record.value for record in read_all(cluster.bootstrap, agency_topic(QUICK)) if record.key == b"rotated"]
    assert there == [b"before", b"over the connection that was there", b"with the new one"]
    for producer in (held, anew):
        producer.close()


def published(producer: KafkaProducer, what: str) -> None:
    producer.send(agency_topic(QUICK), what.encode(), b"rotated").get(timeout=PATIENCE)


@dataclass
class Process:
    """Every kind of client that our processes keep open, as `hoso-dispatch`."""

    consumer: Consumer
    producer: Producer
    holds: Holds
    followed: list[bytes] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)

    def hear(self, raw: bytes) -> None:
        self.followed.append(raw)
        self.heard.set()

    def polled(self, value: bytes) -> None:
        """Read until this comes; a broker that is away or says no is waited out."""
        for _ in range(2 * PATIENCE):
            try:
                if any(message.value == value for message in self.consumer.poll(timeout_ms=500)):
                    return
            except TryLater:
                continue
        raise AssertionError(f"{value!r} did not come")

    def refused(self) -> None:
        """Poll until Kafka says that our password is wrong."""
        for _ in range(2 * PATIENCE):
            try:
                self.consumer.poll(timeout_ms=500)
            except WrongLogin:
                return
            except TryLater:
                continue
        raise AssertionError("nobody was refused")

    def published(self, value: bytes) -> None:
        """Publish until it is on the log."""
        for _ in range(10):
            try:
                self.producer.publish_to(LOG, b"k", value)
                return
            except TryLater:
                continue
        raise AssertionError(f"{value!r} was not published")


@pytest.fixture
def process(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """It is connected, and has read what there is."""
    user = process_user("dispatch")
    cluster.let_in(user)
    monkeypatch.setenv("HOSO_KAFKA_USERNAME", user)
    monkeypatch.setenv("HOSO_KAFKA_PASSWORD_FILE", str(cluster.papers.password_file(user)))
    consumer = Consumer([REQUESTS], user, "one", cluster.bootstrap)
    with consumer, Producer(cluster.bootstrap) as producer:
        made = Process(consumer, producer, Holds(cluster.bootstrap))
        operators_say(cluster, REQUESTS, b"before")
        made.polled(b"before")
        made.published(b"before")
        assert made.holds.start()
        follow(cluster.bootstrap, HOLDS, made.hear, never)
        yield made
        made.holds.close()


def operators_say(cluster: Cluster, topic: str, value: bytes) -> None:
    """A record from somebody whose password nobody changes."""
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, **cluster.papers.operators().client())
    producer.send(topic, value, b"k").get(timeout=PATIENCE)
    producer.close()


def test_a_process_that_is_refused_comes_in_by_itself_once_its_file_has_the_new_password(
    cluster: Cluster, process: Process
) -> None:
    """The longest gap there may be: every connection ends before the file is right."""
    made = cluster.hoso("topics", "password", "dispatch").strip()
    restart(cluster.broker)
    process.refused()
    hold = a_hold(Brake.TIMERS)
    operators_say(cluster, REQUESTS, b"while nobody came in")
    operators_say(cluster, HOLDS, hold.encode())
    process.heard.clear()
    cluster.papers.keep(cluster.papers.password_file(process_user("dispatch")).name, made.encode())

    process.polled(b"while nobody came in")
    process.published(b"afterwards")

    assert process.heard.wait(PATIENCE) and process.followed == [hold.encode()]
