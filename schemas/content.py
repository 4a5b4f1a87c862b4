"""What an event says, whoever said it: two events of one source and id with another content are an alarm.

Ids are derived from what a fact is about, so one id has one content, for ever. Where it has two, two releases, or two
machines, judged one thing differently; the first that was heard stands.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from schemas.event import Event, NotAnEvent, UnknownType, canonical
from schemas.upcasting import Plain, first, lowered


@dataclass(frozen=True, slots=True)
class Content:
    """An event's content as two digests: in the version it came in, and in the first there was of its type."""

    ref: str
    type: str
    said_by: str
    """The release that said it; no part of the content."""
    whole: bytes
    oldest: bytes

    def differs(self, other: "Content") -> bool:
        """Whether the same fact is said otherwise; a newer version is compared in the words both have."""
        if self.ref != other.ref:
            return False
        return self.whole != other.whole if self.type == other.type else self.oldest != other.oldest


def content_of(raw: bytes) -> Content | None:
    """The content of an event's bytes; None of bytes that are no event."""
    try:
        event = msgspec.json.decode(raw, type=Plain)
        ref, name = f"{event['source']} {event['id']}", str(event["type"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return None
    whole = _digest(event)
    born = first(name)
    oldest = whole if born == name else _digest(lowered(event, born))
    return Content(ref, name, str(event.get("codeversion", "")), whole, oldest)


def as_read_now(raw: bytes) -> bytes:
    """An event's bytes as this release says them: two releases may leave different fields at what is usual."""
    try:
        return Event.decode(raw).encode()
    except (NotAnEvent, UnknownType):
        return raw


def _digest(event: Mapping[str, object]) -> bytes:
    said = {name: value for name, value in event.items() if name != "codeversion"}
    return hashlib.blake2b(canonical(said), digest_size=16).digest()
