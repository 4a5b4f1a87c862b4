"""Laws that hold for every history: order and repetition, and which way a date may move."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.clock import project
from rules.deadlines.explain import explain
from schemas.clock import CalendarTable, ClockFact, ClockKind, ClockState, DayOff, SupplementPolicy, Term, Unit
from schemas.instant import VIETNAM
from tests.rules.deadlines.builders import CALENDAR, TABLE

BEGIN = datetime(2025, 4, 14, tzinfo=VIETNAM)
DAY_UNITS = (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.WORKING_HOURS)

instants = st.integers(0, 40 * 24 * 4).map(lambda quarters: BEGIN + timedelta(minutes=15 * quarters))
terms = st.builds(Term, st.integers(1, 30), st.sampled_from(Unit))
policies = st.sampled_from(SupplementPolicy)
facts = st.builds(
    ClockFact,
    kind=st.sampled_from(ClockKind),
    at=instants,
    complete=st.booleans(),
    new_due_on=st.integers(0, 60).map(lambda days: BEGIN.date() + timedelta(days=days)),
    id=st.sampled_from("abc"),
)
histories = st.lists(facts, max_size=10)


@given(terms, policies, histories, st.data())
def test_any_order_and_any_repetition_give_the_same_clock(
    term: Term, policy: SupplementPolicy, history: list[ClockFact], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=5)) if history else []

    shuffled = data.draw(st.permutations([*history, *again]))

    assert project(term, policy, shuffled, CALENDAR) == project(term, policy, history, CALENDAR)


# A term of thirty months has a thousand lines.
@given(terms, policies, histories)
def test_the_last_line_of_the_working_is_the_due_date(
    term: Term, policy: SupplementPolicy, history: list[ClockFact]
) -> None:
    clock = project(term, policy, history, CALENDAR)

    lines = explain(term, policy, history, CALENDAR)

    assert clock.due_on is None or lines[-1].day == clock.due_on


@given(terms, policies, histories)
def test_a_due_date_is_a_working_day_and_is_there_exactly_when_the_state_says_so(
    term: Term, policy: SupplementPolicy, history: list[ClockFact]
) -> None:
    clock = project(term, policy, history, CALENDAR)

    assert clock.due_on is None or CALENDAR.is_working(clock.due_on)
    assert (clock.due_on is None) == (clock.due_at is None) == (clock.reason is None)
    assert clock.state is not ClockState.RUNNING or clock.due_on is not None
    assert clock.state in (ClockState.RUNNING, ClockState.STOPPED) or clock.due_on is None


def a_round(start: datetime, ask_after: int, complete_after: int) -> list[ClockFact]:
    """A reception and one round of supplement, the waits in quarters of an hour."""
    asked_at = start + timedelta(minutes=15 * ask_after)
    return [
        ClockFact(ClockKind.RECEIVED, start),
        ClockFact(ClockKind.SUPPLEMENT_REQUESTED, asked_at),
        ClockFact(ClockKind.SUPPLEMENT_RECEIVED, asked_at + timedelta(minutes=15 * complete_after), complete=True),
    ]


rounds = st.builds(a_round, instants, st.integers(0, 1000), st.integers(0, 2000))


def closing(day: date) -> WorkingDays:
    """The official calendar with one more closed day."""
    closed = (*TABLE.closed, DayOff(day, "announced late"))
    worked = tuple(row for row in TABLE.worked if row.day != day)
    return WorkingDays(CalendarTable("more", "1", 2019, 2026, closed, worked, TABLE.provisional_years))


@settings(max_examples=40)
@given(terms, policies, st.lists(rounds, min_size=1, max_size=8), st.integers(0, 80))
def test_one_more_closed_day_never_brings_a_date_forward(
    term: Term, policy: SupplementPolicy, many: list[list[ClockFact]], after: int
) -> None:
    with_more = closing(BEGIN.date() + timedelta(days=after))

    for history in (some for each in many for some in (each, each[:1])):
        before = project(term, policy, history, CALENDAR).due_on
        assert before is not None
        assert (project(term, policy, history, with_more).due_on or date.max) >= before


@given(st.integers(1, 30), st.sampled_from(DAY_UNITS), rounds)
def test_a_restart_is_never_due_earlier_than_a_pause(amount: int, unit: Unit, history: list[ClockFact]) -> None:
    restarted: Any = project(Term(amount, unit), SupplementPolicy.RESTART, history, CALENDAR).due_on
    resumed: Any = project(Term(amount, unit), SupplementPolicy.PAUSE_RESUME, history, CALENDAR).due_on

    assert restarted >= resumed


def test_a_restart_may_be_earlier_than_a_pause_where_the_rule_counts_a_same_day_term_as_one_day() -> None:
    start = datetime(2025, 3, 3, 16, tzinfo=VIETNAM)
    history = [
        ClockFact(ClockKind.RECEIVED, start),
        ClockFact(ClockKind.SUPPLEMENT_REQUESTED, start + timedelta(minutes=30)),
        ClockFact(ClockKind.SUPPLEMENT_RECEIVED, datetime(2025, 3, 7, 9, tzinfo=VIETNAM), complete=True),
    ]
    term = Term(1, Unit.SAME_DAY)

    assert project(term, SupplementPolicy.RESTART, history, CALENDAR).due_on == date(2025, 3, 7)
    assert project(term, SupplementPolicy.PAUSE_RESUME, history, CALENDAR).due_on == date(2025, 3, 10)
