"""What operators and the machinery say: decisions on the log, brakes, and bytes that nobody could read."""

import base64
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Protocol, Self

from pydantic import Field

from schemas.dossier import LOG
from schemas.event import MOST_BYTES, AgencyCode, Event, Frozen, LegName, LongText, ProcedureCode, ShortText
from schemas.instant import aware
from schemas.postal import CarrierName, ParcelStatus
from schemas.sealed import Box

HOLDS = "ops.holds"
DEAD_LETTERS = "dead.letters"
REDRIVEN, REDRIVEN_TIMES = "hoso-redriven", "hoso-redriven-times"
"""Headers of a record that an operator put back: the dead letter it comes from, and how often it was put back."""
MOST_UNPACKED = 16 * 1024 * 1024
"""Bytes of a dossier's log: 2,000 facts of 8 KiB."""
MOST_BYTES_KEPT = 560_000
"""Of a record on the dead letters: its base64 must pass the workers' limit and the broker's."""
MOST_KEY, MOST_REASON, A_HEADERS_FRAME = 200, 3900, 10
EARLIEST_SECONDS, LATEST_SECONDS = 946_684_800, 4_102_444_800
"""2000 to 2100: a client may stamp its records as it likes."""


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


class AgedOut(Event):
    """An operator decides that nothing more is to be waited for of an item that nobody has heard of for too long."""

    class Data(Frozen):
        leg: LegName
        why: LongText
        by: ShortText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.aged_out.v1"] = "vn.hoso.ops.aged_out.v1"
    data: Data


class ContactRevealed(Event):
    """Somebody is about to be shown a citizen's contact in the clear; it is stated before it is shown.

    `what` are the facts whose contact it is, by source and id; `by` bears the role it was shown to.
    """

    class Data(Frozen):
        what: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=100)]
        why: LongText
        by: ShortText
        role: ShortText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.contact_revealed.v1"] = "vn.hoso.ops.contact_revealed.v1"
    data: Data


class Erased(Event):
    """Every key of the dossier's sealed values is destroyed: contacts and free text of its facts open nowhere again.

    `keys` is how many keys there were. Stated once they are gone.
    """

    class Data(Frozen):
        keys: Annotated[int, Field(ge=0)]
        why: LongText
        by: ShortText

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.erased.v1"] = "vn.hoso.ops.erased.v1"
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


class Reopened(Event):
    """An operator opens an archived dossier again: its log, up to where it was archived, is folded again from `log`.

    `what` is the source and id of the fact that archived it. `log` holds those facts as they stand on the log, a line
    of JSON each, compressed (zlib) and in base64. It has no effect unless they are all the facts there were.
    """

    class Data(Frozen):
        what: LongText
        why: LongText
        by: ShortText
        log: Annotated[str, Field(min_length=1, max_length=MOST_BYTES)]

        def facts(self) -> list[bytes]:
            """The facts, as they stand on the log. Raises ValueError where this is no such text."""
            unpacked = zlib.decompressobj()
            try:
                lines = unpacked.decompress(base64.b64decode(self.log, validate=True), MOST_UNPACKED)
            except zlib.error as error:
                raise ValueError(f"no compressed log: {error}") from error
            if not unpacked.eof:
                raise ValueError(f"a log of more than {MOST_UNPACKED:,} bytes, or one cut short")
            return lines.splitlines()

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.reopened.v1"] = "vn.hoso.ops.reopened.v1"
    data: Data


def packed(facts: Iterable[bytes]) -> str:
    """The facts of a log as `Reopened` carries them."""
    return base64.b64encode(zlib.compress(b"\n".join(facts), level=9)).decode()


class Brake(StrEnum):
    """What a hold stops: orders to carriers, words to agencies, what time alone sets in motion."""

    POST = "post"
    NOTICES = "notices"
    TIMERS = "timers"


class Scope(Frozen):
    """How much a hold stops: all of one kind, or only what concerns the carrier, agency and procedure it names."""

    what: Brake
    carrier: CarrierName | None = None
    agency: AgencyCode | None = None
    procedure: ProcedureCode | None = None

    @property
    def text(self) -> str:
        """The scope in one text, the key of its topic: `post carrier=myvnpost agency=H29.12`."""
        named = {"carrier": self.carrier, "agency": self.agency, "procedure": self.procedure}
        return " ".join([self.what, *(f"{name}={value}" for name, value in named.items() if value is not None)])


