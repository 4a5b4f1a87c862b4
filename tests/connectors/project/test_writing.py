"""The topics in, the tables out: once, whatever is repeated, split or lost on the way; and nothing of a citizen's."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from connectors.project import sets
from connectors.project.comparing import compare
from connectors.project.tables import FORM, SETS, tables_of
from connectors.store import Store, open_store
from schemas.dossier import LOG
from schemas.instant import now
from schemas.notice import RECEIPTS, REJECTIONS, EventRejected, FieldProblem, NoticeDelivered
from schemas.state import STATE, DossierStateChanged
from tests.builders import CODE, a_fact, received, result_ready
from tests.connectors.project.stories import stories
from tests.connectors.project.told import Told, enter, everything

TOLD = Told().say(*stories())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """The tables after all records, told once and in one go."""
    return told_in(tmp_path_factory.mktemp("whole"), [0, len(TOLD.records)])


def told_in(folder: Path, cuts: list[int], repeats: int = 0) -> dict[str, list[tuple[Any, ...]]]:
    """The tables after portions that end at these records, each beginning so many records before the last end."""
    store = open_store(f"sqlite:///{folder / 'read.db'}")
    try:
        sets.prepare(store, {})
        for begin, end in pairwise(cuts):
            enter(store, TOLD.records[max(begin - repeats, 0) : end])
        return everything(store)
    finally:
        store.close()


def test_every_topic_has_its_rows(store: Store) -> None:
    told = Told().say(*stories())
    data = NoticeDelivered.Data(notice_id="n-1", agency="H29.12", endpoint="https://mau.example/hook", attempt=1)
    receipt = NoticeDelivered(id="r-1", source="/hoso/notify", subject=CODE, time=now(), data=data)
    told.publish(receipt, RECEIPTS)
    fault = EventRejected.Data(errors=(FieldProblem(field="time", problem="It has no zone: 0900000001."),))
    told.publish(EventRejected(id="j-1", source="/hoso/gate", subject="H29.12", time=now(), data=fault), REJECTIONS)

    enter(store, told.records)

    tables = everything(store)
    assert [name for name, rows in tables.items() if not rows] == []
    assert len(tables["dossiers"]) == len(told.dossiers)
    assert ("MAU0001XYZ", "H29.12-261102-0001") in tables["tracking"]
    timers = 1  # one that fired is no row
    assert len(tables["facts"]) == sum(one.topic == LOG for one in told.records) - timers
    assert not [
        cell for name in ("receipts", "rejections") for row in tables[name] for cell in row if "0900" in str(cell)
    ]


def test_a_batch_told_twice_changes_nothing(store: Store) -> None:
    enter(store, TOLD.records)
    once = everything(store)

    again = enter(store, TOLD.records)

    assert (again.rows, again.next) == (0, {})
    assert everything(store) == once


@settings(max_examples=15)
@given(st.sets(st.integers(1, len(TOLD.records) - 1), max_size=5), st.integers(0, 40))
def test_however_the_records_are_split_and_repeated_the_tables_are_the_same(
    whole: dict[str, list[tuple[Any, ...]]], tmp_path_factory: pytest.TempPathFactory, cuts: set[int], repeats: int
) -> None:
    ends = [0, *sorted(cuts), len(TOLD.records)]

    assert told_in(tmp_path_factory.mktemp("split"), ends, repeats) == whole


def test_a_crash_before_the_commit_leaves_neither_rows_nor_offsets(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = TOLD.records[: len(TOLD.records) // 2]
    enter(store, half)
    before = everything(store)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("connectors.project.writing._standing", crash)
        with pytest.raises(KeyboardInterrupt):
            enter(store, TOLD.records)
    assert everything(store) == before

    enter(store, TOLD.records)
    assert len(everything(store)["dossiers"]) == len(TOLD.dossiers)


def test_each_row_is_the_workers_last_word_on_its_dossier(store: Store) -> None:
    said = {one.subject: one.data for one in map(last_state, TOLD.records) if one is not None}
    enter(store, TOLD.records)

    with sets.looking(store) as (connection, tables):
        rows = list(connection.execute(select(tables.dossiers)))

    assert list(compare(rows, said)) == []
    assert len(rows) == len(said)


def test_a_row_that_differs_in_any_field_is_found(store: Store) -> None:
    told = Told().say(received(), result_ready("2026-11-04 10:00"))
    said = {one.subject: one.data for one in map(last_state, told.records) if one is not None}
    enter(store, told.records)
    with store.begin() as connection:
        table = sets.serving(connection).tables.dossiers
        connection.execute(update(table).values(due_on="2026-11-06", holder="H29.99", parked=True))

    with sets.looking(store) as (connection, tables):
        found = list(compare(connection.execute(select(tables.dossiers)), said))

    assert sorted(line.split(" is ")[0] for line in found) == [
        f"{CODE}: {name}" for name in ("clock", "holder", "parked")
    ]


def test_a_dossier_without_a_row_and_a_row_without_a_dossier_are_found(store: Store) -> None:
    told = Told().say(received())
    [state] = [one for one in map(last_state, told.records) if one is not None]
    enter(store, told.records)

    with sets.looking(store) as (connection, tables):
        rows = list(connection.execute(select(tables.dossiers)))

    assert list(compare(rows, {})) == [f"{CODE}: it has a row, and no state was said"]
    assert list(compare([], {CODE: state.data})) == [f"{CODE}: a state was said, and it has no row"]


def test_no_name_no_contact_no_free_text_and_no_box_is_in_any_cell(store: Store) -> None:
    secrets = ("Nguyễn", "0900000001", "k-1", "AAAA", "sealed", "Đơn của", "Giấy", "lý do", "vì", "CB-7")
    told = Told().say(
        *stories(),
        a_fact("assigned", "2026-11-03 09:00", agency="H29.12", officer_ref="CB-7"),
        a_fact("rated", "2026-11-20 09:00", scores=[2, 1], comment="vì sao"),
    )

    enter(store, told.records)

    assert any(secret in str(one.value, "utf-8") for one in told.records if one.value for secret in secrets)
    cells = [
        str(cell) for name, rows in everything(store).items() if name != "reference" for row in rows for cell in row
    ]
    assert [cell for cell in cells if any(secret in cell for secret in secrets)] == []


def test_bytes_that_nobody_reads_are_named_and_the_rest_is_entered(store: Store) -> None:
    told = Told().say(received())
    bad = told.put(LOG, CODE, b'{"type": "vn.hoso.dossier.received.v1", "id": 7}')
    worse = told.put(STATE, CODE, b"\xff")
    worst = told.put(LOG, CODE, result_ready("2026-11-04 10:00", id="a\x00b").encode())
    told.say(result_ready("2026-11-04 10:00"))

    written = enter(store, told.records)

    assert [message for message, _ in written.unreadable] == [bad, worse, worst]
    assert [row[1] for row in everything(store)["dossiers"]] == [2]


def test_a_type_of_a_newer_release_and_a_tombstone_are_passed_over(store: Store) -> None:
    told = Told().say(received())
    newer = told.records[1].value
    assert newer is not None
    told.put(LOG, CODE, newer.replace(b"received.v1", b"received_anew.v1"))
    told.put(STATE, CODE, None)

    written = enter(store, told.records)

    assert written.unreadable == []
    assert len(everything(store)["facts"]) == 1


# ---------------------------------------------------------------- sets


def test_a_filled_set_takes_the_place_of_the_one_that_serves_and_not_before(store: Store) -> None:
    enter(store, TOLD.records)
    serves = everything(store)

    filling = sets.filling(store, {"dossier.events": "one"})
    assert everything(store) == serves
    sets.swap(store, filling)

    assert everything(store)["dossiers"] == []
    enter(store, TOLD.records)
    assert everything(store) == serves


def test_a_set_that_was_begun_is_gone_on_with_and_of_other_topics_begun_anew(store: Store) -> None:
    begun = sets.filling(store, {"dossier.events": "one"})
    with store.begin() as connection:
        connection.execute(begun.tables.tracking.insert().values(code="x", dossier=CODE))

    assert _tracked(store, sets.filling(store, {"dossier.events": "one"})) == 1
    assert _tracked(store, sets.filling(store, {"dossier.events": "two"})) == 0


def test_the_set_that_served_before_gives_its_tables_to_the_next(store: Store) -> None:
    names = []
    for _ in range(3):
        filled = sets.filling(store, {"dossier.events": "one"})
        sets.swap(store, filled)
        names.append(filled.name)

    assert names == [f"{FORM}b", f"{FORM}a", f"{FORM}b"]
    assert sets.prepare(store, {}).name == f"{FORM}b"


def test_a_set_of_another_form_is_left_as_it_is(store: Store) -> None:
    with store.begin() as connection:
        row = {"name": "999a", "form": 999, "state": "SERVING", "topics": "{}", "since": 0.0}
        connection.execute(SETS.insert(), row)

    sets.swap(store, sets.filling(store, {"dossier.events": "one"}))

    with store.read() as connection:
        states = {one.name: one.state for one in connection.execute(select(SETS))}
    assert states == {"999a": "SERVING", f"{FORM}a": "BEFORE", f"{FORM}b": "SERVING"}


def test_without_any_set_a_reader_is_told_what_to_do(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'none.db'}")

    with pytest.raises(sets.NotFilled, match="hoso project"), sets.looking(store):
        pass
    store.close()


def test_every_table_says_who_writes_it() -> None:
    made = tables_of(f"{FORM}a").metadata.tables.values()

    assert all((table.comment or "").endswith("Writer: project") for table in made)


def _tracked(store: Store, one: sets.Set) -> int:
    with store.read() as connection:
        return len(list(connection.execute(select(one.tables.tracking))))


def last_state(record: Any) -> DossierStateChanged | None:
    """The state that a record says."""
    return DossierStateChanged.decode(record.value) if record.topic == STATE and record.value else None


def test_a_parked_dossier_s_row_says_that_it_is_parked(store: Store) -> None:
    told = Told().say(received())
    state = next(one for one in reversed(told.records) if one.topic == STATE)
    said = json.loads(state.value or b"")
    said["data"]["parked"] = {"what": "/agencies/H29.12 f-9", "why": "KeyError: 'x'", "since": said["time"], "facts": 2}
    told.put(STATE, CODE, json.dumps(said).encode())

    written = enter(store, told.records)

    assert written.unreadable == []
    with sets.looking(store) as (connection, tables):
        assert connection.scalar(select(tables.dossiers.c.parked)) is True
