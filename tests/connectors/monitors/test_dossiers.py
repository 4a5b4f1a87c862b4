"""How dossiers stand in the read model, as the monitor shows it: counted from what was said, on both databases."""

import sqlite3
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, update

from connectors.monitors.dossiers import Dossiers
from connectors.project import counting, sets
from connectors.store import Store, open_store
from rules.deadlines.rungs import missed_at
from schemas import instant
from schemas.deadline import RungReached
from schemas.event import derived_id
from schemas.instant import VIETNAM
from tests.builders import VERSION, a_fact, received, result_ready
from tests.connectors.monitors.seen import shown, value
from tests.connectors.project.stories import stories
from tests.connectors.project.told import Told, enter

Sets = Callable[[str], None]
DUE = date(2026, 11, 5)
"""Of what is received on 2026-11-02 for three working days."""


@pytest.fixture
def it_is(monkeypatch: pytest.MonkeyPatch) -> Sets:
    """Set the clock to a time in Viet Nam; it hardly moves from there."""

    def sets_it(text: str) -> None:
        at = datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp()
        monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(at, 1e-9, time.time()),)))

    return sets_it


def a_rung(rung: str, at: str, code: str, due_on: date = DUE) -> RungReached:
    """A timer that fired at its instant."""
    when = datetime.fromisoformat(at).replace(tzinfo=VIETNAM)
    return RungReached(
        id=derived_id(code, "rung", rung, due_on),
        source="/hoso/timers",
        subject=code,
        time=when,
        recordedtime=when,
        refversion=VERSION,
        data=RungReached.Data(rung=rung, step=1, due_on=due_on),
    )


def numbered(number: int) -> str:
    return f"H29.12-261102-{number:04d}"


def test_nothing_is_shown_where_there_is_no_read_model(bare: Store) -> None:
    assert Dossiers(bare).look() == []


def test_open_dossiers_are_counted_by_agency_and_status_and_decided_ones_are_not(model: Store, it_is: Sets) -> None:
    it_is("2026-11-04 12:00")
    told = Told().say(*stories(), received(code=numbered(50), competent_agency="H29.99"))
    enter(model, told.records)

    seen = shown(Dossiers(model).look(), "hoso_dossiers_open")

    # Of the twelve of the stories five are open: one waits for papers, and one came to us open already.
    assert seen == {
        ("H29.12", "RECEIVED"): 3,
        ("H29.12", "AWAITING_SUPPLEMENT"): 1,
        ("H29.12", "IN_PROCESS"): 1,
        ("H29.99", "RECEIVED"): 1,
    }


def test_near_due_and_missed_are_what_was_announced_of_the_date_in_force(model: Store, it_is: Sets) -> None:
    near, missed, decided, moved = numbered(1), numbered(2), numbered(3), numbered(4)
    told = Told().say(*(received(code=code) for code in (near, missed, decided, moved)))
    told.say(*(a_rung("near_due", "2026-11-03 07:30", code) for code in (near, missed, decided, moved)))
    told.say(result_ready("2026-11-04 10:00", code=decided))
    told.say(a_fact("extended", "2026-11-04 10:00", code=moved, new_due_on="2026-11-12", reason="x", basis="x"))
    enter(model, told.records)
    it_is("2026-11-04 12:00")
    before = Dossiers(model).look()

    told.say(a_rung("missed", "2026-11-06 00:00", missed), result_ready("2026-11-05 10:00", code=near))
    enter(model, told.records)
    it_is("2026-11-06 08:00")
    after = Dossiers(model).look()

    assert (value(before, "hoso_dossiers_near_due", "H29.12"), value(before, "hoso_dossiers_missed", "H29.12")) == (
        2,
        0,
    )
    assert (value(after, "hoso_dossiers_near_due", "H29.12"), value(after, "hoso_dossiers_missed", "H29.12")) == (0, 1)