class HoldSet(Event):
    """Effects of this scope stop until a `hold_lifted` of the same scope. `asks`: a lane held itself, and asks."""

    class Data(Frozen):
        scope: Scope
        why: LongText
        by: ShortText
        asks: bool = False

    topic: ClassVar[str] = HOLDS
    writer: ClassVar[str] = "operators, lanes that hold themselves"
    type: Literal["vn.hoso.ops.hold_set.v1"] = "vn.hoso.ops.hold_set.v1"
    data: Data


class HoldLifted(Event):
    """Effects of this scope go again, unless another hold stops them."""

    class Data(Frozen):
        scope: Scope
        why: LongText
        by: ShortText

    topic: ClassVar[str] = HOLDS
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.hold_lifted.v1"] = "vn.hoso.ops.hold_lifted.v1"
    data: Data


class Met(Protocol):
    """A record as whoever met it holds it."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
    @property
    def timestamp_ms(self) -> int: ...


class DeadLetterKept(Event):
    """Bytes no schema reads: where they stood, why they were put aside, and the bytes (base64).

    `headers` are the record's own, their values in base64. `cut_from` is how long the record was, in bytes, where the
    letter does not hold all of it. With `sealed` the bytes, the headers, the key and the whole reason are in that box,
    under a key of the day on which they were put aside, and none of them is left outside but what names nobody.
    """

    class Data(Frozen):
        topic: ShortText
        partition: int
        offset: int
        reason: LongText
        key: str | None = None
        headers: tuple[tuple[str, str], ...] | None = None
        bytes: str = ""
        cut_from: int | None = None
        sealed: Box | None = None

        @property
        def place(self) -> str:
            """Where the bytes stood, in one text: what a dead letter is known by, whoever put it aside."""
            return f"{self.topic}/{self.partition}/{self.offset}"

    topic: ClassVar[str] = DEAD_LETTERS
    writer: ClassVar[str] = "whoever met them"
    type: Literal["vn.hoso.ops.dead_letter_kept.v1"] = "vn.hoso.ops.dead_letter_kept.v1"
    data: Data

    @classmethod
    def of(cls, topic: str, record: Met, reason: str, source: str, id: str) -> Self:
        """The letter of a record of this topic; the same record gives the same letter. What is too long is cut."""
        raw, headers = record.value or b"", [(name, value or b"") for name, value in record.headers]
        whole = len(raw) + sum(len(name) + len(value) + A_HEADERS_FRAME for name, value in headers)
        cut = whole > MOST_BYTES_KEPT
        return cls(
            id=id,
            source=source,
            subject=topic,
            time=_stamped(record),
            data=cls.Data(
                topic=topic,
                partition=record.partition,
                offset=record.offset,
                reason=reason[:MOST_REASON] or "unreadable",
                key=record.key.decode(errors="replace")[:MOST_KEY] if record.key else None,
                headers=tuple((name, _text(value)) for name, value in headers) if headers and not cut else None,
                bytes=_text(raw[:MOST_BYTES_KEPT]),
                cut_from=whole if cut else None,
            ),
        )


class DeadLetterRedriven(Event):
    """An operator put a dead letter's bytes back on the topic they came from: at which place they stand now.

    `letter` is the id of its `dead_letter_kept`; `times` counts how often these bytes have been put back,
    this time included.
    """

    class Data(Frozen):
        letter: ShortText
        topic: ShortText
        partition: int
        offset: int
        times: Annotated[int, Field(ge=1)]
        why: LongText
        by: ShortText

        @property
        def place(self) -> str:
            """Where the bytes stand now, in one text."""
            return f"{self.topic}/{self.partition}/{self.offset}"

    topic: ClassVar[str] = DEAD_LETTERS
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.dead_letter_redriven.v1"] = "vn.hoso.ops.dead_letter_redriven.v1"
    data: Data


def _stamped(record: Met) -> datetime:
    """When the record was written, by its writer's word; the nearest time of ours, where that is none."""
    return aware(min(max(record.timestamp_ms / 1000, EARLIEST_SECONDS), LATEST_SECONDS))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
