"""What the pipeline says of time: timers that fired (on the log) and what became of a deadline (on
`dossier.deadlines`).
"""

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from schemas.dossier import LOG
from schemas.event import AgencyCode, Event, Frozen, Instant, LegName, LongText, ShortText

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
    """Another clock's limit came: of a fact waiting for standing, of reception, of a leg.

    Of `apology`, which looks ahead, `limit_on` is the due date and `about` how many working days before it this is.
    """

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


class ArchiveStage(StrEnum):
    """What is left of a finished dossier beside its log: a stub that refuses later facts, then nothing."""

    STUB = "STUB"
    FORGOTTEN = "FORGOTTEN"


class Archived(Event):
    """A finished dossier is archived: 90 days after its last fact it becomes a stub, 400 days later that goes as well.

    `since` is when its last fact was taken in, or when it became a stub. The fold voids one after which facts came.
    Later facts are refused as ARCHIVED until an operator reopens it.
    """

    class Data(Frozen):
        stage: ArchiveStage
        since: Instant

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "timers"
    type: Literal["vn.hoso.clock.archived.v1"] = "vn.hoso.clock.archived.v1"
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


class LimitData(Frozen):
    """A limit that nothing met in time: its last day, who answers for it, and what it is about."""

    limit_on: date
    holder: AgencyCode | None = None
    about: ShortText | None = None


class ReceptionMissed(DeadlineFact):
    """Submitted online, and by the end of the next working day neither received nor refused nor asked to supplement."""

    type: Literal["vn.hoso.deadline.reception_missed.v1"] = "vn.hoso.deadline.reception_missed.v1"
    data: LimitData


class TransferMissed(DeadlineFact):
    """Received, and not forwarded in time to the agency that decides; `about` is that agency."""

    type: Literal["vn.hoso.deadline.transfer_missed.v1"] = "vn.hoso.deadline.transfer_missed.v1"
    data: LimitData


class SupplementExpired(DeadlineFact):
    """The papers asked for are not complete in time; `about` is the round. What follows, the agency decides."""

    type: Literal["vn.hoso.deadline.supplement_expired.v1"] = "vn.hoso.deadline.supplement_expired.v1"
    data: LimitData


class ConsultationMissed(DeadlineFact):
    """A consulted agency, the holder, has not answered by the day stated; `about` is the consultation."""

    type: Literal["vn.hoso.deadline.consultation_missed.v1"] = "vn.hoso.deadline.consultation_missed.v1"
    data: LimitData


class StepMissed(DeadlineFact):
    """A step of a linked procedure is not done by its day; `about` is the step and its agency."""

    type: Literal["vn.hoso.deadline.step_missed.v1"] = "vn.hoso.deadline.step_missed.v1"
    data: LimitData


class ApologyOwed(DeadlineFact):
    """It is not expected to be done by its due date, and no letter of apology was issued for that date.

    `about` is how many working days before the due date this is said, 2 or 1. `limit_on` is the last day on which the
    letter is in time by Decree 61/2018 art. 19(9), one working day before the due date; by the city's by-law (Decision
    5157/QĐ-UBND) that is the due date itself. `holder` is the agency that has the dossier now.
    """

    type: Literal["vn.hoso.deadline.apology_owed.v1"] = "vn.hoso.deadline.apology_owed.v1"
    data: LimitData


class PostalExpectation(Frozen):
    """A leg, what was expected of it, by when, and what was seen instead; `by` is a day's end, `seen` a status."""

    leg: LegName
    carrier: ShortText
    expected: ShortText
    by: Instant | None = None
    seen: ShortText | None = None


class StandardMissed(DeadlineFact):
    """The post has not tried to deliver within its time standard (J + n working days, Circular 17/2017 art. 7)."""

    type: Literal["vn.hoso.postal.standard_missed.v1"] = "vn.hoso.postal.standard_missed.v1"
    data: PostalExpectation


class ReturnedTooEarly(DeadlineFact):
    """On its way back before two invitations, two working days apart (Circular 17/2017 art. 5(2)h)."""

    type: Literal["vn.hoso.postal.returned_too_early.v1"] = "vn.hoso.postal.returned_too_early.v1"
    data: PostalExpectation


class SilenceDetected(DeadlineFact):
    """Nothing was heard of an item by the time something had to be, although its carrier was asked."""

    type: Literal["vn.hoso.postal.silence_detected.v1"] = "vn.hoso.postal.silence_detected.v1"
    data: PostalExpectation


class StorageEnded(DeadlineFact):
    """A result that came back undelivered was kept as long as the city's rule says, and nobody fetched it (lưu giữ)."""

    type: Literal["vn.hoso.postal.storage_ended.v1"] = "vn.hoso.postal.storage_ended.v1"
    data: PostalExpectation


class ContradictionFound(DeadlineFact):
    """Two claims about an item that cannot both be true; `expected` at `by` is the one that stands, `seen` at `seen_at`
    the one against it.
    """

    class Data(PostalExpectation):
        kind: ShortText
        evidence: ShortText
        seen_at: Instant | None = None
        seen_evidence: ShortText

    type: Literal["vn.hoso.postal.contradiction_found.v1"] = "vn.hoso.postal.contradiction_found.v1"
    data: Data


class DiscrepancyFound(DeadlineFact):
    """A line of what passed at a hand-over is not as it should have been; `by` is when the minutes were signed."""

    class Data(Frozen):
        leg: LegName
        expected: LongText
        by: Instant
        seen: LongText

    type: Literal["vn.hoso.custody.discrepancy_found.v1"] = "vn.hoso.custody.discrepancy_found.v1"
    data: Data


class ViolationFound(Event):
    """A fact breaks a rule; it is recorded and kept (vi phạm)."""

    class Data(Frozen):
        code: ShortText
        fact: ShortText

    topic: ClassVar[str] = DEADLINES
    writer: ClassVar[str] = "streams"
    type: Literal["vn.hoso.dossier.violation_found.v1"] = "vn.hoso.dossier.violation_found.v1"
    data: Data
