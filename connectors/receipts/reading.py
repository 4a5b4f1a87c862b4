"""A record of dossier.state in; what receipts look at of it, out."""

from typing import Any

import msgspec
from msgspec import Raw, Struct
from pydantic import ValidationError

from schemas import upcasting
from schemas.event import NotAnEvent
from schemas.receipts import HandedOver
from schemas.state import DossierStateChanged

HANDED_OVER = b'"handed_over"'
"""A state without this text says of no result that it was handed over: it need not be decoded."""
NULL = Raw(b"null")
TYPE = str(DossierStateChanged.model_fields["type"].default)


class _Data(Struct):
    sequence: int
    receiving_agency: str | None = None
    competent_agency: str | None = None
    # Not `Raw | None`: with a second type beside it, msgspec takes nothing but that one.
    handed_over: Raw = NULL


class _Event(Struct):
    type: str
    id: str
    source: str
    subject: str
    data: Raw


class Heard(Struct, frozen=True, gc=False):
    """A state: whose, the n-th, said by which event (source and id), and the hand-over in it, as plain data."""

    dossier: str
    sequence: int
    ref: str
    receiving_agency: str | None
    competent_agency: str | None
    handed_over: dict[str, Any] | None


_event = msgspec.json.Decoder(_Event).decode
_data = msgspec.json.Decoder(_Data).decode


def heard(raw: bytes) -> Heard | None:
    """What a state says; None of a type that only a newer release knows. Raises NotAnEvent."""
    try:
        event = _event(raw)
        if event.type != TYPE:
            if event.type not in upcasting.VERSIONS.up:
                return None
            event = _event(upcasting.newest(event.type, raw))
        said = _data(event.data)
        plain = _plain(said.handed_over)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValidationError, upcasting.NoNewer) as error:
        raise NotAnEvent(str(error)) from error
    ref = f"{event.source} {event.id}"
    return Heard(event.subject, said.sequence, ref, said.receiving_agency, said.competent_agency, plain)


def _plain(raw: Raw) -> dict[str, Any] | None:
    """In one form, whoever wrote it."""
    if bytes(raw) == bytes(NULL):
        return None
    return HandedOver.model_validate_json(bytes(raw)).model_dump(mode="json", exclude_none=True)
