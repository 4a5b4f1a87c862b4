"""The working of a due date: one line a day from day 0 on, with what the day counted for and the article it rests on.

The turns of the clock come from the fold that computes the date; this file walks the days between them and says what
the same calendar, office and due date make of each. It is for reading, so it may walk; it decides nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

from msgspec import Struct

from rules.deadlines import articles
from rules.deadlines.calendar import WorkingDays, next_day
from rules.deadlines.clock import Clock, Rule, Turn, turns
from rules.deadlines.hours import Office
from rules.deadlines.phrases import DAYS, DUE, PROVISIONAL, CountedAs, day_in, fact_in, minute_in
from schemas.clock import OFFICE_HOURS, ClockFact, ClockState, OfficeHours, Reason, SupplementPolicy, Term, Unit
from schemas.instant import VIETNAM


class Line(Struct, frozen=True, gc=False):
    """One day of the working: what it counted for, in words, and the article or the calendar's words it rests on."""

    day: date
    counted_as: CountedAs
    text_vi: str
    text_en: str
    basis: str


class Counted(Struct, frozen=True, gc=False):
    """A day, the clock by which it counts, until when (a suspension may cut it), and the rule both stand under."""

    day: date
    clock: Clock
    until: datetime
    rule: Rule

    @property
    def is_day_zero(self) -> bool:
        """Whether the count in force starts, restarts or resumes on this day."""
        return self.clock.counted_from is not None and self.clock.counted_from.date() == self.day


def explain(
    term: Term | None,
    policy: SupplementPolicy,
    facts: Iterable[ClockFact],
    calendar: WorkingDays,
    hours: OfficeHours = OFFICE_HOURS,
) -> tuple[Line, ...]:
    """One line a day from day 0 to the due date in force, which is the last line.

    While there is no due date the last line is the day of the last fact. Empty where nothing has started, or the
    procedure has no term. ValueError as `project` raises it.
    """
    if term is None:
        return ()
    rule = Rule(term, policy, Office.of(calendar, hours))
    turned = turns(rule, facts)
    return tuple(_line(_counted(day, turned, rule), turned) for day in _days(turned))


def _days(turned: list[Turn]) -> Iterator[date]:
    if not turned:
        return
    day = _day_of(turned[0])
    last = turned[-1].clock.due_on or _day_of(turned[-1])
    while day <= last:
        yield day
        day = next_day(day)


def _counted(day: date, turned: list[Turn], rule: Rule) -> Counted:
    """The day with its last clock, but not with a suspension that began on it.

    The day of the request is still the agency's; the day of the complete supplement is a new day 0.
    """
    clocks = [turn.clock for turn in turned if _day_of(turn) <= day]
    until = datetime.combine(next_day(day), time(tzinfo=VIETNAM))
    while (since := clocks[-1].suspended_since) and since.date() == day:
        until = since
        clocks.pop()
    return Counted(day, clocks[-1], until, rule)


def _line(one: Counted, turned: list[Turn]) -> Line:
    counted_as = _counted_as(one)
    said = [_words(one, counted_as, turned), *_facts_on(one.day, turned), *_due_on(one, turned[-1].clock)]
    vi, en = ("; ".join(words) for words in zip(*said, strict=True))
    return Line(one.day, counted_as, vi, en, _basis(one, counted_as))


def _counted_as(one: Counted) -> CountedAs:
    clock, calendar, unit = one.clock, one.rule.office.calendar, one.rule.term.unit
    if clock.due_on is None or clock.nominal_on is None:
        return CountedAs.SUSPENDED
    if clock.rolled and one.day == clock.due_on:
        return CountedAs.ROLLED
    if one.is_day_zero and not (unit is Unit.WORKING_HOURS and calendar.is_working(one.day)):
        return CountedAs.DAY_ZERO
    if unit in (Unit.CALENDAR_DAYS, Unit.MONTHS) and one.day <= clock.nominal_on:
        return CountedAs.CALENDAR_DAY
    if not calendar.is_working(one.day):
        return CountedAs.CLOSED if calendar.why(one.day) else CountedAs.WEEKEND
    if unit is Unit.WORKING_HOURS:
        return CountedAs.OFFICE_MINUTES
    return CountedAs.MADE_UP_DAY if calendar.is_made_up(one.day) else CountedAs.WORKING_DAY


