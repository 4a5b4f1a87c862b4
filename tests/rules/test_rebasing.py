"""Another calendar comes into force: which dossiers move, what is said of it, and what stays theirs."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from rules.dossier import Dossier
from rules.kept import Kept
from rules.rebasing import rebased
from rules.reference import Edition, reference_of
from rules.time import due
from schemas.deadline import ReferenceChanged
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.reference import Bundle
from tests.builders import VERSION, a_bundle, a_fact, fold, notices, of, received, result_ready

WAS = a_bundle()
PUBLISHED = datetime(2026, 11, 3, 8, tzinfo=VIETNAM)


def another(version: str = "test-2", *closed: str, worked: tuple[str, ...] = (), **fields: Any) -> Bundle:
    """The bundle with these weekdays closed and these weekend days worked besides."""
    calendar = WAS.calendar.model_dump(mode="json") | {"version": version}
    for name, days in (("closed", closed), ("worked", worked)):
        rows = [{"day": day, "basis": "hoán đổi mẫu", "document": "1/MAU"} for day in days]
        calendar[name] = sorted([*calendar[name], *rows], key=lambda row: row["day"])
    return a_bundle(version, calendar=calendar, **fields)


def moved(dossier: Dossier, to: Bundle, now: datetime = PUBLISHED) -> ReferenceChanged | None:
    """What the timers say of this dossier when the version is in force."""
    return rebased(Kept(dossier), Edition(WAS), Edition(to), PUBLISHED, now)


def after(to: Bundle, events: list[Event], now: datetime = PUBLISHED) -> tuple[Dossier, list[Event]]:
    """The dossier of these facts once it has moved, and what that set in motion."""
    both = reference_of(WAS, to)
    dossier, _ = fold(events, reference=both)
    fact = moved(dossier, to, now)
    assert fact is not None
    return fold([fact], dossier, both)


# Received on Monday 2 November with three working days: due on Thursday the 5th.
RUNNING = [received("2026-11-02 09:00")]
CLOSED_WEDNESDAY = another("test-2", "2026-11-04")


def test_a_day_that_is_closed_moves_the_date_and_the_agency_hears_why() -> None:
    dossier, said = after(CLOSED_WEDNESDAY, RUNNING)

    [projected] = of(said, "deadline.projected")
    assert (projected.data.previous_due_on, projected.data.due_on) == (date(2026, 11, 5), date(2026, 11, 6))
    assert (projected.data.reason, projected.data.refversion) == ("REFERENCE_CHANGED", "test-2")
    assert notices(said) == ["deadline_moved"]
    [told] = of(said, "notice.deadline_moved")
    assert told.data.payload["why"] == "calendar test-2: 2026-11-04 closed: hoán đổi mẫu (1/MAU), was working day"
    assert (dossier.refversion, dossier.started_under) == ("test-2", VERSION)
    assert {rung.due_on for rung in dossier.ladder} == {date(2026, 11, 6)}


def test_a_saturday_that_is_worked_brings_the_date_forward() -> None:
    dossier, said = after(another("test-2", worked=("2026-11-07",)), [received("2026-11-05 09:00")])

    assert [fact.data.due_on for fact in of(said, "deadline.projected")] == [date(2026, 11, 9)]
    assert fold([received("2026-11-05 09:00")])[0].clock.due_on == date(2026, 11, 10)
    assert dossier.clock.due_on == date(2026, 11, 9)


def test_a_day_beyond_the_due_date_moves_the_dossier_and_not_its_date() -> None:
    dossier, said = after(another("test-2", "2026-11-10"), RUNNING)
    both = reference_of(WAS, another("test-2", "2026-11-10"))
    restarted, _ = fold(
        [
            a_fact("supplement_requested", "2026-11-04 09:00", stage="APPRAISAL", documents=["x"], reason="x"),
            a_fact("supplement_received", "2026-11-06 09:00", complete=True),
        ],
        dossier,
        both,
    )

    assert of(said, "deadline.projected") == []
    assert restarted.clock.due_on == date(2026, 11, 12)


@pytest.mark.parametrize(
    ("events", "to"),
    [
        (RUNNING, another("test-2", "2026-10-28")),
        ([*RUNNING, result_ready("2026-11-03 09:00")], CLOSED_WEDNESDAY),
        ([received("2026-11-02 09:00", procedure_code="1.003003")], CLOSED_WEDNESDAY),
    ],
    ids=["a day before its start", "finished", "no term"],
)
def test_what_the_change_does_not_touch_stays_where_it_is(events: list[Event], to: Bundle) -> None:
    assert moved(fold(events)[0], to) is None


def test_its_term_stays_the_one_it_started_under() -> None:
    longer = [{"code": "1.004873", "name": "x", "level": "ward", "amount": 30, "unit": "working_days"}]

    dossier, said = after(another("test-2", "2026-11-04", procedures=longer), RUNNING)

    assert dossier.clock.due_on == date(2026, 11, 6)
    assert len(of(said, "deadline.projected")) == 1


def test_a_change_said_twice_moves_it_once_and_one_of_another_version_not_at_all() -> None:
    both = reference_of(WAS, CLOSED_WEDNESDAY)
    before, _ = fold(RUNNING, reference=both)
    fact = moved(before, CLOSED_WEDNESDAY)
    later = moved(before, CLOSED_WEDNESDAY, PUBLISHED + timedelta(hours=1))
    assert fact is not None and later is not None
    assert (fact.id, fact.time) == (later.id, later.time)

    dossier, _ = fold([fact], before, both)
    again, said = fold([later], dossier, both)
    _, ended = fold([fact.model_copy(update={"id": "another"})], dossier, both)

    assert (again, said) == (dossier, [])
    assert ended == []


def test_a_calendar_taken_back_brings_the_old_date_back() -> None:
    both = reference_of(WAS, CLOSED_WEDNESDAY)
    dossier, _ = after(CLOSED_WEDNESDAY, RUNNING)
    back = rebased(Kept(dossier), Edition(CLOSED_WEDNESDAY), Edition(WAS), PUBLISHED + timedelta(hours=2), PUBLISHED)
    assert back is not None

    again, said = fold([back], dossier, both)

    assert [fact.data.due_on for fact in of(said, "deadline.projected")] == [date(2026, 11, 5)]
    assert (again.refversion, again.started_under) == (VERSION, VERSION)


def test_a_miss_that_the_new_calendar_undoes_is_withdrawn() -> None:
    both = reference_of(WAS, CLOSED_WEDNESDAY)
    dossier, _ = fold(RUNNING, reference=both)
    midnight = datetime(2026, 11, 6, 0, 1, tzinfo=VIETNAM)
    dossier, said = fold(due(dossier, VERSION, midnight), dossier, both)
    assert notices(said)[-1] == "missed"
    fact = rebased(Kept(dossier), Edition(WAS), Edition(CLOSED_WEDNESDAY), midnight, midnight)
    assert fact is not None

    _, more = fold([fact], dossier, both)

    assert [one.data.due_on for one in of(more, "deadline.miss_withdrawn")] == [date(2026, 11, 5)]
    assert sorted(notices(more)) == ["deadline_moved", "miss_withdrawn"]


def test_a_provisional_date_that_a_settled_year_confirms_is_said_again_and_told_to_nobody() -> None:
    provisional = WAS.calendar.model_dump(mode="json") | {"version": "p", "provisional_years": [2026, 2027]}
    was = a_bundle(calendar=provisional)
    both = reference_of(was, another("test-2"))
    dossier, first = fold(RUNNING, reference=both)
    fact = rebased(Kept(dossier), Edition(was), Edition(another("test-2")), PUBLISHED, PUBLISHED)
    assert fact is not None

    _, said = fold([fact], dossier, both)

    assert [one.data.provisional for one in of([*first, *said], "deadline.projected")] == [True, False]
    assert notices(said) == []
