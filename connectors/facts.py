"""Facts that follow from another: whatever names them is derived, so that saying one twice is saying it once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from schemas.event import Event, derived_id
from schemas.release import RELEASE

E = TypeVar("E", bound=Event)


def follow(cause: Event, kind: type[E], data: Any, *, source: str, at: datetime, about: Sequence[object] = ()) -> E:
    """A fact that `cause` gives rise to, about this; dossier, record time, version and trace are the cause's."""
    return kind(  # type: ignore[call-arg]  # A concrete type names itself.
        id=derived_id(cause.ref, kind.__name__, *about),
        source=source,
        subject=cause.subject,
        time=at,
        recordedtime=cause.recorded,
        causationid=cause.ref,
        refversion=cause.refversion,
        codeversion=RELEASE,
        traceparent=cause.traceparent,
        data=data,
    )


def packed(facts: Sequence[Event]) -> bytes:
    """Facts as one value, to be stored until they are published. JSON of ours has no line breaks."""
    return b"\n".join(fact.encode() for fact in facts)


def unpacked(raw: bytes) -> list[Event]:
    """The facts in such a value."""
    return [Event.decode(line) for line in raw.splitlines() if line]
