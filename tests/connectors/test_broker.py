"""The door to Kafka, on the real one."""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import FencedInstanceIdError, KafkaTimeoutError, RebalanceInProgressError
from kafka.structs import MemberState

from connectors import topics
from connectors.broker import (
    FOLLOWERS_FETCH_MS,
    Consumer,
    Message,
    Place,
    Producer,
    Reader,
    admin,
    make_topics,
    partition_of,
    read_all,
    read_key,
)
from connectors.broker.consumer import MOST_FENCED
from connectors.broker.lag import lags
from connectors.loop import readable, run
from connectors.verdicts import Refused, TryLater
from schemas.dossier import LOG
from schemas.event import MOST_BYTES, Event
from schemas.instant import now
from schemas.ops import DEAD_LETTERS, DeadLetterKept, StatusConfirmed
from schemas.postal import ParcelStatus
from schemas.topics import TOPICS
from tests.waiting import until


@pytest.fixture(scope="module")
def bootstrap(kafka: str) -> str:
    topics.apply(kafka, ["H29.12", "H29.07"], results=["H29.12"])
    return kafka


@pytest.fixture
def topic(bootstrap: str) -> str:
    """A topic of the test's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    make_topics(bootstrap, [Place(name, 3, {})])
    return name


@pytest.fixture
def producer(bootstrap: str) -> Iterator[Producer]:
    with Producer(bootstrap) as producer:
        yield producer


def an_event(number: int = 1, dossier: str = "H29.12-261102-0001", why: str = "seen") -> StatusConfirmed:
    data = StatusConfirmed.Data(leg="D1", status=ParcelStatus.DELIVERED, why=why, by="an operator")
    return StatusConfirmed(id=f"event-{number}", source="/operators/one", subject=dossier, time=now(), data=data)


def a_consumer(bootstrap: str, topic: str, group: str | None = None) -> Consumer:
    return Consumer([topic], group or f"group-{uuid.uuid4().hex[:8]}", "one", bootstrap)


def polled(consumer: Consumer, count: int, seconds: float = 60) -> list[Message]:
    """The next records, at least so many of them."""
    found: list[Message] = []
    for _ in range(int(seconds * 2)):
        found += consumer.poll(500, 500)
        if len(found) >= count:
            return found
    raise AssertionError(f"only {len(found)} of {count} records came")


def test_what_is_published_stands_under_its_subject_as_a_cloudevent(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    event = an_event()
    producer.publish([event], topic)

    (message,) = read_all(bootstrap, topic)
    assert (message.key, message.value) == (b"H29.12-261102-0001", event.encode())
    assert message.headers == (("content-type", b"application/cloudevents+json"),)
    assert message.timestamp_ms > 0


def test_one_dossiers_events_keep_their_order_and_are_found_by_its_key(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    producer.publish([an_event(n, f"H29.12-261102-{n % 7:04d}") for n in range(70)], topic)

    found = read_key(bootstrap, topic, b"H29.12-261102-0003")

    assert [StatusConfirmed.decode(one.value or b"").id for one in found] == [f"event-{n}" for n in range(3, 70, 7)]
    assert {one.partition for one in found} == {partition_of(b"H29.12-261102-0003", 3)}


def test_a_reader_at_the_end_is_told_soon_where_the_end_is_now(bootstrap: str, producer: Producer, topic: str) -> None:
    """A broker answers one question after the other, and it holds one for records that are not there."""
    producer.publish_to(topic, b"k", b"only")
    with Reader(bootstrap, topic) as reader:
        list(reader.to_end())
        reader.poll(200)

        began = time.monotonic()
        bounds = reader.bounds()

    assert sum(end for _, end in bounds.values()) == 1
    assert time.monotonic() - began < FOLLOWERS_FETCH_MS / 2e3


def test_a_reader_whose_partition_lost_its_leader_is_to_try_later(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    producer.publish_to(topic, b"k", b"only")
    with Reader(bootstrap, topic) as reader:
        library: Any = reader._consumer
        # What the library says of a place that it has not found yet.
        library.position = lambda place: None
        with pytest.raises(TryLater):
            list(reader.to_end())


def test_an_event_too_long_is_refused_before_any_is_sent(bootstrap: str, producer: Producer, topic: str) -> None:
    data = an_event().data.model_copy(update={"why": "x" * MOST_BYTES})
    long = an_event().model_copy(update={"data": data})

    with pytest.raises(Refused):
        producer.publish([an_event(), long], topic)

    assert read_all(bootstrap, topic) == []


def test_what_cannot_be_durable_is_tried_later() -> None:
    with pytest.raises(TryLater), Producer("127.0.0.1:1", timeout_seconds=1) as producer:
        producer.publish([an_event()])


def test_a_topic_that_nobody_made_takes_nothing(bootstrap: str) -> None:
    with pytest.raises(TryLater), Producer(bootstrap, timeout_seconds=1) as producer:
        producer.publish([an_event()], "nobody-made-this")
    with pytest.raises(TryLater):
        read_all(bootstrap, "nobody-made-this")


def test_a_producer_whose_library_waits_for_ever_is_replaced_by_one_that_sends(bootstrap: str, topic: str) -> None:
    with Producer(bootstrap, timeout_seconds=2) as producer:
        producer.publish_to(topic, b"k", b"before")
        # The state in which kafka-python was found: a request under way whose answer died with its connection.
        stuck: Any = producer._producer
        stuck._transaction_manager._in_flight_request_correlation_id = 99
        with pytest.raises(TryLater):
            producer.publish_to(topic, b"k", b"lost in it")
        producer.publish_to(topic, b"k", b"after")
        until = time.monotonic() + 60
        while stuck._sender.is_alive() and time.monotonic() < until:
            time.sleep(0.05)

        assert not stuck._sender.is_alive()
    assert [record.value for record in read_all(bootstrap, topic)][-1] == b"after"


def brings_nothing(timeout_ms: int, **_: Any) -> dict[Any, Any]:
    """What kafka-python was found doing: asked again and again, nothing comes."""
    time.sleep(timeout_ms / 1e3)
    return {}


def test_a_consumer_whose_library_brings_nothing_any_more_is_replaced_by_one_that_reads(
    bootstrap: str, producer: Producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.broker.consumer.STILL_SECONDS", 0.5)
    with Consumer([topic], f"g-{topic}", "one", bootstrap, session_seconds=6.0) as consumer:
        producer.publish_to(topic, b"k", b"first")
        assert [message.value for message in polled(consumer, 1)] == [b"first"]
        consumer.commit()
        stuck: Any = consumer._consumer
        stuck.poll = brings_nothing
        producer.publish_to(topic, b"k", b"second")

        assert [message.value for message in polled(consumer, 1)] == [b"second"]
        assert consumer._consumer is not stuck


def test_one_partition_that_stands_among_others_that_flow_is_seen(
    bootstrap: str, producer: Producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.broker.consumer.LOOK_SECONDS", 0.5)
    monkeypatch.setattr("connectors.broker.consumer.LOOK_POLLS", 2)
    with Consumer([topic], f"g-{topic}", "one", bootstrap, session_seconds=6.0) as consumer:
        producer.publish_at(topic, 0, None, b"flows", ())
        polled(consumer, 1)
        consumer.commit()
        stuck: Any = consumer._consumer
        stuck.pause(TopicPartition(topic, 1))
        producer.publish_at(topic, 1, None, b"stands", ())

        def came() -> bool:
            producer.publish_at(topic, 0, None, b"flows", ())
            return b"stands" in [message.value for message in consumer.poll(500, 500)]

        until(came, 20)

        assert consumer._consumer is not stuck


def test_a_consumer_whose_looks_get_no_answer_is_replaced(
    bootstrap: str, producer: Producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.broker.consumer.STILL_SECONDS", 0.3)
    with Consumer([topic], f"g-{topic}", "one", bootstrap, session_seconds=6.0) as consumer:
        producer.publish_to(topic, b"k", b"first")
        assert patiently(consumer, 1) == [b"first"]
        consumer.commit()
        stuck: Any = consumer._consumer
        stuck.poll, stuck.end_offsets = brings_nothing, no_answer
        producer.publish_to(topic, b"k", b"second")

        assert patiently(consumer, 1, 20) == [b"second"]


def no_answer(*_: Any, **__: Any) -> None:
    """What a connection says on which nothing comes."""
    raise KafkaTimeoutError


def patiently(consumer: Consumer, count: int, seconds: float = 60) -> list[bytes | None]:
    """The next records, so many of them; a broker that is away is waited for."""
    found: list[bytes | None] = []
    until, never = time.monotonic() + seconds, threading.Event()
    while len(found) < count:
        assert time.monotonic() < until, f"only {len(found)} of {count} records came"
        try:
            found += [message.value for message in consumer.poll(500, 500)]
        except TryLater:
            never.wait(0.2)
    return found


def test_a_member_whose_place_another_took_comes_in_anew_and_reads_on(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    group = f"g-{topic}"
    with Consumer([topic], group, "one", bootstrap, session_seconds=6.0) as consumer:
        producer.publish_to(topic, b"k", b"first")
        assert patiently(consumer, 1) == [b"first"]
        consumer.commit()
        with Consumer([topic], group, "one", bootstrap, session_seconds=6.0) as twin:
            producer.publish_to(topic, b"k", b"second")
            assert patiently(twin, 1) == [b"second"]
            twin.commit()
        member: Any = consumer._consumer
        # Its place is another's now: the next time it has to join, the group does not know it.
        member._coordinator.request_rejoin()
        producer.publish_to(topic, b"k", b"third")

        assert b"third" in patiently(consumer, 1)
        assert consumer._consumer is not member


def test_two_that_bear_one_name_are_told_so(bootstrap: str, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fenced(*_: Any, **__: Any) -> dict[Any, Any]:
        raise FencedInstanceIdError

    monkeypatch.setattr("connectors.broker.consumer.KafkaConsumer.poll", fenced)
    with Consumer([topic], f"g-{topic}", "one", bootstrap) as consumer:
        for _ in range(MOST_FENCED):
            with pytest.raises(TryLater):
                consumer.poll()
        with pytest.raises(RuntimeError, match="another process calls itself one"):
            consumer.poll()


def test_a_member_without_a_place_in_its_group_is_replaced(
    bootstrap: str, producer: Producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.broker.consumer.STILL_SECONDS", 0.5)
    with Consumer([topic], f"g-{topic}", "one", bootstrap) as consumer:
        producer.publish_to(topic, b"k", b"first")
        patiently(consumer, 1)
        lost: Any = consumer._consumer
        lost.poll, lost._coordinator.state = brings_nothing, MemberState.UNJOINED
        lost.assignment = set
        producer.publish_to(topic, b"k", b"second")

        assert patiently(consumer, 1) and consumer._consumer is not lost


def test_a_consumer_at_the_end_of_its_topic_is_left_alone(
    bootstrap: str, producer: Producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.broker.consumer.STILL_SECONDS", 0.1)
    with Consumer([topic], f"g-{topic}", "one", bootstrap) as consumer:
        producer.publish_to(topic, b"k", b"only")
        polled(consumer, 1)
        before = consumer._consumer
        for _ in range(5):
            consumer.poll(timeout_ms=200)

        assert consumer._consumer is before


def test_a_consumer_whose_commits_nobody_takes_is_replaced_and_what_was_not_committed_comes_again(
    bootstrap: str, producer: Producer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.broker.consumer.PUT_OFF_SECONDS", 0.5)
    with Consumer([topic], f"g-{topic}", "one", bootstrap, session_seconds=6.0) as consumer:
        producer.publish_to(topic, b"k", b"only")
        polled(consumer, 1)
        stale: Any = consumer._consumer
        stale.commit = put_off

        def is_replaced() -> bool:
            with pytest.raises(TryLater):
                consumer.commit()
            return consumer._consumer is not stale

        until(is_replaced, 10)
        again = polled(consumer, 1)
        consumer.commit()

        assert [message.value for message in again] == [b"only"]


def put_off(*_: Any, **__: Any) -> None:
    """What the group does not take now."""
    raise RebalanceInProgressError


def test_a_place_that_went_to_another_is_not_committed_by_what_was_handed_out_before(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    group = f"g-{topic}"
    with a_consumer(bootstrap, topic, group) as consumer:
        producer.publish_to(topic, b"k", b"only")
        polled(consumer, 1)
        library: Any = consumer._consumer
        library.assignment = set
        consumer.poll(timeout_ms=0)
        del library.assignment

        consumer.commit()

    assert lags(bootstrap, [group]) == []


def test_what_is_not_committed_comes_again(bootstrap: str, producer: Producer, topic: str) -> None:
    producer.publish([an_event(n) for n in range(4)], topic)
    with a_consumer(bootstrap, topic, f"again-{topic}") as first:
        polled(first, 4)
    with a_consumer(bootstrap, topic, f"again-{topic}") as second:
        again = polled(second, 4)
        second.commit()
    producer.publish([an_event(9)], topic)

    with a_consumer(bootstrap, topic, f"again-{topic}") as third:
        rest = polled(third, 1)

    assert [one.offset for one in again] == [0, 1, 2, 3]
    assert [one.offset for one in rest] == [4]


def test_what_comes_while_the_work_waits_is_not_lost(bootstrap: str, producer: Producer, topic: str) -> None:
    with a_consumer(bootstrap, topic) as consumer:
        producer.publish([an_event(1)], topic)
        polled(consumer, 1)
        producer.publish([an_event(2)], topic)
        for _ in range(5):
            consumer.keep_place()
        consumer.commit()

        (after,) = polled(consumer, 1)
        behind = consumer.lag()

    assert (after.offset, behind) == (1, {topic: 0})


def test_a_broker_that_fails_while_the_work_waits_leaves_no_partition_paused(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    with a_consumer(bootstrap, topic) as consumer:
        producer.publish([an_event(1)], topic)
        polled(consumer, 1)
        library: Any = consumer._consumer
        library.poll = put_off
        with pytest.raises(TryLater):
            consumer.keep_place()
        del library.poll
        producer.publish([an_event(2)], topic)

        (after,) = polled(consumer, 1, 10)

    assert after.offset == 1


def test_a_batch_that_cannot_be_handled_now_is_handled_again_and_then_committed(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    producer.publish([an_event(n) for n in range(3)], topic)
    stop, seen = threading.Event(), list[list[int]]()

    def handle(batch: Sequence[Message]) -> None:
        seen.append([message.offset for message in batch])
        if len(seen) < 3:
            raise TryLater("not now")
        if batch[-1].offset == 2:
            stop.set()

    group = f"loop-{topic}"
    run(a_consumer(bootstrap, topic, group), handle, stop, process="test")

    assert seen[0] == seen[1] == seen[2]
    with a_consumer(bootstrap, topic, group) as consumer:
        assert consumer.poll(10, 2000) == []


def test_a_loop_at_rest_has_committed_all_and_one_that_is_busy_some_of_it_all_of_it_once_it_is_told_to_stop(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    stop, seen, group = threading.Event(), list[int](), f"rest-{topic}"

    def handle(batch: Sequence[Message]) -> None:
        seen.extend(message.offset for message in batch)

    def committed() -> int:
        return sum(one.committed for one in lags(bootstrap, [group]))

    loop = threading.Thread(
        target=run, args=(a_consumer(bootstrap, topic, group), handle, stop), kwargs={"process": "test"}, daemon=True
    )
    loop.start()
    producer.publish([an_event(n) for n in range(3)], topic)
    until(lambda: committed() == 3)
    producer.publish([an_event(3)], topic)
    until(lambda: len(seen) == 4)
    stop.set()
    loop.join(60)

    assert committed() == 4


def test_one_that_joins_takes_its_share_and_nothing_is_missed(bootstrap: str, producer: Producer, topic: str) -> None:
    seen: dict[str, set[tuple[int, int]]] = {"one": set(), "two": set()}
    stops = {name: threading.Event() for name in seen}
    group = f"share-{topic}"

    def member(name: str) -> threading.Thread:
        consumer = Consumer([topic], group, name, bootstrap)

        def handle(batch: Sequence[Message]) -> None:
            seen[name].update((message.partition, message.offset) for message in batch)

        def work() -> None:
            run(consumer, handle, stops[name], process="test", timeout_ms=200)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    threads = [member("one")]
    published = 0
    for turn in range(60):
        producer.publish(
            [an_event(number, f"H29.12-261102-{number:04d}") for number in range(published, published + 20)], topic
        )
        published += 20
        if turn == 5:
            threads.append(member("two"))
        if seen["two"] and len(seen["two"]) > 40:
            break
        stops["one"].wait(0.1)
    until = time.monotonic() + 120
    while len(seen["one"] | seen["two"]) < published and time.monotonic() < until:
        stops["one"].wait(0.05)
    for name, thread in zip(seen, threads, strict=True):
        stops[name].set()
        thread.join(20)

    assert seen["two"]
    assert len(seen["one"] | seen["two"]) == published


def test_an_error_that_is_no_verdict_ends_the_loop_and_commits_nothing(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    producer.publish([an_event()], topic)
    group = f"broken-{topic}"

    def handle(_: Sequence[Message]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(a_consumer(bootstrap, topic, group), handle, threading.Event(), process="test")

    with a_consumer(bootstrap, topic, group) as consumer:
        assert len(polled(consumer, 1)) == 1


def test_bytes_nobody_reads_are_on_the_dead_letters_with_their_place(
    bootstrap: str, producer: Producer, topic: str
) -> None:
    producer.publish_to(topic, b"key", b"\xff\x00 no event")
    producer.publish_to(topic, b"key", b'{"type": "vn.hoso.nobody.knows_this.v1"}')
    producer.publish([an_event()], topic)
    messages = read_all(bootstrap, topic)

    events = readable(messages, producer)

    letters = [Event.decode(one.value or b"") for one in read_all(bootstrap, DEAD_LETTERS)]
    ours = [letter for letter in letters if isinstance(letter, DeadLetterKept) and letter.data.topic == topic]
    assert [event.id for _, event in events] == ["event-1"]
    assert len(ours) == 2
    assert {(one.data.partition, one.data.offset) for one in ours} < {(m.partition, m.offset) for m in messages}


def test_topics_are_made_once_and_set_right_again(bootstrap: str) -> None:
    assert topics.apply(bootstrap, ["H29.12", "H29.07"], results=["H29.12"]).created == []
    # An agency that no other test of the session has.
    new = f"H29.{uuid.uuid4().hex[:8]}"
    made = topics.apply(bootstrap, ["H29.12", "H29.07", new], results=["H29.12"])
    assert made.created == [f"agency.events.{new}"]

    with admin(bootstrap) as client:
        there = {topic["name"]: len(topic["partitions"]) for topic in client.describe_topics()}
    plain = {row.name for row in TOPICS if not row.per_agency}
    assert plain | {"agency.events.H29.12", "results.H29.12"} <= set(there)
    assert (there[LOG], there["results.H29.12"], "results.H29.07" in there) == (8, 1, False)


def test_a_changed_setting_is_corrected(bootstrap: str, topic: str) -> None:
    made = make_topics(bootstrap, [Place(topic, 3, {"retention.ms": "1000"})])

    with admin(bootstrap) as client:
        found = client.describe_configs([_resource(topic)], config_filter="all")["topic"][topic]
    assert (made.created, found["retention.ms"]["value"]) == ([], "1000")


def _resource(topic: str) -> object:
    return ConfigResource(ConfigResourceType.TOPIC, topic)


def test_another_partition_count_is_another_log(bootstrap: str) -> None:
    with pytest.raises(topics.WrongPartitions, match=r"dossier.events has 8 partitions, not 3"):
        topics.apply(bootstrap, [], log_partitions=3)
