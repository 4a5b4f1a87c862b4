"""What SQL expects, says again and asks again when the log has lost its last facts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.adopting import Mended, Tail, mend
from connectors.asking import Question
from connectors.carriers import Receipt
from connectors.facts import packed
from connectors.ordering import accepted
from connectors.store import Store, gate_seen, mending, open_store
from connectors.store.gate_seen import Came
from connectors.store.queue import Owed, OwedState, Queue
from schemas import instant
from schemas.postal import reference_of
from tests.builders import received
from tests.connectors.carrying import AT, DOSSIER, a_request, settings_in

SOURCE, OTHER = "/agencies/H29.12", "/agencies/H29"
NOW = AT.timestamp()
OVERLAP = 60.0


@pytest.fixture(autouse=True)
def _standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(NOW, 0.001, time.time()),)))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    on_postgres = request.param == "postgres"
    url = str(request.getfixturevalue("postgres_database")) if on_postgres else f"sqlite:///{tmp_path / 'it.db'}"
    store = open_store(url)
    store.migrate()
    yield store
    store.close()


def came(id: str, minutes: float, source: str = SOURCE) -> Came:
    return Came(source, id, f"digest of {id}", NOW - 3600 + 60 * minutes)


def tail(*held: Came, more: frozenset[str] = frozenset()) -> Tail:
    """A log whose last stretch holds these, and is complete from an hour ago on."""
    return Tail(frozenset(f"{one.source} {one.id}" for one in held) | more, held, NOW - 3600)


def remember(store: Store, *events: Came) -> None:
    with store.begin() as connection:
        gate_seen.learn(connection, events)


def last(store: Store, source: str = SOURCE) -> str | None:
    with store.read() as connection:
        return next((one.id for one in gate_seen.last(connection, [source])), None)


def mended(store: Store, tail: Tail) -> Mended:
    return mend(store, tail, overlap_seconds=OVERLAP)


def test_an_agency_begins_again_before_its_first_missing_event_although_later_ones_are_held(store: Store) -> None:
    """The archive's partitions end at different times: the newest that is held is no place to resume at."""
    first, second, third, fourth = (came(str(number), 10 * number) for number in range(1, 5))
    remember(store, first, second, third, fourth)

    done = mended(store, tail(first, second, fourth))

    assert last(store) == "2"
    assert (done.missing, done.expected) == (1, {SOURCE: 2})


def comes_in(store: Store, *ids: str) -> None:
    """Through the gate, now."""
    with store.begin() as connection:
        facts = [received(id=id).model_copy(update={"digest": f"digest of {id}"}) for id in ids]
        gate_seen.remember(connection, facts)


def test_what_an_agency_sends_before_it_asks_is_not_its_last_until_all_that_is_missing_came_again(
    store: Store,
) -> None:
    """Its own retries are let in as soon as the door opens."""
    remember(store, came("1", 10), came("2", 20), came("3", 30))
    mended(store, tail(came("1", 10)))

    comes_in(store, "4")
    assert last(store) == "1"
    comes_in(store, "3")
    assert last(store) == "1"
    comes_in(store, "2")
    assert last(store) in ("2", "3", "4")
    with store.read() as connection:
        assert gate_seen.digests(connection, [(SOURCE, "2")]) == {(SOURCE, "2"): "digest of 2"}


def test_what_is_expected_again_is_no_conflict_whatever_it_says(store: Store) -> None:
    remember(store, came("1", 10), came("2", 20))

    mended(store, tail(came("1", 10)))

    with store.read() as connection:
        assert gate_seen.digests(connection, [(SOURCE, "1"), (SOURCE, "2")]) == {(SOURCE, "1"): "digest of 1"}


def test_what_came_shortly_before_the_last_that_is_held_is_asked_for_again_since_doors_are_not_in_step(
    store: Store,
) -> None:
    events = [came("1", 10), came("2", 20), came("3", 20.5)]
    remember(store, *events)

    done = mended(store, tail(*events))

    assert last(store) == "1"
    assert done.missing == 0


def test_a_source_that_has_lost_nothing_lately_goes_on_where_it_was(store: Store) -> None:
    old = came("old", -600, OTHER)
    new = came("1", 10)
    remember(store, old, new)

    mended(store, tail())

    assert last(store, OTHER) == "old"
    assert last(store) is None


def test_what_is_on_the_log_and_a_restored_database_does_not_know_is_learned(store: Store) -> None:
    events = [came(str(number), 10 * number) for number in range(1, 4)]

    done = mended(store, tail(*events))

    assert last(store) == "2"
    assert done.learned == 3


