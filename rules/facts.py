"""How a derived fact is made: its id from its cause and what it is about, its times and versions from its cause."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.event import TYPES, Event, derived_id
from schemas.instant import VIETNAM
from schemas.upcasting import first, said

STREAMS = "/hoso/streams"
JSON = "application/json"

Data = dict[str, Any]
Later = Callable[[], Data]
"""Makes a fact's data when it is encoded: whoever folds a log to see where it leads encodes nothing."""


_encode = msgspec.json.Encoder(enc_hook=lambda later: later()).encode


class Derived(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact that a fact has given rise to, in its envelope: what its type's schema reads, and nothing to check again.

    `data` holds what JSON can say, without what is not there, or makes it; instants are in Viet Nam's zone.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str
    recordedtime: datetime | None = None
    causationid: str | None = None
    refversion: str | None = None
    codeversion: str | None = None
    traceparent: str | None = None
    data: Data | Later

    @property
    def topic(self) -> str:
        """The topic it travels on."""
        return TYPES[self.type].topic

    @property
    def content(self) -> Data:
        """Its data, made if it is still to be made."""
        return self.data() if callable(self.data) else self.data

    @property
    def ref(self) -> str:
        """Source and id in one text."""
        return f"{self.source} {self.id}"

    def encode(self, codeversion: str | None = None) -> bytes:
        """Its bytes, stamped with the release that says it."""
        return said(self.type, _encode(replace(self, codeversion=codeversion) if codeversion else self))

    def event(self) -> Event:
        """The same as whoever reads the topic has it."""
        return Event.decode(self.encode())


def caused(kind: type[Event], by: Event, data: Data | Later, *about: object, type: str | None = None) -> Derived:
    """A fact of this kind that `by` gives rise to: said twice it is the same fact, byte for byte.

    Its `time` is its cause's; its id comes from the cause, the kind and `about`: leg, rung and step, agency, round.
    """
    name, ref = type or _name_of(kind), by.ref
    return Derived(
        specversion="1.0",
        id=derived_id(ref, first(name), *about),
        source=STREAMS,
        type=name,
        subject=by.subject,
        time=by.time,
        datacontenttype=JSON,
        recordedtime=by.recordedtime,
        causationid=ref,
        refversion=by.refversion,
        traceparent=by.traceparent,
        data=data if callable(data) else present(data),
    )


def present(data: Data) -> Data:
    """The entries that are there."""
    return {name: value for name, value in data.items() if value is not None}


def here(at: datetime | None) -> datetime | None:
    """An instant of ours in Viet Nam's zone: a state read back from bytes has it in another."""
    return at.astimezone(VIETNAM) if at is not None else None


@cache
def _name_of(kind: type[Event]) -> str:
    name: str = kind.model_fields["type"].default
    return name
