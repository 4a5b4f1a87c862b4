"""What is past its time goes, a batch at a time; what must stay stays."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from connectors import retention
from connectors.retention import Sweep, digested, ended, fed, seen, unmatched
from connectors.settings import Settings
from connectors.store import Store, digests, feed, gate_seen, items
from connectors.store.digests import Came
from connectors.store.feed import Told
from connectors.store.items import Unmatched
from connectors.store.queue import Owed, OwedState, Queue
from connectors.store.tables import FEED, GATE_SEEN, GATHERED, OWED, UNMATCHED
from rules.digests import Change, Gathered
from schemas import instant

NOON = datetime.fromisoformat("2026-11-26T12:00:00+07:00")
SETTINGS = Settings(kafka_bootstrap="nowhere:1", retention_seconds=0.001)


def it_is(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(at.timestamp(), 1.0, time.time()),)))


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(NOON, monkeypatch)


def left(store: Store, column: Any) -> list[Any]:
    with store.read() as connection:
        return sorted(connection.execute(select(column)).scalars())


def test_what_a_queue_ended_well_goes_after_its_days_and_what_it_gave_up_never(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(store, "dispatch")
    with store.begin() as connection:
        names = ("done", "unsaid", "waiting", "gave-up", "aside")
        queue.put(connection, [Owed(name, "a", name, 1, b"{}") for name in names])
        queue.end(connection, "done", OwedState.DONE)
        queue.end(connection, "unsaid", OwedState.DONE, b"an answer that is not on its topic")
        queue.end(connection, "gave-up", OwedState.GAVE_UP)
        queue.end(connection, "aside", OwedState.ASIDE)
    sweep = Sweep(store, SETTINGS.retention_seconds, ended("dispatch", SETTINGS), ended("poll", SETTINGS))

    it_is(NOON + timedelta(days=29), monkeypatch)
    sweep.look()
    kept = left(store, OWED.c.id)
    it_is(NOON + timedelta(days=31), monkeypatch)
    time.sleep(0.002)
    sweep.look()

    assert len(kept) == 5
    assert left(store, OWED.c.id) == ["aside", "gave-up", "unsaid", "waiting"]


def test_another_queues_rows_are_its_own_processs_to_remove(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(store, "dispatch")
    with store.begin() as connection:
        queue.put(connection, [Owed("done", "a", "s", 1, b"{}")])
        queue.end(connection, "done", OwedState.DONE)

    it_is(NOON + timedelta(days=31), monkeypatch)
    Sweep(store, 1, ended("poll", SETTINGS)).look()

    assert left(store, OWED.c.id) == ["done"]


def test_the_gate_forgets_events_but_not_the_last_of_a_source_nor_one_it_expects_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = NOON.timestamp()
    rows = [("/a", "1", "d", 0), ("/a", "2", "d", 1), ("/a", "3", gate_seen.EXPECTED, 2), ("/a", "4", "d", 3),
            ("/b", "1", "d", 0)]  # fmt: skip
    with store.begin() as connection:
        values = [{"source": s, "id": i, "digest": d, "at": at + second} for s, i, d, second in rows]
        connection.execute(insert(GATE_SEEN), values)

    it_is(NOON + timedelta(days=8), monkeypatch)
    Sweep(store, 1, seen(SETTINGS)).look()

    with store.read() as connection:
        kept = {tuple(row) for row in connection.execute(select(GATE_SEEN.c.source, GATE_SEEN.c.id))}
    assert kept == {("/a", "3"), ("/a", "4"), ("/b", "1")}


def test_the_feed_and_updates_without_a_receipt_go_after_their_days(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(name: str) -> None:
        with store.begin() as connection:
            feed.put(connection, [Told("H29.12", name, "agency.notices", 0, 1, b"{}")])
            items.wait(connection, Unmatched(name, "ems", "i", "r", b"{}", "no receipt names it"))

    put("old")
    it_is(NOON + timedelta(days=380), monkeypatch)
    put("new")
    it_is(NOON + timedelta(days=401), monkeypatch)
    Sweep(store, 1, fed(SETTINGS), unmatched(SETTINGS)).look()

    assert (left(store, FEED.c.notice_id), left(store, UNMATCHED.c.id)) == (["new"], ["new"])


def test_which_notices_a_digest_told_is_forgotten_and_what_none_has_told_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gathered(number: int) -> Came:
        return Came("H29.12", Change("v1", "v2", NOON), Gathered(f"n-{number}", "D", "deadline_moved", 1, "v1"))

    with store.begin() as connection:
        digests.gather(connection, [gathered(1), gathered(2)])
        connection.execute(update(GATHERED).where(GATHERED.c.notice_id == "n-1").values(digest="d"))

    it_is(NOON + timedelta(days=31), monkeypatch)
    Sweep(store, 1, digested(SETTINGS)).look()

    assert left(store, GATHERED.c.notice_id) == ["n-2"]


def test_a_heap_goes_in_small_batches_one_after_the_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST", 10)
    with store.begin() as connection:
        for number in range(25):
            items.wait(connection, Unmatched(str(number), "ems", "i", "r", b"{}", "no receipt names it"))
    it_is(NOON + timedelta(days=91), monkeypatch)
    sweep, counts = Sweep(store, 0.0, unmatched(SETTINGS)), []

    for _ in range(4):
        sweep.look()
        counts.append(len(left(store, UNMATCHED.c.id)))

    assert counts == [15, 5, 0, 0]
