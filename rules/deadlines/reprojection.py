"""A dossier and another version of the reference data in; where its clock would stand under it, and which days are why,
out.

None where its working is the same. That is so for most, and costs one look at the interval of days that the working
covers. Only the legal clock is judged: the date it has, whether that is provisional, and each day of its working. Its
term and supplement rule stay those it started under; the calendar and the office's hours are the other version's.
"""

from datetime import date

from msgspec import Struct

from rules.deadlines.calendar import LAST_DAY, WorkingDays
from rules.deadlines.calendar_change import Change, DayChange
from rules.deadlines.clock import Clock, Rule, Turn, turns
from rules.deadlines.explain import line_on, working
from rules.deadlines.hours import Office
from rules.dossier import OPEN, Dossier
from rules.life import clock_facts, effective
from rules.reference import Edition, Reference, term_of
from schemas.clock import ClockFact
from schemas.instant import date_of
from schemas.reference import Procedure

DAYS_SAID = 12
"""How many days a reason names; more are counted."""


class Grounds(Struct, frozen=True, gc=False):
    """What a dossier's clock is computed from, besides the calendar and the hours; `agency` is whose hours count."""

    code: str
    procedure: Procedure | None
    agency: str | None
    facts: tuple[ClockFact, ...]


class Moved(Struct, frozen=True, gc=False):
    """A dossier that another version of the reference data touches: its clock under both, and why they differ.

    The date itself may be the same: then the working, or whether it is provisional, is another. `days` are those of
    its working of which the calendars say different things, `years` those that only one of them has settled; both are
    empty where only the office's hours differ. `version` is that of the other calendar.
    """

    code: str
    version: str
    previous: Clock
    clock: Clock
    days: tuple[DayChange, ...] = ()
    years: tuple[int, ...] = ()

    @property
    def previous_due_on(self) -> date | None:
        """The due date as it is; None while a supplement is awaited."""
        return self.previous.due_on

    @property
    def due_on(self) -> date | None:
        """The due date under the other version."""
        return self.clock.due_on

    @property
    def why(self) -> str:
        """The days and years that differ, in one line."""
        said = [f"{one.day} {one.will}, was {one.was}" for one in self.days[:DAYS_SAID]]
        if len(self.days) > DAYS_SAID:
            said.append(f"{len(self.days) - DAYS_SAID} days more")
        said += [f"{year} is {'provisional' if self.clock.provisional else 'settled'}" for year in self.years]
        return f"calendar {self.version}: " + ("; ".join(said) or "the office's hours differ")


def reprojected(dossier: Dossier, reference: Reference, will: Edition) -> Moved | None:
    """What becomes of a dossier under another version than it rests on; None where its working is the same.

    Ask again whenever its clock moves: a date that is set later may lie among days that differ. None, too, for a closed
    dossier, which keeps its date, and for one whose date the other calendar cannot hold. Raises UnknownVersion.
    """
    clock = dossier.clock
    if clock.state not in OPEN or clock.started_at is None:
        return None
    change = Change.between(reference.at(dossier.refversion or ""), will)
    if not may_touch(change, date_of(clock.started_at), clock.due_on, clock.extended):
        return None
    return moved(grounds_of(dossier, reference), change)


def may_touch(change: Change, started_on: date, due_on: date | None, extended: bool) -> bool:
    """Whether a clock that started then and is due then, or has no date now, is worth judging: a look at an interval.

    No day after a due date in force has any part in it, but where there was a later date once: it was extended, and a
    supplement took that date away. Other hours alone move nobody.
    """
    last = LAST_DAY if due_on is None or extended or change.hours_differ else due_on
    return change.touches(started_on, last)


def grounds_of(dossier: Dossier, reference: Reference) -> Grounds:
    """What this dossier's clock is computed from. Raises UnknownVersion."""
    view = dossier.view()
    facts = clock_facts(effective(dossier.life, dossier.retracted))
    own = reference.at(dossier.started_under or dossier.refversion or "")
    return Grounds(dossier.code, own.procedure(view.procedure), view.competent or view.receiving, facts)


def moved(grounds: Grounds, change: Change) -> Moved | None:
    """What this change makes of an open clock, by both workings; None where they are the same."""
    old = _judged(grounds, change.was, change.was.calendar)
    new = _judged(grounds, change.will, change.calendar)
    if old is None or new is None or old.clock.state not in OPEN:
        return None
    span = _span(old, new)
    days = change.days_within(*span)
    differing = _differing(old, new, days)
    if _same(old, new, None if change.hours_differ else differing):
        return None
    years = change.years_within(*span) if old.clock.provisional != new.clock.provisional else ()
    # A day may decide what no line of its own shows: whether an extension came in time.
    return Moved(grounds.code, change.will.calendar.version, old.clock, new.clock, differing or days, years)


class _Judged(Struct, frozen=True, gc=False):
    """A history judged by one version."""

    turned: list[Turn]
    rule: Rule

    @property
    def clock(self) -> Clock:
        """Where it stands."""
        return self.turned[-1].clock


def _judged(grounds: Grounds, edition: Edition, calendar: WorkingDays) -> _Judged | None:
    """None where the procedure is not known, has no term, or the date lies outside the calendar."""
    procedure = grounds.procedure
    term = term_of(procedure) if procedure else None
    if procedure is None or term is None:
        return None
    rule = Rule(term, procedure.supplement_policy, Office.of(calendar, edition.hours(grounds.agency)))
    try:
        turned = turns(rule, grounds.facts)
    except ValueError:
        return None
    return _Judged(turned, rule) if turned else None


def _span(old: _Judged, new: _Judged) -> tuple[date, date]:
    """From day 0 to the last day that either looks at."""
    last = max(turn.clock.due_on or date_of(turn.fact.at) for turn in (*old.turned, *new.turned))
    return date_of(old.turned[0].fact.at), last


def _same(old: _Judged, new: _Judged, differing: tuple[DayChange, ...] | None) -> bool:
    """Whether date, provisional and every line are the same.

    `differing` are the days whose lines differ among those of which the calendars do; None where the hours do as well.
    """
    was, will = old.clock, new.clock
    if differing or (was.state, was.due_at, was.provisional) != (will.state, will.due_at, will.provisional):
        return False
    if differing is not None and old.turned == new.turned and not was.extended:
        # One count by two calendars: a line differs only on a day of which they differ. (How many days there are to an
        # extended date is said on every line before it.)
        return True
    return working(old.turned, old.rule) == working(new.turned, new.rule)


def _differing(old: _Judged, new: _Judged, days: tuple[DayChange, ...]) -> tuple[DayChange, ...]:
    """Those of the days of which the two workings say different things; also where only one of them comes to it."""
    return tuple(
        one for one in days if line_on(one.day, old.turned, old.rule) != line_on(one.day, new.turned, new.rule)
    )
