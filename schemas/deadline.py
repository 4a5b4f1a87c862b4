"""What the pipeline says of time: timers that fired (on the log) and what became of a deadline (on
`dossier.deadlines`).
"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from schemas.dossier import LOG
from schemas.event import AgencyCode, Event, Frozen, Instant, LongText, ShortText

DEADLINES = "dossier.deadlines"


class RungReached(Event):
    """A rung's time came: a timer fired. `time` is the nominal instant. The fold voids one that no longer matches."""

    class Data(Frozen):
        rung: ShortText
        step: int = 0
        about: ShortText | None = None
        due_on: date

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "timers"
    type: Literal["vn.hoso.clock.rung_reached.v1"] = "vn.hoso.clock.rung_reached.v1"
    data: Data


class LimitReached(Event):
    """Another clock's limit came: of a fact waiting for standing, of reception, of a leg."""

    class Data(Frozen):
        limit: ShortText
        step: int = 0
        about: ShortText | None = None
        limit_on: date

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "timers"
    type: Literal["vn.hoso.clock.limit_reached.v1"] = "vn.hoso.clock.limit_reached.v1"
    data: Data


class ReferenceChanged(Event):
    """The only fact, after the one that started its clock, that moves a dossier to another reference version."""

    class Data(Frozen):
        model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

        from_: ShortText = Field(alias="from")
        to: ShortText
        reason: LongText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "timers"
    type: Literal["vn.hoso.clock.reference_changed.v1"] = "vn.hoso.clock.reference_changed.v1"
    data: Data


class DeadlineFact(Event):
    """Derived from the log by the workers."""

    topic: ClassVar[str] = DEADLINES
    writer: ClassVar[str] = "streams"


class Projected(DeadlineFact):
    """A due date is in force: `due_on` the last lawful day, `due_at` the end of the office's hours on it."""

    class Data(Frozen):
        due_on: date
        due_at: Instant
        previous_due_on: date | None = None
        reason: ShortText
        basis: ShortText
        provisional: bool
        refversion: ShortText

    type: Literal["vn.hoso.deadline.projected.v1"] = "vn.hoso.deadline.projected.v1"
    data: Data


class Suspended(DeadlineFact):
    """The clock stands while papers are awaited: there is no due date."""

    class Data(Frozen):
        since: Instant
        policy: ShortText

    type: Literal["vn.hoso.deadline.suspended.v1"] = "vn.hoso.deadline.suspended.v1"
    data: Data


class Stopped(DeadlineFact):
    """The clock has stopped. No outcome where the dossier was withdrawn or processing stopped."""

    class Data(Frozen):
        since: Instant
        outcome: ShortText | None = None
        due_on: date | None = None

    type: Literal["vn.hoso.deadline.stopped.v1"] = "vn.hoso.deadline.stopped.v1"
    data: Data


class RungData(Frozen):
    """A rung passed: against which due date, in whose hands, how far off."""

    due_on: date
    step: int = 0
    holder: AgencyCode | None = None
    working_days_left: int | None = None
    days_late: int | None = None


class NearDue(DeadlineFact):
    """Two working days before the due date (sắp đến hạn)."""

    type: Literal["vn.hoso.deadline.near_due.v1"] = "vn.hoso.deadline.near_due.v1"
    data: RungData


class DueToday(DeadlineFact):
    """The due date has come."""

    type: Literal["vn.hoso.deadline.due_today.v1"] = "vn.hoso.deadline.due_today.v1"
    data: RungData


class Missed(DeadlineFact):
    """The due date has passed, still open (quá hạn)."""

    type: Literal["vn.hoso.deadline.missed.v1"] = "vn.hoso.deadline.missed.v1"
    data: RungData


class Escalated(DeadlineFact):
    """Three, then ten working days after a missed due date."""

    type: Literal["vn.hoso.deadline.escalated.v1"] = "vn.hoso.deadline.escalated.v1"
    data: RungData


class MissWithdrawn(DeadlineFact):
    """A fact that came after `missed` shows that the dossier was in time."""

    type: Literal["vn.hoso.deadline.miss_withdrawn.v1"] = "vn.hoso.deadline.miss_withdrawn.v1"
    data: RungData


class ViolationFound(Event):
    """A fact breaks a rule; it is recorded and kept (vi phạm)."""

    class Data(Frozen):
        code: ShortText
        fact: ShortText

    topic: ClassVar[str] = DEADLINES
    writer: ClassVar[str] = "streams"
    type: Literal["vn.hoso.dossier.violation_found.v1"] = "vn.hoso.dossier.violation_found.v1"
    data: Data