def test_a_rung_is_late_where_the_date_is_past_and_nobody_has_said_so(model: Store, it_is: Sets) -> None:
    forgotten, said, decided = numbered(1), numbered(2), numbered(3)
    told = Told().say(*(received(code=code) for code in (forgotten, said, decided)))
    told.say(result_ready("2026-11-05 10:00", code=decided), a_rung("missed", "2026-11-06 00:00", said))
    enter(model, told.records)

    it_is("2026-11-05 23:59")
    before = Dossiers(model).look()
    it_is("2026-11-06 08:00")
    after = Dossiers(model).look()

    assert value(before, "hoso_rungs_late", "H29.12") == 0
    assert value(before, "hoso_rungs_late_seconds") == 0
    assert value(after, "hoso_rungs_late", "H29.12") == 1
    assert value(after, "hoso_rungs_late_seconds") == pytest.approx(8 * 3600, abs=1)


def test_of_a_dossier_that_was_late_already_when_it_was_first_heard_of_no_timer_owes_a_word(
    model: Store, it_is: Sets
) -> None:
    """The rules pass over the rungs that lay behind when the date was set: nothing is said of them, ever."""
    told = Told()
    heard_late = received(code=numbered(1)).model_copy(
        update={"recordedtime": datetime(2026, 11, 9, 9, 0, tzinfo=VIETNAM)}
    )
    told.say(heard_late)
    due_on = told.dossiers[numbered(1)].clock.due_on
    assert due_on == DUE and missed_at(None, due_on) < heard_late.recorded
    enter(model, told.records)
    it_is("2026-11-09 12:00")

    assert value(Dossiers(model).look(), "hoso_rungs_late", "H29.12") == 0


def test_a_parked_dossier_is_shown_as_parked_and_its_timers_owe_nothing(model: Store, it_is: Sets) -> None:
    enter(model, Told().say(received(code=numbered(1)), received(code=numbered(2))).records)
    with model.begin() as connection:
        table = sets.serving(connection).tables.dossiers
        connection.execute(update(table).where(table.c.code == numbered(1)).values(parked=True))
    it_is("2026-11-06 08:00")

    seen = Dossiers(model).look()

    assert value(seen, "hoso_dossiers_parked", "H29.12") == 1
    assert value(seen, "hoso_rungs_late", "H29.12") == 1


def test_a_date_that_cannot_be_computed_and_one_that_is_not_settled_are_shown(model: Store, it_is: Sets) -> None:
    told = Told().say(received(code=numbered(1), procedure_code="9.999999"))
    told.say(received("2028-12-27 09:00", code=numbered(2)))
    assert told.dossiers[numbered(1)].problem is not None
    assert told.dossiers[numbered(2)].clock.provisional
    enter(model, told.records)
    it_is("2026-11-04 12:00")

    seen = Dossiers(model).look()

    assert value(seen, "hoso_dossiers_clock_failed", "H29.12") == 1
    assert value(seen, "hoso_dossiers_provisional", "H29.12") == 1


def test_what_was_said_is_looked_up_by_the_dossier_and_never_by_its_kind(tmp_path: Path) -> None:
    """By its kind, SQLite would read all that was ever said of the kind, once for every open dossier."""
    store, asked = open_store(f"sqlite:///{tmp_path / 'read.db'}"), list[str]()
    sets.prepare(store, {})
    event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(str(given[2])))
    with store.read() as connection:
        tables = sets.serving(connection).tables
        asked.clear()
        counting.open_dossiers(connection, tables, DUE)
        counting.late_rungs(connection, tables, DUE)
    store.close()

    with sqlite3.connect(tmp_path / "read.db") as database:
        plans = [database.execute(f"EXPLAIN QUERY PLAN {one}", ["x"] * one.count("?")).fetchall() for one in asked]

    used = " ".join(step for plan in plans for *_, step in plan)
    assert len(asked) == 2
    assert "deadlines_dossier" in used and "deadlines_kind" not in used and "dossiers_due" in used
