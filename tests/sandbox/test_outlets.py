"""How agencies send: in order, until acknowledged, each through its own door."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient, NewTopic

from sandbox.outlets import Answer, HttpOutlet, KafkaDoor, KafkaOutlet, Message
from sandbox.timers import Timers
from tests.sandbox.stage import Desk, a_clock, a_desk

DOSSIER = "H29.12-261102-0001"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with a_desk() as found:
        yield found


class Answers:
    """What came back, in order."""

    def __init__(self, expected: int) -> None:
        self.found: list[tuple[str, Answer]] = []
        self.expected, self.all = expected, threading.Event()

    def of(self, id: str) -> Message:
        """A message whose answer is kept."""
        return Message(id, DOSSIER, msgspec.json.encode({"id": id}), lambda answer: self._keep(id, answer))

    def _keep(self, id: str, answer: Answer) -> None:
        self.found.append((id, answer))
        if len(self.found) == self.expected:
            self.all.set()


def ids(desk: Desk) -> list[str]:
    return [event["id"] for _, body, _ in desk.bodies for event in msgspec.json.decode(body)]


def test_events_leave_in_order_with_the_agency_s_key(desk: Desk) -> None:
    answers = Answers(20)
    outlet = HttpOutlet(desk.address, lambda: "a-key")

    for n in range(20):
        outlet.put(answers.of(f"event-{n}"))

    assert answers.all.wait(60)
    outlet.stop()
    assert ids(desk) == [f"event-{n}" for n in range(20)]
    assert {headers["authorization"] for _, _, headers in desk.bodies} == {"Bearer a-key"}
    assert outlet.waiting() == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_door_that_is_busy_is_tried_again_with_the_same_events(desk: Desk, status: int) -> None:
    desk.answers = lambda _path, _body: (202 if desk.bodies else status, b'{"accepted": ["a"], "rejected": []}')
    answers, outlet = Answers(1), HttpOutlet(desk.address, lambda: "")

    outlet.put(answers.of("a"))

    assert answers.all.wait(60)
    outlet.stop()
    assert ids(desk) == ["a", "a"]
    assert answers.found[0][1].verdict == "accepted"


def test_a_rejected_event_keeps_its_problems_and_its_neighbours_are_accepted(desk: Desk) -> None:
    errors: list[Any] = [{"field": "time", "problem": "no zone"}]
    body = msgspec.json.encode({"accepted": ["good"], "rejected": [{"id": "bad", "errors": errors}]})
    desk.answers = lambda _path, _body: (202, body)
    answers, outlet = Answers(2), HttpOutlet(desk.address, lambda: "")

    outlet.put(answers.of("good"))
    outlet.put(answers.of("bad"))

    assert answers.all.wait(60)
    outlet.stop()
    assert dict(answers.found) == {"good": Answer("accepted", 202), "bad": Answer("rejected", 202, errors)}


def test_a_refused_key_rejects_everything(desk: Desk) -> None:
    desk.answers = lambda _path, _body: (401, b'{"title": "unknown key"}')
    answers, outlet = Answers(1), HttpOutlet(desk.address, lambda: "wrong")

    outlet.put(answers.of("a"))

    assert answers.all.wait(60)
    outlet.stop()
    assert answers.found[0][1] == Answer("rejected", 401, {"title": "unknown key"})


def test_kafka_agencies_publish_to_their_own_topics_keyed_by_dossier(kafka: str) -> None:
    # Codes of this test's own: other tests of the session make the topics of the usual ones.
    codes = [f"H29.{uuid.uuid4().hex[:8]}" for _ in range(2)]
    topics = [f"agency.events.{code}" for code in codes]
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(topic, 1, 1) for topic in topics])
    admin.close()
    timers = Timers(a_clock())
    timers.start()
    door, answers = KafkaDoor(kafka, timers), Answers(6)

    for n in range(6):
        KafkaOutlet(codes[n % 2], door).put(answers.of(f"event-{n}"))

    assert answers.all.wait(60)
    door.stop()
    timers.stop()
    consumer = KafkaConsumer(*topics, bootstrap_servers=kafka, auto_offset_reset="earliest", consumer_timeout_ms=60_000)
    records = [record for _, record in zip(range(6), consumer, strict=False)]
    consumer.close()
    assert {record.key for record in records} == {DOSSIER.encode()}
    assert [msgspec.json.decode(one.value)["id"] for one in records if one.topic == topics[0]] == [
        "event-0",
        "event-2",
        "event-4",
    ]
    assert {name for record in records for name, _ in record.headers} == {"content-type"}
