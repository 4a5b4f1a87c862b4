"""What a change brought is gathered once and taken for one digest, whoever asks and however often."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from connectors.store import Store, digests, feed
from connectors.store.digests import Came, Part
from connectors.store.feed import Told
from rules.digests import Change, Gathered, Span
from schemas import instant
from tests.connectors.notify.ear import DrivenClock

AT = datetime.fromisoformat("2026-11-03T08:00:00+07:00")
CHANGE, OTHER = Change("v1", "v2", AT), Change("v2", "v3", AT)
SPAN = Span(quiet_seconds=30, longest_seconds=600)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    driven = DrivenClock()
    monkeypatch.setattr(instant, "_clock", driven)
    return driven


def came(number: int, agency: str = "H29.12", change: Change = CHANGE, why: str | None = None) -> Came:
    notice = Gathered(f"{agency}-{number}", f"D{number}", "deadline_moved", 2, change.was, "2026-11-05", "2026-11-06")
    return Came(agency, change, notice, why)


def gather(store: Store, *rows: Came) -> None:
    with store.begin() as connection:
        feed.put(
            connection, [Told(one.agency, one.notice.notice_id, "t", 0, 0, b"{}", None, one.change.id) for one in rows]
        )
        digests.gather(connection, rows)


def listed(store: Store, part: Part) -> int:
    """How many notices the feed lists from where the link of a part begins."""
    with store.read() as connection:
        return len(feed.after(connection, part.of.agency, part.before, 100, part.of.change))


def due(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        return digests.due(connection, SPAN, 0.0)


def close(store: Store, agency: str = "H29.12", change: Change = CHANGE) -> Part | None:
    with store.begin() as connection:
        return digests.close(connection, agency, change.id, SPAN, 0.0)


def test_it_is_due_once_nothing_came_for_the_quiet_span(store: Store, clock: DrivenClock) -> None:
    gather(store, came(1), came(2))
    clock.at += 29
    gather(store, came(3))
    clock.at += 29
    early = (due(store), close(store))
    clock.at += 1

    assert early == ([], None)
    assert due(store) == [("H29.12", CHANGE.id)]
    part = close(store)
    assert part is not None
    assert [one.dossier for one in part.told] == ["D1", "D2", "D3"]
    assert (part.of.part, part.of.version, part.of.in_force_at, part.sequence) == (1, "v2", AT.isoformat(), 1)


def test_what_comes_without_end_is_told_after_the_longest_span(store: Store, clock: DrivenClock) -> None:
    for number in range(25):
        gather(store, came(number))
        clock.at += 25

    part = close(store)

    assert part is not None and len(part.told) == 25


def test_what_comes_again_is_gathered_once_also_after_it_was_told(store: Store, clock: DrivenClock) -> None:
    gather(store, came(1), came(2))
    gather(store, came(1), came(2))
    clock.at += 30
    part = close(store)
    gather(store, came(1), came(2))
    clock.at += 30

    assert part is not None and len(part.told) == 2
    assert (due(store), close(store)) == ([], None)


def test_what_comes_later_is_the_next_part_listed_from_where_it_begins(store: Store, clock: DrivenClock) -> None:
    gather(store, came(1), came(2))
    clock.at += 30
    first = close(store)
    gather(store, came(2), came(3))
    clock.at += 30
    second = close(store)

    assert first is not None and second is not None
    assert [one.dossier for one in second.told] == ["D3"]
    assert (second.of.part, second.sequence, second.of.id != first.of.id) == (2, 2, True)
    assert [listed(store, part) for part in (first, second)] == [3, 1]


def test_each_agency_and_change_has_its_own_and_an_agencys_are_numbered(store: Store, clock: DrivenClock) -> None:
    gather(store, came(1), came(2, "H29.99"), came(3, change=OTHER))
    clock.at += 30

    parts = [close(store), close(store, "H29.99"), close(store, change=OTHER)]

    assert [part and (part.of.agency, part.of.version, part.sequence, len(part.told)) for part in parts] == [
        ("H29.12", "v2", 1, 1),
        ("H29.99", "v2", 1, 1),
        ("H29.12", "v3", 2, 1),
    ]


def test_the_longest_reason_is_the_one_that_is_told(store: Store, clock: DrivenClock) -> None:
    gather(store, came(1), came(2, why="one day"))
    gather(store, came(3, why="one day; another"), came(4))
    gather(store, came(5, why="one day"))
    clock.at += 30

    part = close(store)

    assert part is not None and part.of.why == "one day; another"


def test_of_two_who_close_it_at_once_one_has_it(store: Store, clock: DrivenClock) -> None:
    gather(store, *(came(number) for number in range(50)))
    clock.at += 30
    together = threading.Barrier(4)

    def closes(_: int) -> Part | None:
        together.wait(20)
        return close(store)

    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(closes, range(4)))

    assert [len(part.told) for part in parts if part is not None] == [50]


def test_two_digests_of_an_agency_at_once_have_two_numbers(store: Store, clock: DrivenClock) -> None:
    gather(store, came(1), came(2, change=OTHER))
    clock.at += 30

    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda change: close(store, change=change), (CHANGE, OTHER)))

    assert sorted(part.sequence for part in parts if part is not None) == [1, 2]


def test_what_is_gathered_while_others_close_is_told_once(store: Store, clock: DrivenClock) -> None:
    told: list[str] = []
    over = threading.Event()

    def close_on_and_on() -> None:
        while not over.is_set() or due(store):
            if (part := close(store)) is not None:
                told.extend(one.notice_id for one in part.told)

    closing = threading.Thread(target=close_on_and_on)
    closing.start()
    for number in range(0, 60, 3):
        gather(store, came(number), came(number + 1), came(number + 2))
        clock.at += 30
    over.set()
    closing.join(60)

    assert sorted(told) == sorted(f"H29.12-{number}" for number in range(60))
