"""How a derived fact is made: its id from its cause and what it is about, its times and versions from its cause."""

from typing import Any, TypeVar

from pydantic import BaseModel

from schemas.event import Event, derived_id

STREAMS = "/hoso/streams"

Fact = TypeVar("Fact", bound=Event)


def caused(kind: type[Fact], by: Event, data: BaseModel | dict[str, Any], *about: object, **envelope: Any) -> Fact:
    """A fact of this kind that `by` gives rise to: said twice it is the same fact, byte for byte.

    Its `time` is its cause's; its id comes from the cause, the kind and `about`: leg, rung and step, agency, round.
    """
    name = envelope.pop("type", None) or kind.model_fields["type"].default
    return kind(
        id=derived_id(by.ref, name, *about),
        source=STREAMS,
        type=name,
        subject=by.subject,
        time=by.time,
        recordedtime=by.recordedtime,
        causationid=by.ref,
        refversion=by.refversion,
        traceparent=by.traceparent,
        data=data,
        **envelope,
    )
