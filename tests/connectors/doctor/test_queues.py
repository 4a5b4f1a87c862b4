"""What is owed and late, given up, held and broken, on both databases; the breakers broken by a real lane."""

import time
from dataclasses import replace as changed
from typing import Any

import pytest

from connectors.doctor import breakers, queues
from connectors.doctor.finding import Severity
from connectors.doctor.place import Place
from connectors.lane import Lane, LanePolicy
from connectors.store import callbacks, held, item_codes, items, standing
from connectors.store.breaker import BreakerPolicy
from connectors.store.items import Unmatched
from connectors.store.queue import Owed, Queue
from connectors.verdicts import TryLater
from schemas.instant import clock
from tests.connectors.doctor.conftest import only, worst
from tests.waiting import until

HOUR = 3600.0
DISPATCH = "dispatch"


def owes(place: Place, queue: str, lane: str, *ids: str, seconds_ago: float = 0.0, **given: Any) -> Queue:
    """Rows that are due since so long."""
    due_at = clock().seconds() - seconds_ago
    rows = [changed(Owed(id, lane, id, 1, b"body", next_at=due_at, created_at=due_at), **given) for id in ids]
    made = Queue(place.store, queue)
    with place.store.begin() as connection:
        made.put(connection, rows)
    return made


def breaks(queue: Queue, lane: str, why: str) -> None:
    """A real lane of which no call is answered, until it is broken."""
    errors: list[BaseException] = []

    def nobody_answers(_: Owed) -> None:
        raise TryLater(why)

    def gives_up(row: Owed, _: TryLater) -> None:
        queue.gave_up(row.id, why)

    policy = LanePolicy(workers=1, lease_seconds=6, breaker=BreakerPolicy(failures=2, first_seconds=600))
    working = Lane(queue, lane, "test", nobody_answers, gives_up, errors.append, policy)
    working.start()
    until(lambda: queue.lanes.breaker(lane).opens_at > 0)
    working.close()
    assert not errors


def test_nothing_owed_is_well(place_in: Place) -> None:
    found = [*queues.findings(place_in), *breakers.findings(place_in)]

    assert [one.severity for one in found] == [Severity.OK, Severity.OK]


@pytest.mark.parametrize(("seconds_ago", "severity"), [(120, Severity.WARNING), (HOUR, Severity.BAD)])
def test_what_is_due_and_nobody_works_on_is_late_and_its_process_is_to_be_started(
    place_in: Place, seconds_ago: float, severity: Severity
) -> None:
    owes(place_in, DISPATCH, "myvnpost", "a", "b", seconds_ago=seconds_ago)

    found = only(list(queues.findings(place_in)), "myvnpost")

    assert (found.severity, found.help_command) == (severity, "hoso dispatch")
    assert found.what.startswith("dispatch to myvnpost: 2 things owed, the first is ")


def test_what_somebody_works_on_and_is_late_sends_to_its_log(place_in: Place) -> None:
    queue = owes(place_in, DISPATCH, "myvnpost", "a", seconds_ago=HOUR)
    queue.lanes.lease("myvnpost", "dispatch-0", 60)

    found = only(list(queues.findings(place_in)), "myvnpost")

    assert found.help_command == "hoso fleet show"


def test_what_is_due_a_moment_ago_or_held_or_behind_another_is_not_late(place_in: Place) -> None:
    owes(place_in, DISPATCH, "ems", "young", seconds_ago=5)
    owes(place_in, DISPATCH, "ghn", "held", seconds_ago=HOUR, next_at=held.UNTIL_LIFTED)
    Queue(place_in.store, DISPATCH).later("held", held.UNTIL_LIFTED, f"{held.HELD}post, by truc-ban: the water")
    first = clock().seconds() + HOUR
    owes(place_in, callbacks.QUEUE, "H29.12", "1", seconds_ago=HOUR, next_at=first, sequence_key="k", order_no=1)
    owes(place_in, callbacks.QUEUE, "H29.12", "2", seconds_ago=HOUR, sequence_key="k", order_no=2)

    found = list(queues.findings(place_in))

    assert worst(found) is Severity.OK
    assert only(found, "owed").what == "4 things are owed in 3 lanes, 1 of them held; none is late"


def test_what_was_tried_in_vain_is_worth_a_look_and_says_why(place_in: Place) -> None:
    queue = owes(place_in, callbacks.QUEUE, "H29.12", "a", "b")
    queue.later("a", clock().seconds() + HOUR, "status 500")

    found = only(list(queues.findings(place_in)), "tried in vain")

    assert (found.severity, found.detail) == (Severity.NOTE, "status 500")
    assert found.help_command == "hoso notices list --agency H29.12 --state owed"


def test_words_that_an_agency_did_not_take_wait_for_an_operator(place_in: Place) -> None:
    queue = owes(place_in, callbacks.QUEUE, "H29.12", "a", "b", "c")
    queue.gave_up("a", "status 500")
    queue.aside("b", "status 422")
    queue.done("c")

    found = only(list(queues.findings(place_in)), "did not take")

    assert found.what == "H29.12 did not take 2 words: 1 given up, 1 aside"
    assert (found.severity, found.help_command) == (Severity.WARNING, "hoso notices list --agency H29.12")


