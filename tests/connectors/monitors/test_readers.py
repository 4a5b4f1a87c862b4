"""Groups, brakes and dead letters as the monitor sees them, on a real broker."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.broker import Consumer, Message, Producer, read_all
from connectors.broker.lag import Lag
from connectors.dead_letters import State, facts, letters_of
from connectors.letters import keep
from connectors.monitors.brakes import Brakes
from connectors.monitors.letters import KEPT_MS, Letters, Waiting
from connectors.monitors.readers import GROUPS, Readers, Stillness
from connectors.receipts import keeper as receipts
from connectors.verdicts import TryLater
from hoso.processes import PROCESSES
from schemas.dossier import LOG
from schemas.instant import now
from schemas.ops import DEAD_LETTERS, REDRIVEN, Brake, DeadLetterRedriven
from schemas.postal import WEBHOOKS
from schemas.topics import agency_topic
from tests.connectors.monitors.seen import shown, value
from tests.holding import a_hold, a_lift

GROUP = "hoso-dispatch"
INTAKE = agency_topic("H29.12")


@pytest.fixture
def producer(cluster: str) -> Iterator[Producer]:
    with Producer(cluster) as producer:
        yield producer


def a_lag(committed: int, records: int, partition: int = 0) -> Lag:
    return Lag(GROUP, LOG, partition, records, 0.0, committed)


# ---------------------------------------------------------------- partitions that stand


def test_the_groups_looked_at_are_those_that_read() -> None:
    reading = {f"hoso-{one.name}" for one in PROCESSES} - {"hoso-edge", "hoso-console", "hoso-monitor"}

    assert set(GROUPS) == reading | {receipts.GROUP}


def test_a_partition_stands_from_the_first_look_at_which_it_had_not_moved_although_more_waits() -> None:
    stillness = Stillness()

    found = [
        stillness.after([a_lag(5, 3)], 100.0),
        stillness.after([a_lag(5, 4)], 110.0),
        stillness.after([a_lag(5, 9)], 130.0),
        stillness.after([a_lag(6, 8)], 140.0),
    ]

    assert [one[GROUP, LOG, 0] for one in found] == [0, 10, 30, 0]


def test_a_partition_with_nothing_to_read_does_not_stand_and_begins_anew_when_more_comes() -> None:
    stillness = Stillness()

    found = [stillness.after([a_lag(5, records)], at) for at, records in ((0, 0), (100, 0), (110, 2), (120, 2))]

    assert [one[GROUP, LOG, 0] for one in found] == [0, 0, 10, 20]


def test_one_that_stands_is_seen_while_its_siblings_flow() -> None:
    stillness = Stillness()

    for step in range(4):
        found = stillness.after([a_lag(7, 2, 0), a_lag(100 + step, 2, 1)], step * 60.0)

    assert found == {(GROUP, LOG, 0): 180.0, (GROUP, LOG, 1): 0.0}


def test_a_commit_that_goes_back_is_a_move() -> None:
    """Somebody set the group back, or the log was made anew: it has begun again."""
    stillness = Stillness()
    stillness.after([a_lag(50, 2)], 0.0)

    assert stillness.after([a_lag(0, 9)], 60.0)[GROUP, LOG, 0] == 0


# ---------------------------------------------------------------- on Kafka


def test_a_group_is_behind_by_what_it_has_not_committed_and_as_old_as_the_first_of_that(
    cluster: str, producer: Producer
) -> None:
    looks = Readers(cluster, [GROUP, "hoso-notify"])
    for number in range(6):
        producer.publish_to(LOG, f"k-{number}".encode(), b"{}")
    with Consumer([LOG], GROUP, "dispatch-0", cluster, session_seconds=6) as consumer:
        handled = 0
        while handled < 6:
            handled += len(consumer.poll(6 - handled, 500))
        consumer.commit()
        caught_up = looks.look()
        written = time.time()
        for number in range(40):
            producer.publish_to(LOG, f"k-{number}".encode(), b"{}")
        first = looks.look()
        asked = time.time()
        again = looks.look()

    assert value(caught_up, "hoso_group_lag_records", GROUP, LOG) == 0
    assert value(caught_up, "hoso_group_lag_seconds", GROUP, LOG) == 0
    assert value(caught_up, "hoso_group_members", GROUP) == 1
    assert value(first, "hoso_group_lag_records", GROUP, LOG) == 40
    age = value(again, "hoso_group_lag_seconds", GROUP, LOG)
    # A record bears its producer's milliseconds.
    assert age is not None and asked - written - 5 < age <= time.time() - written + 0.002
    still = {labels: seconds for labels, seconds in shown(again, "hoso_partition_still_seconds").items() if seconds}
    assert still and {labels[:2] for labels in still} == {(GROUP, LOG)}
    assert value(again, "hoso_group_members", "hoso-notify") == 0
    assert value(again, "hoso_group_lag_records", "hoso-notify", LOG) is None


def test_holds_are_counted_by_what_they_stop_and_whether_a_lane_asks(cluster: str, producer: Producer) -> None:
    looks = Brakes(cluster)
    none = looks.look()
    producer.publish([a_hold(at=now()), a_hold(carrier="ems", asks=True, at=now()), a_hold(Brake.TIMERS, at=now())])
    producer.publish([a_lift(Brake.TIMERS, at=now())])

    seen = looks.look()

    assert set(shown(none, "hoso_holds").values()) == {0.0}
    assert shown(seen, "hoso_holds") == {
        ("post", "no"): 1,
        ("post", "yes"): 1,
        ("notices", "no"): 0,
        ("notices", "yes"): 0,
        ("timers", "no"): 0,
        ("timers", "yes"): 0,
    }
    ages = shown(seen, "hoso_hold_age_seconds")
    assert 0 < ages[("post",)] < 60 and ages[("timers",)] == 0


def test_dead_letters_wait_until_they_are_put_back_and_the_count_is_that_of_the_command(
    cluster: str, producer: Producer
) -> None:
    looks = Letters(cluster)
    for number in range(5):
        producer.publish_to(INTAKE, f"k-{number}".encode(), b"no event")
    first, second, *_ = (message for message in read_all(cluster, INTAKE) if message.value == b"no event")
    for message in read_all(cluster, INTAKE):
        keep(message, "these bytes are no event", producer)
    keep(first, "another reader says so too", producer)

    waiting = looks.look()
    letters = letters_of(facts(read_all(cluster, DEAD_LETTERS)))
    put_back = next(
        one for one in letters if one.kept.data.offset == first.offset and one.kept.data.partition == first.partition
    )
    producer.publish([a_redrive(put_back.id)])
    # One that was put back without a word of it, and came back: its record says where it comes from.
    came_from = next(
        one for one in letters if one.kept.data.offset == second.offset and one.kept.data.partition == second.partition
    )
    offset = producer.publish_at(INTAKE, 0, b"k-9", b"no event", [(REDRIVEN, came_from.id.encode())])
    keep(
        next(one for one in read_all(cluster, INTAKE) if (one.partition, one.offset) == (0, offset)),
        "no event",
        producer,
    )

    after = looks.look()

    said = [one for one in letters_of(facts(read_all(cluster, DEAD_LETTERS))) if one.state is State.WAITING]
    assert value(waiting, "hoso_dead_letters_waiting", INTAKE) == 5
    assert value(after, "hoso_dead_letters_waiting", INTAKE) == len(said) == 4
    looks.close()
    assert Letters(cluster).look() == after


def a_redrive(letter: str) -> DeadLetterRedriven:
    data = DeadLetterRedriven.Data(letter=letter, topic=INTAKE, partition=0, offset=99, times=1, why="x", by="truc-ban")
    return DeadLetterRedriven(id=f"r-{letter}", source="/operators/truc-ban", subject=INTAKE, time=now(), data=data)


def test_a_dead_letter_that_its_topic_keeps_no_longer_is_no_more_waiting(cluster: str, producer: Producer) -> None:
    keep(Message(WEBHOOKS, 0, 7, b"k", b"no event"), "these bytes are no event", producer)
    records = read_all(cluster, DEAD_LETTERS)
    written = max(record.timestamp_ms for record in records)
    waiting = Waiting()

    waiting.hears(records)

    assert waiting.by_topic(written)[WEBHOOKS] == 1
    assert waiting.by_topic(written + KEPT_MS + 1) == {}


def test_without_a_broker_nothing_is_seen_and_that_is_said() -> None:
    looks = (Readers("127.0.0.1:1").look, Brakes("127.0.0.1:1").look, Letters("127.0.0.1:1").look)
    # Together: each asks for ten seconds.
    with ThreadPoolExecutor() as pool:
        found = [looking.exception() for looking in [pool.submit(look) for look in looks]]

    assert [type(one) for one in found] == [TryLater] * 3