def _words(one: Counted, counted_as: CountedAs, turned: list[Turn]) -> tuple[str, str]:
    k, n = _progress(one, counted_as)
    from_vi, from_en = day_in(_pointed_at(one, turned))
    why = one.rule.office.calendar.why(one.day)
    vi, en = DAYS[counted_as]
    return vi.format(k=k, n=n, why=why, from_vi=from_vi), en.format(k=k, n=n, why=why, from_en=from_en)


def _progress(one: Counted, counted_as: CountedAs) -> tuple[int, int]:
    """How far the count in force has come by the end of this day, and how far it goes."""
    clock, office = one.clock, one.rule.office
    if clock.counted_from is None or clock.due_on is None or clock.due_at is None or clock.nominal_on is None:
        return 0, 0
    day_zero = clock.counted_from.date()
    match counted_as:
        case CountedAs.CALENDAR_DAY:
            return (one.day - day_zero).days, (clock.nominal_on - day_zero).days
        case CountedAs.OFFICE_MINUTES:
            until = min(one.until, clock.due_at)
            return office.between(clock.counted_from, until), office.between(clock.counted_from, clock.due_at)
        case _:
            return office.calendar.between(day_zero, one.day), office.calendar.between(day_zero, clock.due_on)


def _pointed_at(one: Counted, turned: list[Turn]) -> date:
    """The day a line refers to: where the suspension began, or what the due date was rolled from."""
    clock = one.clock
    if clock.due_on is None and clock.suspended_since:
        return clock.suspended_since.date()
    named = (turn.fact.new_due_on for turn in turned if turn.clock.extended)
    extended_to = next(named, None) if clock.reason is Reason.EXTENDED else None
    return extended_to or clock.nominal_on or one.day


def _facts_on(day: date, turned: list[Turn]) -> Iterator[tuple[str, str]]:
    """What happened on this day, in order, with the articles and violations that go with it."""
    for before, turn in zip((Clock(), *(turn.clock for turn in turned)), turned, strict=False):
        if _day_of(turn) == day:
            yield fact_in(turn.fact, turn.fact.at.astimezone(VIETNAM), tuple(_notes(before, turn.clock)))


def _notes(before: Clock, after: Clock) -> Iterator[str]:
    if after.state is ClockState.STOPPED:
        yield after.outcome or after.state
    elif (after.state, after.reason, after.counted_from) != (before.state, before.reason, before.counted_from):
        yield after.basis or articles.SUPPLEMENT
    yield from after.codes[len(before.codes) :]


def _due_on(one: Counted, clock: Clock) -> Iterator[tuple[str, str]]:
    """The words that only the last line has, on the due date in force."""
    if one.day != clock.due_on or clock.due_at is None:
        return
    at_vi, at_en = minute_in(clock.due_at)
    calendar, version = one.rule.office.calendar.calendar, one.rule.office.calendar.version
    vi, en = (words.format(at_vi=at_vi, at_en=at_en, calendar=calendar, version=version) for words in DUE)
    yield vi, en
    if clock.provisional:
        yield PROVISIONAL


def _basis(one: Counted, counted_as: CountedAs) -> str:
    match counted_as:
        case CountedAs.CLOSED | CountedAs.MADE_UP_DAY:
            return one.rule.office.calendar.why(one.day)
        case CountedAs.SUSPENDED:
            return articles.SUPPLEMENT
        case CountedAs.WEEKEND:
            return ""
        case _:
            return one.clock.basis if one.is_day_zero or one.day == one.clock.due_on else articles.CIVIL_CODE


def _day_of(turn: Turn) -> date:
    return turn.fact.at.astimezone(VIETNAM).date()
