"""What a change of the calendar would mean, of one dossier and of them all: which way its date moves, whether it leaves
or enters lateness, whether an apology becomes needless.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.limits import LOOKS_AHEAD
from rules.deadlines.reprojection import Moved
from rules.deadlines.state import Clock, is_past
from schemas.clock import ClockState, Violation
from schemas.instant import date_of

APOLOGY_WORKING_DAYS = max(LOOKS_AHEAD)
"""From so many working days before its due date on, a dossier's apology may be owed."""


class Shift(StrEnum):
    """What becomes of a due date."""

    EARLIER = "earlier"
    LATER = "later"
    # The date stays and its working does not: other days counted, or it is provisional no longer.
    SAME_DATE = "same date"
    # A request that came after the due date came in time, or the other way round: the clock stands, or runs.
    OTHER_STATE = "other state"


class Lateness(StrEnum):
    """Whether a dossier is late, as of an instant, under the two versions."""

    LEAVES = "leaves lateness"
    ENTERS = "enters lateness"
    STAYS = "stays late"
    NEVER = ""


class Consequence(Struct, frozen=True, gc=False):
    """What a change means for one dossier."""

    moved: Moved
    shift: Shift
    lateness: Lateness
    apology_needless: bool


@dataclass(slots=True)
class Totals:
    """What a change means for all. `open_dossiers` have a clock that runs or stands; `unclear` ones cannot have one."""

    open_dossiers: int = 0
    unclear: int = 0
    earlier: int = 0
    later: int = 0
    same_date: int = 0
    other_state: int = 0
    leave_lateness: int = 0
    enter_lateness: int = 0
    apologies_needless: int = 0

    @property
    def touched(self) -> int:
        """How many dossiers' workings the change touches."""
        return self.earlier + self.later + self.same_date + self.other_state

    def add(self, one: Consequence) -> None:
        """Count one more dossier that is touched."""
        match one.shift:
            case Shift.EARLIER:
                self.earlier += 1
            case Shift.LATER:
                self.later += 1
            case Shift.SAME_DATE:
                self.same_date += 1
            case Shift.OTHER_STATE:
                self.other_state += 1
        self.leave_lateness += one.lateness is Lateness.LEAVES
        self.enter_lateness += one.lateness is Lateness.ENTERS
        self.apologies_needless += one.apology_needless

    def figures(self) -> dict[str, int]:
        """Every count by its name."""
        return {"touched": self.touched, **asdict(self)}


def consequence(moved: Moved, was: WorkingDays, will: WorkingDays, now: datetime) -> Consequence:
    """What a dossier's new clock means as of this instant; the calendars are those of the two versions."""
    before, after = moved.previous, moved.clock
    return Consequence(moved, _shift(before, after), _lateness(before, after, now), _needless(moved, was, will, now))


def _shift(before: Clock, after: Clock) -> Shift:
    if before.due_at is None or after.due_at is None:
        return Shift.SAME_DATE if before.state is after.state else Shift.OTHER_STATE
    if after.due_at == before.due_at:
        return Shift.SAME_DATE
    return Shift.LATER if after.due_at > before.due_at else Shift.EARLIER


def _lateness(before: Clock, after: Clock, now: datetime) -> Lateness:
    was, will = is_late(before, now), is_late(after, now)
    if was and will:
        return Lateness.STAYS
    if will:
        return Lateness.ENTERS
    return Lateness.LEAVES if was else Lateness.NEVER


def is_late(clock: Clock, now: datetime) -> bool:
    """Whether a dossier is open past its due date, or its due minute."""
    return clock.state is ClockState.RUNNING and is_past(clock, now)


def _needless(moved: Moved, was: WorkingDays, will: WorkingDays, now: datetime) -> bool:
    """Whether an apology that was near is near no more, or the appointment it gave is no later than the new date."""
    before, after = moved.previous, moved.clock
    if before.extended:
        return not after.extended and _outrun(after) > _outrun(before)
    if not apology_is_near(before, was, now) or after.due_on is None or is_late(after, now):
        return False
    return not apology_is_near(after, will, now)


def apology_is_near(clock: Clock, calendar: WorkingDays, now: datetime) -> bool:
    """Whether the due date is at most two working days off and not past: an apology is owed, or may be sent already."""
    if clock.state is not ClockState.RUNNING or clock.due_on is None:
        return False
    return calendar.before(clock.due_on, APOLOGY_WORKING_DAYS) <= date_of(now) <= clock.due_on


def _outrun(clock: Clock) -> int:
    """How many new appointments are no later than the due date they were to replace."""
    return clock.codes.count(Violation.EXTENSION_NOT_LATER)
