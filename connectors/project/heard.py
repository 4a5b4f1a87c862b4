"""A record of a topic in; the rows it is in the read model, out. What no table keeps is not even decoded.

Read with msgspec and not by the contract: a record was judged when it came in, and this is the hot path. An older
version of a type is led up to the one in force first, as everywhere.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from connectors.broker import Message
from connectors.project.shapes import Deadline, Envelope, Notice, Receipt, Rejected, State, Stated
from schemas import upcasting
from schemas.clock import ClockKind
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.event import TYPES
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.reference import REFERENCE
from schemas.state import STATE
from schemas.topics import TOPICS as EVERY_TOPIC

assert EVERY_TOPIC, "the catalogue of types is filled by reading schemas.topics"

TOPICS = (LOG, DEADLINES, STATE, NOTICES, RECEIPTS, REJECTIONS, REFERENCE)
"""What the read model is filled from."""
Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""New rows by the table they belong to."""
PASSED_OVER = frozenset({"rung_reached", "limit_reached"})
"""Of the log: timers that fired. What became of them is on `dossier.deadlines`."""
STARTS = frozenset({ClockKind.RECEIVED.value, ClockKind.HANDOVER_SIGNED.value})
STOPS = frozenset({
    ClockKind.RESULT_READY.value,
    ClockKind.RESOLUTION_REFUSED.value,
    ClockKind.WITHDRAWN.value,
    ClockKind.PROCESSING_STOPPED.value,
})  # fmt: skip
NUL = b"\\u0000"
OFFSETS = 40
"""How many bits of a row's place are the offset's; those above are the partition's."""


class Unreadable(ValueError):
    """These bytes are no event of their topic."""


_read = msgspec.json.Decoder(Envelope).decode
_stated = msgspec.json.Decoder(Stated).decode
_deadline = msgspec.json.Decoder(Deadline).decode
_state = msgspec.json.Decoder(State).decode
_notice = msgspec.json.Decoder(Notice).decode
_receipt = msgspec.json.Decoder(Receipt).decode
_rejected = msgspec.json.Decoder(Rejected).decode
_bytes = msgspec.json.Encoder().encode

KINDS = {name: name.split(".")[3] for name in TYPES}
"""A type's short name: `received`, `projected`, `item_moved`."""


def hear(message: Message, rows: Rows) -> None:
    """Add what a record says to `rows`. A type that only a newer release knows adds nothing. Raises Unreadable."""
    raw, keep = message.value, KEEPS[message.topic]
    if raw is None:
        return
    if NUL in raw:
        raise Unreadable("a NUL is in it, which PostgreSQL keeps in no text")
    try:
        event = _read(raw)
        if event.type not in KINDS:
            if event.type not in upcasting.VERSIONS.up:
                return
            event = _read(upcasting.newest(event.type, raw))
        keep(message, event, rows)
    except (msgspec.MsgspecError, UnicodeDecodeError, upcasting.NoNewer) as error:
        raise Unreadable(str(error)) from error


def place_of(message: Message) -> int:
    """Where a record stands in its topic, in one number."""
    return message.partition << OFFSETS | message.offset


def _recorded(event: Envelope) -> float:
    return (event.recordedtime or event.time).timestamp()


def _fact(message: Message, event: Envelope, rows: Rows) -> None:
    if event.trackingcode:
        rows["tracking"].append({"code": event.trackingcode, "dossier": event.subject})
    kind = KINDS[event.type]
    if kind in PASSED_OVER:
        return
    said = _stated(event.data)
    rows["facts"].append({
        "place": place_of(message),
        "dossier": event.subject,
        "ref": f"{event.source} {event.id}",
        "kind": kind,
        "at": event.time.timestamp(),
        "recorded_at": _recorded(event),
        "word": said.word,
        "agency": said.agency or said.to_agency or said.receiving_agency,
        "leg": said.leg,
        "carrier": said.carrier,
        "certainty": said.certainty,
        "day": said.new_due_on or said.promised_due_on or said.limit_on,
        "amount": said.amount,
        "complete": said.complete,
        "retracts": f"{event.source} {said.retracts.id}" if said.retracts else None,
        "carrier_code": said.carrier_code if said.not_understood else None,
        "evidence": said.evidence if said.not_understood else None,
        "ward": said.contact.ward_code if said.contact else None,
        "scores": "".join(map(str, said.scores)) if said.scores else None,
    })  # fmt: skip