def test_a_dry_run_says_the_same_and_changes_nothing(store: Store) -> None:
    remember(store, came("1", 10), came("2", 20))

    would = mend(store, tail(came("1", 10)), overlap_seconds=OVERLAP, dry_run=True)

    assert last(store) == "2"
    assert would.missing == 1
    assert mended(store, tail(came("1", 10))).expected == would.expected


def answered(store: Store, tmp_path: Path, leg: str, cause: str) -> str:
    """An order that a carrier has taken, and whose answer was put on the log; the ref of that answer."""
    queue = Queue(store, "dispatch")
    request = a_request(settings_in(tmp_path), leg).model_copy(update={"causationid": cause})
    fact = accepted(request, Receipt("EA1", request.data.reference), request.data.reference, duplicate=False)
    with store.begin() as connection:
        queue.put(connection, [Owed(request.ref, "myvnpost", request.data.reference, 1, request.encode())])
        queue.end(connection, request.ref, OwedState.DONE, packed([fact]))
    queue.published([request.ref])
    return fact.ref


def unpublished(store: Store) -> list[str]:
    return [one.id.rpartition("-")[2] for one in Queue(store, "dispatch").unpublished()]


def test_a_carriers_answer_that_is_not_on_the_log_is_said_again_and_one_that_is_is_not(
    store: Store, tmp_path: Path
) -> None:
    on_the_log = answered(store, tmp_path, "D1", "a cause")
    answered(store, tmp_path, "R1", "a cause")

    done = mended(store, tail(more=frozenset({on_the_log, "a cause"})))

    assert done.said_again["dispatch"] == 1
    assert unpublished(store) == ["R1"]


def test_an_answer_whose_request_is_lost_too_waits_until_that_is_said_again(store: Store, tmp_path: Path) -> None:
    answered(store, tmp_path, "D1", "a cause that is not on the log")

    mended(store, tail())

    assert unpublished(store) == []


def test_an_order_not_yet_answered_waits_aside_only_if_its_cause_is_lost(store: Store, tmp_path: Path) -> None:
    queue, settings = Queue(store, "dispatch"), settings_in(tmp_path)
    for leg, cause in (("D1", "held"), ("R1", "lost")):
        request = a_request(settings, leg).model_copy(update={"causationid": cause})
        with store.begin() as connection:
            queue.put(connection, [Owed(request.ref, "myvnpost", request.data.reference, 1, request.encode())])

    done = mended(store, tail(more=frozenset({"held"})))

    assert done.put_aside == 1
    assert [row.id[-2:] for row in queue.claim("myvnpost", NOW + 1, 10).rows] == ["D1"]


def test_words_for_a_topic_of_an_agencys_own_are_owed_again_since_that_topic_may_be_new(store: Store) -> None:
    queue = Queue(store, "results")
    with store.begin() as connection:
        queue.put(connection, [Owed("notice", "H29.12", "key", 1, b"{}")])
    queue.done("notice")

    assert mended(store, tail()).said_again["results"] == 1
    assert list(queue.counts()) == ["H29.12"]


def test_carriers_are_asked_once_about_every_item_that_was_ordered_lately_or_of_which_something_is_expected(
    store: Store, tmp_path: Path
) -> None:
    answered(store, tmp_path, "D1", "a cause")
    expected = Question(dossier=DOSSIER, leg="R1", carrier="myvnpost", reference=reference_of(DOSSIER, "R1"), item="E")
    queue = Queue(store, "poll")
    with store.begin() as connection:
        body = expected.model_dump_json().encode()
        queue.put(connection, [Owed("expected:R1:x", "myvnpost", "expected:R1", 1, body, next_at=NOW + 86_400)])

    done = mended(store, tail())

    with store.read() as connection:
        aside = mending.aside(connection, "poll")
    with store.begin() as connection:
        queue.again(connection, aside, NOW)
    asked = [Question.model_validate_json(row.body) for row in queue.claim("myvnpost", NOW + 1, 10).rows]
    assert (done.asked, len(aside)) == (2, 2)
    assert {(one.leg, one.item, one.once) for one in asked} == {("D1", None, True), ("R1", "E", True)}


def test_doing_it_twice_does_no_harm(store: Store, tmp_path: Path) -> None:
    remember(store, came("1", 10), came("2", 20), came("3", 30))
    answered(store, tmp_path, "D1", "a cause")
    cause = frozenset({"a cause"})

    mended(store, tail(came("1", 10), more=cause))
    before = last(store)
    again = mended(store, tail(came("1", 10), more=cause))

    assert again.missing == 2
    assert (before, last(store)) == ("1", "1")
    assert len(Queue(store, "dispatch").unpublished()) == 1
