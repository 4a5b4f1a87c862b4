"""The working of a due date: one line a day from day 0 on, with what the day counted for and the article it rests on.

The turns of the clock come from the fold that computes the date (`heard` says what each did); this file walks the days
between them and says what the same calendar, office and due date make of each. It is for reading, so it may walk; it
decides nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from rules.deadlines import articles
from rules.deadlines.calendar import WorkingDays, next_day
from rules.deadlines.clock import Clock, Rule, Turn, turns
from rules.deadlines.counted import Counted, counted
from rules.deadlines.days_off import in_vietnamese
from rules.deadlines.heard import told_on
from rules.deadlines.hours import Office
from rules.deadlines.phrases import (
    AFTER_FIFTEEN,
    DAYS,
    DUE,
    NOTHING_LEFT,
    PROVISIONAL,
    CountedAs,
    day_in,
    minute_in,
)
from schemas.clock import OFFICE_HOURS, ClockFact, OfficeHours, Reason, SupplementPolicy, Term, Unit
from schemas.instant import date_of


class Line(Struct, frozen=True, gc=False):
    """One day of the working: what it counted for, in words, and the article or the calendar's words it rests on.

    `k` and `n` number a counted day, or the office minutes used up by its end. `from_on` is the day that a suspension
    began or that the due date was rolled from.
    """

    day: date
    counted_as: CountedAs
    text_vi: str
    text_en: str
    basis: str
    basis_vi: str
    k: int | None = None
    n: int | None = None
    from_on: date | None = None


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
    return working(turns(rule, facts), rule)


def working(turned: list[Turn], rule: Rule) -> tuple[Line, ...]:
    """The same, for turns that are there already: those of this rule."""
    return tuple(_line(day, turned, rule) for day in _days(turned))


def line_on(day: date, turned: list[Turn], rule: Rule) -> Line | None:
    """The line of this day alone; None where the working does not come to it."""
    first, last = _span(turned)
    return _line(day, turned, rule) if first <= day <= last else None


def _days(turned: list[Turn]) -> Iterator[date]:
    day, last = _span(turned)
    while day <= last:
        yield day
        day = next_day(day)


def _span(turned: list[Turn]) -> tuple[date, date]:
    """The first day and the last; the last before the first where nothing has started."""
    if not turned:
        return date.max, date.min
    return date_of(turned[0].fact.at), turned[-1].clock.due_on or date_of(turned[-1].fact.at)


def _line(day: date, turned: list[Turn], rule: Rule) -> Line:
    one = counted(day, turned, rule)
    told = [(fact.text_vi, fact.text_en) for fact in told_on(day, turned, rule.policy)]
    vi, en = ("; ".join(said) for said in zip(_words(one), *told, *_due_on(one, turned[-1].clock), strict=True))
    k, n = one.progress or (None, None)
    return Line(day, one.counted_as, vi, en, *_basis(one), k, n, one.from_on)


def _words(one: Counted) -> tuple[str, str]:
    why, (k, n) = one.rule.office.calendar.why(one.day), one.progress or (0, 0)
    from_vi, from_en = day_in(one.from_on or one.day)
    values = {"k": k, "n": n, "why": why, "why_vi": in_vietnamese(why), "from_vi": from_vi, "from_en": from_en}
    vi, en = (words.format_map(values) for words in DAYS[one.counted_as])
    for more_vi, more_en in _and_why(one):
        vi, en = f"{vi}: {more_vi}", f"{en}: {more_en}"
    return vi, en


def _and_why(one: Counted) -> Iterator[tuple[str, str]]:
    """Why day 0 of a term of the same day is not its due date, or why a day of resumption is."""
    clock, unit = one.clock, one.rule.term.unit
    if not one.is_day_zero or clock.due_on is None:
        return
    if one.left == 0:
        yield NOTHING_LEFT
    whole = clock.reason in (Reason.STARTED, Reason.RESTARTED)
    if unit is Unit.SAME_DAY and whole and clock.due_on > one.day and not clock.rolled:
        yield AFTER_FIFTEEN


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


def _basis(one: Counted) -> tuple[str, str]:
    """What the line rests on, in English and in Vietnamese; empty for a weekend."""
    match one.counted_as:
        case CountedAs.CLOSED | CountedAs.MADE_UP_DAY:
            why = one.rule.office.calendar.why(one.day)
            return why, in_vietnamese(why)
        case CountedAs.WEEKEND:
            return "", ""
        case CountedAs.SUSPENDED:
            rests_on = [articles.of_suspension(one.rule.policy)]
        case CountedAs.ROLLED:
            rests_on = [one.clock.basis, articles.CIVIL_CODE]
        case _:
            sets = one.is_day_zero or one.day == one.clock.due_on
            rests_on = [one.clock.basis if sets else articles.CIVIL_CODE]
    return "; ".join(rests_on), "; ".join(map(articles.in_vietnamese, rests_on))
