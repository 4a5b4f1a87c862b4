"""What an agency is owed a word about: `vn.hoso.notice.<kind>`, and what became of telling it."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.event import TYPES, AgencyCode, Event, Frozen, Instant, LongText, ProcedureCode, ShortText, type_name

NOTICES = "agency.notices"
RECEIPTS = "agency.receipts"
REJECTIONS = "agency.rejections"


class NoticeKind(StrEnum):
    """Everything an agency can be told (domain handbook, section 8)."""

    DEADLINE_SET = "deadline_set"
    DEADLINE_MOVED = "deadline_moved"
    CLOCK_FAILED = "clock_failed"
    NEAR_DUE = "near_due"
    DUE_TODAY = "due_today"
    MISSED = "missed"
    MISS_WITHDRAWN = "miss_withdrawn"
    ESCALATED = "escalated"
    APOLOGY_OWED = "apology_owed"
    RECEPTION_MISSED = "reception_missed"
    TRANSFER_MISSED = "transfer_missed"
    SUPPLEMENT_EXPIRED = "supplement_expired"
    FORWARDED = "forwarded"
    CONSULTATION_REQUESTED = "consultation_requested"
    CONSULTATION_ANSWERED = "consultation_answered"
    STEP_COMPLETED = "step_completed"
    STEP_MISSED = "step_missed"
    COLLECTION_ACCEPTED = "collection_accepted"
    COLLECTION_FAILED = "collection_failed"
    DOSSIER_COLLECTED = "dossier_collected"
    DELIVERY_ACCEPTED = "delivery_accepted"
    DELIVERY_FAILED = "delivery_failed"
    RESULT_DELIVERED = "result_delivered"
    RESULT_UNDELIVERABLE = "result_undeliverable"
    STORAGE_ENDED = "storage_ended"
    ORDER_REFUSED = "order_refused"
    ORDER_CANCELLED = "order_cancelled"
    CANCEL_REFUSED = "cancel_refused"
    POSTAL_SILENCE = "postal_silence"
    POSTAL_CONTRADICTION = "postal_contradiction"
    CUSTODY_DISCREPANCY = "custody_discrepancy"
    FEE_COLLECTED = "fee_collected"
    FEE_REMITTED = "fee_remitted"
    VIOLATION = "violation"
    REJECTED = "rejected"
    DIGEST = "digest"


RESULTS = frozenset({NoticeKind.RESULT_DELIVERED, NoticeKind.RESULT_UNDELIVERABLE, NoticeKind.ORDER_REFUSED})
"""What overtakes reminders: the kinds that bring a result's fate."""


class Words(Frozen):
    """A sentence ready for the citizen, in both languages."""

    vi: LongText
    en: LongText


class Notice(Event):
    """What an agency is owed. `sequence` counts an agency's notices of one dossier, so that a gap shows.

    A `digest` is about many: its subject is the agency, `sequence` counts the agency's digests. notify makes it, and it
    is on no topic but the agency's own.
    """

    class Data(Frozen):
        agency: AgencyCode
        kind: NoticeKind
        sequence: Annotated[int, Field(ge=1)]
        text: Words
        state: ShortText
        payload: dict[str, Any] = {}
        procedure_code: ProcedureCode | None = None

    topic: ClassVar[str] = NOTICES
    writer: ClassVar[str] = "streams"
    type: Annotated[str, StringConstraints(pattern=r"^vn\.hoso\.notice\.[a-z_]+\.v1$")]
    data: Data


for _kind in NoticeKind:
    TYPES[type_name("notice", _kind)] = Notice


class FieldProblem(Frozen):
    """One faulty field and what is wrong with it."""

    field: ShortText
    problem: LongText


class EventRejected(Event):
    """The gate would not let an event in: every faulty field, named."""

    class Data(Frozen):
        id: str | None = None
        subject: str | None = None
        errors: Annotated[tuple[FieldProblem, ...], Field(min_length=1)]

    topic: ClassVar[str] = REJECTIONS
    writer: ClassVar[str] = "gate"
    type: Literal["vn.hoso.gate.event_rejected.v1"] = "vn.hoso.gate.event_rejected.v1"
    data: Data


class Receipt(Event):
    """What became of one try to tell an agency."""

    class Data(Frozen):
        notice_id: ShortText
        agency: AgencyCode
        endpoint: ShortText
        attempt: int
        status: int | None = None
        next_attempt_at: Instant | None = None

    topic: ClassVar[str] = RECEIPTS
    writer: ClassVar[str] = "notify"
    data: Data


class NoticeDelivered(Receipt):
    """The agency's endpoint answered 2xx."""

    type: Literal["vn.hoso.notice.delivered.v1"] = "vn.hoso.notice.delivered.v1"


class NoticeAttemptFailed(Receipt):
    """It did not; the next try is at `next_attempt_at`."""

    type: Literal["vn.hoso.notice.attempt_failed.v1"] = "vn.hoso.notice.attempt_failed.v1"


class NoticeGaveUp(Receipt):
    """Every try is used up; the notice is kept and can be replayed."""

    type: Literal["vn.hoso.notice.gave_up.v1"] = "vn.hoso.notice.gave_up.v1"


class NoticeSteppedAside(Receipt):
    """Refused three times while its endpoint takes others: those behind it go first."""

    type: Literal["vn.hoso.notice.stepped_aside.v1"] = "vn.hoso.notice.stepped_aside.v1"