def test_an_answer_that_is_not_on_its_topic_for_long_is_bad(place_in: Place) -> None:
    queue = owes(place_in, DISPATCH, "myvnpost", "a", "b")
    queue.done("a", b"fact")
    queue.done("b", b"fact")
    queue.published(["b"])
    with place_in.store.begin() as connection:
        connection.exec_driver_sql(f"UPDATE owed SET done_at = done_at - {HOUR}")

    found = only(list(queues.findings(place_in)), "not on the topic")

    assert found.what == "dispatch: 1 answer is not on the topic yet, the first for 60 min"
    assert found.severity is Severity.BAD


def test_updates_that_belong_to_nobody_for_days_are_noted(place_in: Place) -> None:
    with place_in.store.begin() as connection:
        items.wait(connection, Unmatched("u-1", "ghn", "G1", "r", b"sealed", "no such item"))
        connection.exec_driver_sql(f"UPDATE unmatched SET at = at - {72 * HOUR}")

    found = only(list(queues.findings(place_in)), "no leg we know")

    assert (found.severity, found.help_command) == (Severity.NOTE, "hoso reconcile ghn STATEMENT.csv")


@pytest.mark.parametrize(("free", "severity"), [(0, Severity.BAD), (1, Severity.WARNING), (49, Severity.WARNING)])
def test_a_pool_of_item_codes_that_runs_out_is_a_finding(place_in: Place, free: int, severity: Severity) -> None:
    with place_in.store.begin() as connection:
        item_codes.add(connection, "vnpost_hcc", [f"RX{number:09d}VN" for number in range(free + 1)])
        item_codes.bind(connection, "vnpost_hcc", "H29.12-261102-0001/D1")

    found = only(list(queues.findings(place_in)), "left")

    assert (found.severity, found.help_command) == (severity, "hoso carrier pool vnpost_hcc add FILE")


def test_a_pool_that_lasts_and_a_carrier_without_one_are_no_finding(place_in: Place) -> None:
    with place_in.store.begin() as connection:
        item_codes.add(connection, "vnpost_hcc", [f"RX{number:09d}VN" for number in range(item_codes.FEW)])

    assert [one.severity for one in queues.findings(place_in)] == [Severity.OK]


def test_a_carrier_that_does_not_answer_is_bad_and_may_be_held(place_in: Place) -> None:
    queue = owes(place_in, DISPATCH, "myvnpost", "a", "b", "c", seconds_ago=HOUR)
    breaks(queue, "myvnpost", "no answer in 30 s")

    broken, [late] = only(list(breakers.findings(place_in)), "myvnpost"), list(queues.findings(place_in))

    assert (broken.severity, broken.detail) == (Severity.BAD, "no answer in 30 s")
    assert "no answer, 2 failures in a row, 3 owed, tried again in 10 min" in broken.what
    assert broken.help_command == 'hoso hold post --carrier myvnpost --why "it does not answer"'
    # What waits for its partner is not late besides.
    assert late.severity is Severity.OK


def test_an_agency_that_does_not_answer_is_a_warning_and_may_be_tried(place_in: Place) -> None:
    queue = owes(place_in, callbacks.QUEUE, "H29.12", "a", "b")
    breaks(queue, "H29.12", "no answer: ConnectionError")

    broken = only(list(breakers.findings(place_in)), "H29.12")

    assert (broken.severity, broken.help_command) == (Severity.WARNING, "hoso agency test H29.12")


def test_a_broken_lane_that_owes_nothing_is_no_finding(place_in: Place) -> None:
    queue = owes(place_in, DISPATCH, "myvnpost", "a", "b")
    breaks(queue, "myvnpost", "no answer")
    for id in ("a", "b"):
        queue.gave_up(id, "no answer")

    assert [one.severity for one in breakers.findings(place_in)] == [Severity.OK]


def test_how_a_lane_stands_is_counted_by_state(place_in: Place) -> None:
    queue = owes(place_in, callbacks.QUEUE, "H29.12", *"abcdefg")
    queue.lanes.lease("H29.12", "notify-0", 60)
    queue.claim("H29.12", clock().seconds(), 1)
    queue.later("b", clock().seconds() + HOUR, "status 500", in_doubt=True)
    queue.later("c", held.UNTIL_LIFTED, f"{held.HELD}notices, by truc-ban: x")
    queue.gave_up("d", "status 500")
    queue.aside("e", "status 422")
    queue.done("f")

    with place_in.store.read() as connection:
        [stands] = standing.lanes(connection)

    counts = (stands.owed, stands.held, stands.in_doubt, stands.tried, stands.gave_up, stands.aside)
    assert counts == (4, 1, 1, 1, 1, 1)
    assert stands.leased_until > time.time()
    with place_in.store.read() as connection:
        assert standing.why_owed(connection, callbacks.QUEUE, "H29.12") == "status 500"