def _said_of_a_deadline(message: Message, event: Envelope, rows: Rows) -> None:
    said = _deadline(event.data)
    late = said.days_late
    rows["deadlines"].append({
        "place": place_of(message),
        "dossier": event.subject,
        "kind": KINDS[event.type],
        "at": event.time.timestamp(),
        "recorded_at": _recorded(event),
        "day": said.due_on or said.limit_on,
        "word": said.outcome or said.reason or said.policy or said.code,
        "holder": said.holder,
        "leg": said.leg,
        "carrier": said.carrier,
        "step": said.step,
        "days": said.working_days_left if late is None else -late,
    })  # fmt: skip


def _dossier(message: Message, event: Envelope, rows: Rows) -> None:
    said = _state(event.data)
    clock = said.clock
    enters = [fact.at for fact in clock.facts if fact.kind in STARTS]
    ends = [fact.at for fact in clock.facts if fact.kind in STOPS]
    rows["dossiers"].append({
        "code": event.subject,
        "sequence": said.sequence,
        "recorded_at": _recorded(event),
        "status": said.status,
        "national_status": said.national_status,
        "undelivered": said.undelivered,
        "receiving_agency": said.receiving_agency,
        "competent_agency": said.competent_agency,
        "holder": said.holder,
        "procedure_code": said.procedure_code,
        "channel": said.channel,
        "return_mode": said.return_mode,
        "promised_due_on": said.promised_due_on,
        "clock_state": clock.state,
        "started_at": _seconds(clock.started_at),
        "due_on": clock.due_on,
        "due_at": _seconds(clock.due_at),
        "outcome": clock.outcome,
        "provisional": clock.provisional,
        "reason": clock.reason,
        "basis": clock.basis,
        "problem": clock.problem,
        "waiting": said.waiting,
        "parked": said.parked is not None,
        "refused": any(leg.is_refused for leg in said.legs),
        "heard_by": _seconds(min((leg.expected_by for leg in said.legs if leg.expected_by), default=None)),
        "refversion": said.refversion,
        "started_under": said.started_under,
        "entered_at": _seconds(min(enters, default=None)),
        "ended_at": _seconds(max(ends, default=None)),
        "clock_facts": _bytes(clock.facts).decode(),
        "days": _bytes(said.days).decode(),
        "legs": _bytes(said.legs).decode(),
    })  # fmt: skip


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None


def _owed_a_word(message: Message, event: Envelope, rows: Rows) -> None:
    said = _notice(event.data)
    rows["notices"].append({
        "id": event.id,
        "dossier": event.subject,
        "agency": said.agency,
        "kind": said.kind,
        "sequence": said.sequence,
        "at": event.time.timestamp(),
        "recorded_at": _recorded(event),
    })  # fmt: skip


def _told(message: Message, event: Envelope, rows: Rows) -> None:
    said = _receipt(event.data)
    rows["receipts"].append({
        "place": place_of(message),
        "notice": said.notice_id,
        "dossier": event.subject,
        "agency": said.agency,
        "kind": KINDS[event.type],
        "attempt": said.attempt,
        "status": said.status,
        "at": event.time.timestamp(),
        "next_at": _seconds(said.next_attempt_at),
    })  # fmt: skip


def _would_not_let_in(message: Message, event: Envelope, rows: Rows) -> None:
    faults = len(_rejected(event.data).errors)
    at = event.time.timestamp()
    rows["rejections"].append({"place": place_of(message), "agency": event.subject, "at": at, "faults": faults})


def _reference(message: Message, event: Envelope, rows: Rows) -> None:
    rows["reference"].append({"version": event.subject, "place": place_of(message), "body": bytes(event.data).decode()})


KEEPS: dict[str, Callable[[Message, Envelope, Rows], None]] = {
    LOG: _fact,
    DEADLINES: _said_of_a_deadline,
    STATE: _dossier,
    NOTICES: _owed_a_word,
    RECEIPTS: _told,
    REJECTIONS: _would_not_let_in,
    REFERENCE: _reference,
}
