"""What an agency reads: the notice as a CloudEvent, with what it is owed opened, never longer than it can be."""

from collections.abc import Callable
from typing import Any

import msgspec
from pydantic import ValidationError

from connectors.seal import Erased, Opener
from schemas.event import Event
from schemas.notice import Notice
from schemas.sealed import SealedContact, SealedText

MOST_BYTES = 20_000
"""A callback's body at most."""
ERASED, ELSEWHERE = "[erased]", "[told by callback and feed]"

Open = Callable[[str, dict[str, Any]], Any]


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("sealed"), dict)


def has_sealed(value: Any) -> bool:
    """Whether something in it is in a box."""
    if _is_sealed(value):
        return True
    if isinstance(value, dict):
        return any(map(has_sealed, value.values()))
    return isinstance(value, list | tuple) and any(map(has_sealed, value))


def _replaced(value: Any, dossier: str, opens: Open) -> Any:
    if _is_sealed(value):
        return opens(dossier, value)
    if isinstance(value, dict):
        return {name: _replaced(one, dossier, opens) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(one, dossier, opens) for one in value]
    return value


def _opens(opener: Opener) -> Open:
    def opens(dossier: str, value: dict[str, Any]) -> Any:
        try:
            if "ward_code" in value:
                contact = opener.open_contact(dossier, SealedContact.model_validate(value))
                return contact.model_dump(exclude_none=True)
            return opener.open_text(dossier, SealedText.model_validate(value))
        except (Erased, ValidationError):
            return ERASED

    return opens


def opened(raw: bytes, opener: Opener) -> bytes:
    """A notice with everything in it plain: for its agency's eyes. What was erased says so."""
    said = msgspec.json.decode(raw, type=dict[str, Any])
    if not has_sealed(said.get("data")):
        return raw
    return msgspec.json.encode(said | {"data": _replaced(said["data"], str(said["subject"]), _opens(opener))})


def closed(event: Event) -> Event:
    """A notice for a topic: what is sealed is told elsewhere."""
    if not isinstance(event, Notice) or not has_sealed(event.data.payload):
        return event
    payload = _replaced(event.data.payload, event.subject, lambda *_: ELSEWHERE)
    return event.model_copy(update={"data": event.data.model_copy(update={"payload": payload})})


def within(raw: bytes, most: int = MOST_BYTES) -> bytes:
    """The body of a callback: a notice too long goes without what makes it long, and says where the rest is."""
    if len(raw) <= most:
        return raw
    said = msgspec.json.decode(raw, type=dict[str, Any])
    data = dict(said["data"])
    for name in ("payload", "errors"):
        if name in data:
            whole = data[name]
            data[name] = whole[:20] if isinstance(whole, list) else {}
    data["shortened"] = "too long for a callback: GET /v1/feed has it whole"
    return msgspec.json.encode(said | {"data": data})
