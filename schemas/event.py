"""The envelope: every message on a topic is one CloudEvents 1.0 event, and this is its shape, its ids and its bytes.

Structured JSON on the wire (`content-type: application/cloudevents+json`); the Kafka key is the `subject`.
"""

import hashlib
import hmac
import json
import uuid
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Self, get_args

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import SchemaValidator, core_schema

from schemas import upcasting
from schemas.instant import VIETNAM
from schemas.narrow import narrowed

CONTENT_TYPE = b"application/cloudevents+json"
MOST_BYTES = 128 * 1024
"""An event's largest size on a topic, in bytes."""
IDS = uuid.UUID("4f1d6f0e-1b5b-5a0e-9a53-6d5c2f9b7a11")
"""The namespace of every id we mint."""
_NAMESPACE = hashlib.sha1(IDS.bytes, usedforsecurity=False)
_VARIANT = {digit: "89ab"[number % 4] for number, digit in enumerate("0123456789abcdef")}


class Frozen(BaseModel):
    """Anything that travels: it never changes once made.

    Fields it does not know are ignored, unless a door forbids them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class NotAnEvent(ValueError):
    """These bytes are no event that any schema reads."""


class UnknownType(ValueError):
    """An event in good form whose type this release does not know: a newer one may."""


def _only_text(value: object) -> object:
    """Refuse numbers where an instant is due: pydantic would take them for unix seconds."""
    if isinstance(value, str | datetime):
        return value
    raise ValueError("an instant is ISO 8601 text with a zone")


_FIRST_YEAR, _LAST_YEAR = 1990, 2200


def _here(value: datetime) -> datetime:
    """The instant in Viet Nam's zone; a year of another age is refused, its neighbours might not exist."""
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError("an instant of another age")
    return value.astimezone(VIETNAM)


Instant = Annotated[AwareDatetime, BeforeValidator(_only_text), AfterValidator(_here)]
"""An instant: ISO 8601 with any offset comes in, Viet Nam's goes out."""
_AT_HOME = core_schema.datetime_schema(
    tz_constraint=7 * 3600,
    ge=datetime(_FIRST_YEAR, 1, 1, tzinfo=VIETNAM),
    lt=datetime(_LAST_YEAR + 1, 1, 1, tzinfo=VIETNAM),
)
"""An instant that is said in Viet Nam's zone already."""
Money = Annotated[int, Field(strict=True, ge=0, le=10**13)]
"""An amount in whole dong."""
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]

AGENCY = r"(?:[0-9]{3}\.)?[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(?:\.[0-9A-Z]{1,4}){0,6}"
DOSSIER = rf"(?:{AGENCY})-[0-9]{{6}}-[0-9]{{4,7}}"
"""A dossier's code: agency, date of reception, sequence of the day (Circular 01/2018 art. 19, Decision 20/2020)."""

AgencyCode = Annotated[str, StringConstraints(pattern=rf"^(?:{AGENCY})$")]
LegName = Annotated[str, StringConstraints(pattern=r"^[CDRT][1-9][0-9]?$")]
ProcedureCode = Annotated[str, StringConstraints(pattern=r"^[0-9]\.[0-9]{6}(?:\.[0-9A-Z.]{1,40})?$")]


class Event(Frozen):
    """One fact in its envelope. `time` is when it happened in the world; `recordedtime` when the pipeline took it in.

    A subclass is one type: its literal `type`, its `data`, the `topic` it travels on, the one component that writes it.
    """

    topic: ClassVar[str] = ""
    writer: ClassVar[str] = ""

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.0$")] = "1.0"
    id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    source: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^/")]
    type: str
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    time: Instant
    datacontenttype: str = "application/json"
    dataschema: str | None = None
    recordedtime: Instant | None = None
    causationid: str | None = None
    refversion: str | None = None
    digest: str | None = None
    codeversion: str | None = None
    traceparent: str | None = None
    trackingcode: str | None = None
    data: Any

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Enter a concrete type into the catalogue."""
        super().__pydantic_init_subclass__(**kwargs)
        for name in get_args(cls.model_fields["type"].annotation):
            TYPES[name] = cls

    @property
    def ref(self) -> str:
        """Source and id in one text: what another fact's `causationid` says."""
        return f"{self.source} {self.id}"

    @property
    def recorded(self) -> datetime:
        """When the pipeline took it in; of a fact that never passed the gate, when it happened."""
        return self.recordedtime or self.time

    def encode(self) -> bytes:
        """The structured JSON form, without the attributes that are not there."""
        return upcasting.said(self.type, self.model_dump_json(exclude_none=True).encode())

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """This event from its bytes, as its type's class. Raises NotAnEvent or UnknownType."""
        found = type_of(raw)
        known = TYPES.get(found)
        if known is None:
            return cls._of_an_older_version(found, raw)
        event = _read(known, raw)
        if not isinstance(event, cls):
            raise NotAnEvent(f"{found} is not a {cls.__name__}")
        return event

    @classmethod
    def _of_an_older_version(cls, found: str, raw: bytes) -> Self:
        try:
            return cls.decode(upcasting.newest(found, raw))
        except (upcasting.NoNewer, NotAnEvent) as error:
            # A row that misleads is our fault and not the event's: it waits for a release that reads it.
            raise UnknownType(str(error)) from error


TYPES: dict[str, type[Event]] = {}
"""Every type in force, by its name; filled as the modules of this room are read (`schemas.topics` reads them all)."""


def _read(kind: type[Event], raw: bytes) -> Event:
    """These bytes as an event of this kind. Raises NotAnEvent."""
    try:
        event: Event = _at_home(kind).validate_json(raw)
    except ValueError:
        return _read_from_abroad(kind, raw)
    return event


def _read_from_abroad(kind: type[Event], raw: bytes) -> Event:
    try:
        return kind.model_validate_json(raw)
    except ValueError as error:
        raise NotAnEvent(str(error)) from error


@cache
def _at_home(kind: type[Event]) -> SchemaValidator:
    """Reads events whose instants are said in Viet Nam's zone, as the gate and all of us say them; no others."""
    return narrowed(kind, {_here: _AT_HOME})


class _Peek(msgspec.Struct):
    type: str
    source: str = ""
    id: str = ""


_peek = msgspec.json.Decoder(_Peek).decode


def type_of(raw: bytes) -> str:
    """The type that these bytes claim. Raises NotAnEvent."""
    try:
        return _peek(raw).type
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnEvent(str(error)) from error


def ref_in(raw: bytes) -> str:
    """Source and id in these bytes, whatever their type is. Raises NotAnEvent."""
    try:
        peeked = _peek(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnEvent(str(error)) from error
    return f"{peeked.source} {peeked.id}"


def canonical(data: object) -> bytes:
    """One byte form for one content: keys sorted, no spaces, as JSON in UTF-8."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(data: object, key: bytes) -> str:
    """HMAC-SHA256 of the canonical plain data: equal for a repetition although its sealed parts differ each time."""
    return hmac.new(key, canonical(data), hashlib.sha256).hexdigest()[:32]


def derived_id(cause: str, purpose: str, *about: object) -> str:
    """The id of what a cause gives rise to: the same cause, purpose and subject give the same id, for ever.

    A version 5 UUID (RFC 9562, 5.5), written out because a worker mints several for each fact.
    """
    name = "|".join((cause, purpose, *map(str, about)))
    digest = _NAMESPACE.copy()
    digest.update(name.encode())
    text = digest.hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def type_name(subject: str, fact: str) -> str:
    """The type of a fact on the wire."""
    return f"vn.hoso.{subject}.{fact}.v1"
