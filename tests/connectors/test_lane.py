"""A lane has one holder, breaks when its partner does not answer, and comes back by a probe."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.lane import OPEN, Lane, LanePolicy, Passage
from connectors.retry import RetryPolicy
from connectors.store import Store, open_store
from connectors.store.breaker import BreakerPolicy
from connectors.store.queue import Owed, Queue
from connectors.store.tables import LANES
from connectors.verdicts import TryLater
from schemas import instant
from tests.waiting import until

POLICY = LanePolicy(
    workers=3,
    lease_seconds=0.6,
    rate_per_second=1000,
    retry=RetryPolicy(first_seconds=1, longest_seconds=5, gives_up_after_seconds=1000),
    breaker=BreakerPolicy(failures=3, first_seconds=50, longest_seconds=50, full=4),
)


@pytest.fixture(autouse=True)
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(1_793_000_000.0, 100.0, time.time()),)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'hoso.db'}")
    store.migrate()
    yield store
    store.close()


class Partner:
    """Answers, or not; remembers who called about what, and when."""

    def __init__(self, queue: Queue) -> None:
        self.queue, self.away = queue, False
        self.calls: list[tuple[str, str, float]] = []
        self.given_up: list[str] = []
        self.broken: list[BaseException] = []

    def lane(self, owner: str, policy: LanePolicy = POLICY, passage: Passage = OPEN) -> Lane:
        def work(row: Owed) -> None:
            self.calls.append((owner, row.id, instant.clock().seconds()))
            if row.id == "poison":
                raise ZeroDivisionError
            if self.away:
                raise TryLater("away")
            self.queue.done(row.id)

        def gives_up(row: Owed, later: TryLater) -> None:
            self.given_up.append(row.id)
            self.queue.gave_up(row.id, later.why)

        queue = Queue(self.queue.store, "dispatch")
        return Lane(queue, "post", owner, work, gives_up, self.broken.append, policy, passage)


@pytest.fixture
def partner(store: Store) -> Partner:
    return Partner(Queue(store, "dispatch"))


def owe(partner: Partner, *ids: str) -> None:
    now = instant.clock().seconds()
    with partner.queue.store.begin() as conn:
        partner.queue.put(conn, [Owed(id, "post", id, number, b"", next_at=now) for number, id in enumerate(ids)])


def test_two_processes_never_both_speak_to_a_partner(partner: Partner) -> None:
    first, second = partner.lane("one"), partner.lane("two")
    first.start()
    owe(partner, "a")
    until(lambda: len(partner.calls) == 1)
    second.start()

    owe(partner, *(f"b{number}" for number in range(20)))
    first.wake()
    second.wake()
    until(lambda: not partner.queue.counts())
    meanwhile = {owner for owner, _, _ in partner.calls}
    first.close()
    owe(partner, "c")
    until(lambda: not partner.queue.counts())
    second.close()

    assert meanwhile == {"one"}
    assert partner.calls[-1][:2] == ("two", "c")


def test_a_partner_that_is_away_is_left_alone_then_probed_once(partner: Partner) -> None:
    partner.away = True
    lane = partner.lane("one")
    lane.start()
    owe(partner, *(f"row-{number}" for number in range(10)))
    until(lambda: partner.queue.lanes.breaker("post").opens_at > 0)
    opens_at = partner.queue.lanes.breaker("post").opens_at

    until(lambda: instant.clock().seconds() > opens_at + 25)
    probes = [id for _, id, at in partner.calls if at >= opens_at]
    partner.away = False
    until(lambda: not partner.queue.counts())
    lane.close()

    assert len([at for _, _, at in partner.calls if at < opens_at]) <= POLICY.breaker.failures + POLICY.workers
    assert len(probes) == 1
    assert partner.queue.lanes.breaker("post").opens_at == 0


class Closed(Passage):
    """Nothing may pass."""

    def stops(self, queue: Queue, row: Owed) -> bool:
        queue.later(row.id, row.next_at + 1e9, "not now", counts=False)
        return True


def test_a_row_that_may_not_go_says_nothing_of_the_partner(partner: Partner) -> None:
    """It was not there before, and nobody has asked it since: its lane stays broken."""
    partner.away = True
    lane = partner.lane("one")
    lane.start()
    owe(partner, *(f"row-{number}" for number in range(10)))
    until(lambda: partner.queue.lanes.breaker("post").opens_at > 0)
    lane.close()
    broken, calls = partner.queue.lanes.breaker("post"), len(partner.calls)

    held = partner.lane("one", passage=Closed())
    held.start()
    until(lambda: all(row.next_at > 1e9 * 2 for row in waiting(partner)))
    held.close()

    assert partner.queue.lanes.breaker("post") == broken
    assert len(partner.calls) == calls


def waiting(partner: Partner) -> list[Owed]:
    with partner.queue.store.begin() as conn:
        return [row for number in range(10) for row in partner.queue.waiting(conn, f"row-{number}")]


def test_what_is_tried_for_too_long_is_given_up(partner: Partner) -> None:
    partner.away = True
    policy = LanePolicy(
        lease_seconds=0.6,
        retry=RetryPolicy(first_seconds=1, longest_seconds=1, gives_up_after_seconds=20),
        breaker=BreakerPolicy(failures=1000),
    )
    lane = partner.lane("one", policy)
    lane.start()

    owe(partner, "row")
    until(lambda: partner.given_up == ["row"])
    lane.close()

    assert partner.queue.counts() == {}


def test_an_error_that_is_no_verdict_is_handed_up(partner: Partner) -> None:
    lane = partner.lane("one")
    lane.start()

    owe(partner, "poison")
    until(lambda: bool(partner.broken))
    lane.close()

    assert isinstance(partner.broken[0], ZeroDivisionError)


def test_what_is_new_is_taken_at_once_not_at_the_next_look(partner: Partner) -> None:
    lane = partner.lane("one", LanePolicy(lease_seconds=30))
    lane.start()
    until(lambda: partner.queue.lanes.lease("post", "nobody", 1) is False)

    began = time.monotonic()
    owe(partner, "row")
    lane.wake()
    until(lambda: not partner.queue.counts())
    took = time.monotonic() - began
    lane.close()

    assert took < 1


def test_a_row_put_off_wakes_the_lane_for_its_next_try(partner: Partner) -> None:
    """Nothing else does: its next look would be minutes away."""
    policy = LanePolicy(lease_seconds=900, retry=RetryPolicy(first_seconds=1, longest_seconds=5))
    lane, partner.away = partner.lane("one", policy), True
    owe(partner, "row")
    lane.start()
    until(lambda: len(partner.calls) >= 2)
    partner.away = False
    until(lambda: not partner.queue.counts())
    lane.close()

    assert {id for _, id, _ in partner.calls} == {"row"}


def test_what_waits_for_one_before_it_goes_once_that_has_ended(partner: Partner, store: Store) -> None:
    """Nobody says so: the end of the one before wakes the lane, whose next look would be minutes away."""
    now = instant.clock().seconds()
    with store.begin() as conn:
        rows = [Owed(id, "post", "one key", number, b"", next_at=now) for number, id in enumerate(("a", "b", "c"))]
        partner.queue.put(conn, rows)
    lane = partner.lane("one", LanePolicy(lease_seconds=900))

    lane.start()
    until(lambda: not partner.queue.counts())
    lane.close()

    assert [id for _, id, _ in partner.calls] == ["a", "b", "c"]


def test_a_lane_that_was_anothers_meanwhile_first_ends_what_it_had_begun(
    partner: Partner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process stood still beyond its lease, another held the lane and let it go: all in flight is owed again."""
    queue, calls, looks, let_go = Queue(store, "dispatch"), list[str](), list[bool](), threading.Event()
    lease = queue.lanes.lease

    def counted(lane: str, owner: str, seconds: float) -> bool:
        looks.append(lease(lane, owner, seconds))
        return looks[-1]

    monkeypatch.setattr(queue.lanes, "lease", counted)

    def work(row: Owed) -> None:
        calls.append(row.id)
        if row.id == "a":
            let_go.wait(15)
        partner.queue.done(row.id)

    lane = Lane(queue, "post", "one", work, lambda *_: None, partner.broken.append, POLICY)
    lane.start()
    owe(partner, "a")
    lane.wake()
    until(lambda: calls == ["a"])
    with store.begin() as conn:
        conn.execute(update(LANES).values(owner="two", leased_until=0.0))
    until(lambda: queue.lanes.term("post") == 2)
    owe(partner, "b")
    after = len(looks) + 4
    until(lambda: len(looks) >= after)
    held_back = list(calls)
    let_go.set()
    until(lambda: not partner.queue.counts())
    lane.close()

    assert held_back == ["a"]
    assert calls == ["a", "b"]
