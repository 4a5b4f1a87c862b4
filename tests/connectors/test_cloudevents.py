"""Our topics and the CloudEvents SDK, which nobody here wrote: it reads what we write, and we read what it writes."""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings import http
from cloudevents.core.bindings import kafka as record_of
from cloudevents.core.bindings.kafka import KafkaMessage
from cloudevents.core.v1.event import CloudEvent
from kafka import KafkaProducer

from connectors.broker import Message, Place, Producer, make_topics, read_all
from connectors.gate import wire
from connectors.gate.judge import Admitted, judge
from schemas.event import Event
from schemas.instant import now
from tests.builders import a_bundle, sample
from tests.connectors.notify.conftest import Rig, a_notice, a_rejection
from tests.connectors.notify.conftest import clock as clock
from tests.connectors.notify.conftest import rig as rig
from tests.schemas.record import WRITTEN

SAMPLES = sorted(WRITTEN.glob("*.json"))
FORMS = {"structured": record_of.to_structured_event, "binary": record_of.to_binary_event}
ODD = 'hồ sơ "số 1", 100%'
PARTITION_KEY = "partitionkey"
"""What the SDK calls a record's key."""


@pytest.fixture
def topic(kafka: str) -> str:
    """A topic of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    make_topics(kafka, [Place(name, 1, {})])
    return name


@pytest.fixture
def producer(kafka: str) -> Iterator[Producer]:
    with Producer(kafka) as producer:
        yield producer


def written_by_the_sdk(said: Mapping[str, Any]) -> CloudEvent:
    """An event in the SDK's hands."""
    attributes = {name: value for name, value in said.items() if name != "data"}
    return CloudEvent(attributes | {"time": datetime.fromisoformat(said["time"])}, said["data"])


def read_by_the_sdk(record: Message) -> BaseCloudEvent:
    """A record of a topic as the SDK reads it."""
    return record_of.from_kafka_event(KafkaMessage(dict(record.headers), record.key, record.value or b""))


def says(event: BaseCloudEvent) -> dict[str, Any]:
    """An event of the SDK as plain data, without the key of its record."""
    said = dict(event.get_attributes()) | {"data": event.get_data()}
    said.pop(PARTITION_KEY, None)
    return said | {"time": event.get_time()}


def test_every_type_on_our_topics_is_a_cloudevent_to_the_sdk(kafka: str, producer: Producer, topic: str) -> None:
    events = [Event.decode(path.read_bytes()) for path in SAMPLES]
    producer.publish(events, topic)

    read = [read_by_the_sdk(record) for record in read_all(kafka, topic)]

    assert len(read) == len(events) > 50
    for event, one in zip(events, read, strict=True):
        said = json.loads(event.encode())
        assert says(one) == said | {"time": event.time}
        assert one.get_extension(PARTITION_KEY) == event.subject


@pytest.mark.parametrize("form", FORMS)
def test_what_the_sdk_writes_is_let_in_by_the_gate_under_its_own_id(kafka: str, topic: str, form: str) -> None:
    said = sample(1) | {"id": ODD, "time": "2020-11-02T08:15:00+07:00"}
    event = written_by_the_sdk(said)
    written = FORMS[form](event)
    client = KafkaProducer(bootstrap_servers=kafka)
    client.send(topic, written.value, said["subject"].encode(), list(written.headers.items()))
    client.close()

    (record,) = read_all(kafka, topic)
    found = judge(wire.from_message(record.value, record.headers), "H29.12", a_bundle(), now())

    assert isinstance(found, Admitted), found
    assert (found.event.id, found.event.time, found.data) == (ODD, event.get_time(), said["data"])


def test_a_callbacks_body_is_a_cloudevent_to_the_sdk(rig: Rig) -> None:
    told = [a_notice(1), a_rejection()]
    rig.owes(told)
    rig.lane.start()

    heard = [rig.ear.next() for _ in told]

    read = [http.from_http_event(http.HTTPMessage(one.headers, one.body)) for one in heard]
    assert {one.get_id() for one in read} == {event.id for event in told}
    assert all(says(one)["data"] == call.said["data"] for one, call in zip(read, heard, strict=True))
