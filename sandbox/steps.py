"""What happens to a dossier, one step after another: who states which fact, and when after the step before."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sandbox.days import MINUTE, Days


class Who(StrEnum):
    """In what capacity an agency states a fact."""

    ONE_STOP = "one-stop"
    COMPETENT = "competent"


@dataclass(frozen=True, slots=True)
class After:
    """So many office minutes after the step before."""

    minutes: float


@dataclass(frozen=True, slots=True)
class On:
    """A minute of the day, so many working days after the step before."""

    working_days: int
    minute: int


@dataclass(frozen=True, slots=True)
class Due:
    """A minute of the day, so many working days from the due date (before it, if negative)."""

    working_days: int
    minute: int


When = After | On | Due


@dataclass(frozen=True, slots=True)
class Step:
    """One step. With `awaits` it waits: `D1:PICKED_UP` is that scan of leg D1, `D1:refused` a refused order.

    `instead` maps what may come in place of it to another way to go on; `patience` is when it stops waiting.
    `behind` states the fact with the time of the dossier's beginning: the message comes late, the fact does not.
    """

    fact: str | None
    when: When = After(0)
    who: Who = Who.ONE_STOP
    awaits: str | None = None
    patience: When | None = None
    instead: "dict[str, tuple[Step, ...]]" = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    behind: bool = False


def moment(when: When, last: datetime, due: datetime | None, days: Days) -> datetime:
    """The instant of a step, never before the one before it."""
    match when:
        case After(minutes):
            return days.minutes_after(last, minutes)
        case On(working_days, minute):
            at = days.next_at(last.date(), working_days, minute)
        case Due(working_days, minute):
            base = (due or last).date()
            at = days.next_at(base, working_days, minute)
    return at if at > last else days.minutes_after(last, 5)


def soon(at: datetime, minutes: float) -> datetime:
    """So many minutes later, whatever the hour."""
    return at + minutes * MINUTE
