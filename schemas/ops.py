"""What operators and the machinery say: decisions on the log, brakes, and bytes that nobody could read."""

from typing import ClassVar, Literal

from schemas.dossier import LOG
from schemas.event import Event, Frozen, LegName, LongText, ShortText
from schemas.postal import ParcelStatus

HOLDS = "ops.holds"
DEAD_LETTERS = "dead.letters"


class StatusConfirmed(Event):
    """An operator confirms what a carrier only reported."""

    class Data(Frozen):
        leg: LegName
        status: ParcelStatus
        why: LongText
        by: ShortText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.status_confirmed.v1"] = "vn.hoso.ops.status_confirmed.v1"
    data: Data


class Retried(Event):
    """An operator asks for a parked dossier's facts to be folded again, in their order: what failed is mended."""

    class Data(Frozen):
        what: ShortText
        why: LongText
        by: ShortText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.retried.v1"] = "vn.hoso.ops.retried.v1"
    data: Data


class EventSkipped(Event):
    """An operator decides that a parked dossier goes on without the fact that failed; `what` is its source and id."""

    class Data(Frozen):
        what: LongText
        why: LongText
        by: ShortText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.event_skipped.v1"] = "vn.hoso.ops.event_skipped.v1"
    data: Data


class DeadLetterKept(Event):
    """Bytes no schema reads: where they stood, why they were put aside, and the bytes (base64)."""

    class Data(Frozen):
        topic: ShortText
        partition: int
        offset: int
        reason: LongText
        key: str | None = None
        bytes: str

    topic: ClassVar[str] = DEAD_LETTERS
    writer: ClassVar[str] = "whoever met them"
    type: Literal["vn.hoso.ops.dead_letter_kept.v1"] = "vn.hoso.ops.dead_letter_kept.v1"
    data: Data
