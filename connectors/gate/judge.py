"""The gate's judgement of one event, pure: form, size, time, who says it and of what."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pydantic import ValidationError

from connectors.gate import authority, wire
from connectors.gate.fields import Kind, places, texts, values
from connectors.gate.problems import A_DATE, AN_INSTANT, WHOLE, clean, distinct, from_validation, problem
from rules.reference import Edition
from schemas import trace
from schemas.event import MOST_BYTES, Event, NotAnEvent
from schemas.notice import FieldProblem
from schemas.reference import Agency, Bundle
from schemas.upcasting import NoNewer, lifted

AHEAD = timedelta(minutes=5)
"""How far ahead of us another's clock may be."""
OURS = frozenset({"recordedtime", "causationid", "refversion", "digest", "codeversion", "trackingcode", "dataschema"})
"""The attributes that only we set: what comes from outside under these names is not taken over."""
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*")
PLAIN_ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True)
class Admitted:
    """An event the gate lets in, as its type, still plain; `data` is what its digest is taken of."""

    event: Event
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event the gate does not let in: what it calls itself, as far as that can be read, and every faulty field."""

    id: str | None
    subject: str | None
    errors: tuple[FieldProblem, ...]
    traceparent: str | None = None
    """What it says its trace is, unchecked."""
    source: str | None = None
    """Who it says has stated it; None where it names nobody."""

    @property
    def is_anothers(self) -> bool:
        """Whether it names somebody, and its sender may not speak for them."""
        return bool(self.source) and "source" in self.fields

    @property
    def fields(self) -> frozenset[str]:
        """The faulty fields' names."""
        return frozenset(error.field for error in self.errors)


def judge(raw: bytes | dict[str, Any], caller: str, bundle: Bundle, now: datetime) -> Admitted | Rejection:
    """Whether this event, sent by this agency, may enter under this reference version at this time."""
    try:
        said = wire.from_structured(raw) if isinstance(raw, bytes) else raw
        size = len(raw) if isinstance(raw, bytes) else len(msgspec.json.encode(raw))
    except (NotAnEvent, UnicodeEncodeError, RecursionError):
        return Rejection(None, None, (problem(WHOLE, "It is not a CloudEvent: one JSON object is expected."),))
    if size > MOST_BYTES:
        return _rejection(said, [problem(WHOLE, f"It has {size} bytes; at most {MOST_BYTES} are taken.")])
    return _judge(said, caller, authority.edition_of(bundle), now)


def _judge(came: dict[str, Any], caller: str, edition: Edition, now: datetime) -> Admitted | Rejection:
    """The judgement itself, every faulty field named at once."""
    said = _newest(came)
    known = authority.stated_by_agencies(said.get("type"))
    agency = edition.agency(caller)
    event, problems = _read(said, known or Event)
    if known is None:
        problems.append(problem("type", "It is not a type that an agency states; /schemas/ lists them."))
    problems += _envelope(said, known, caller, agency, now)
    if known is not None:
        problems += _data(said.get("data"), known, edition)
    problems += _text(said.get("data"))
    if event is None or problems:
        return _rejection(said, problems)
    # Of what came, not of what we read in it: sent again after we learned a newer version, it is a repetition still.
    return Admitted(event, came["data"])


def _newest(came: dict[str, Any]) -> dict[str, Any]:
    """What an agency says in the words of an older version, in those of the newest."""
    try:
        return lifted(came) if isinstance(came.get("type"), str) else came
    except NoNewer:
        return came


def _read(said: dict[str, Any], known: type[Event]) -> tuple[Event | None, list[FieldProblem]]:
    """The event as its type, unknown fields of `data` refused; other extensions of the envelope are let fall."""
    own = {name: value for name, value in said.items() if name in known.model_fields and name not in OURS}
    try:
        return known.model_validate(own, extra="forbid"), []
    except ValidationError as error:
        return None, from_validation(error)


def _rejection(said: dict[str, Any], problems: list[FieldProblem]) -> Rejection:
    """What is handed back, with whatever of the event's identity can be told."""

    def told(name: str) -> str | None:
        value = said.get(name)
        return clean(value) if isinstance(value, str) else None

    return Rejection(told("id"), told("subject"), distinct(problems), told(trace.HEADER), told("source"))


def _envelope(
    said: dict[str, Any], known: type[Event] | None, caller: str, agency: Agency | None, now: datetime
) -> Iterator[FieldProblem]:
    """Identity, authority and time. A field that is missing or no text is named by the schema already."""
    checks: dict[str, Callable[[str], Iterator[FieldProblem]]] = {
        "id": _about_id,
        "time": lambda value: _about_time(value, now),
        "source": lambda value: authority.about_source(value, caller, agency),
        "subject": lambda value: authority.about_subject(value, known, agency),
    }
    for name, check in checks.items():
        value = said.get(name)
        if isinstance(value, str):
            yield from check(value)
    if known is not None and agency is not None:
        yield from authority.about_role(known, agency)
    if said.get("datacontenttype", "application/json") != "application/json":
        yield problem("datacontenttype", "It must be application/json.")


def _about_id(value: str) -> Iterator[FieldProblem]:
    """An id is printable, so that it can stand in logs, headers and tables."""
    if not PLAIN_ID.fullmatch(value):
        yield problem("id", "It must have 1 to 200 characters, none of them a control character.")


def _about_time(value: str, now: datetime) -> Iterator[FieldProblem]:
    """Whether it happened with a zone and not in the future."""
    try:
        at = datetime.fromisoformat(value) if INSTANT.fullmatch(value) else None
    except ValueError:
        at = None
    if at is None:
        yield problem("time", AN_INSTANT)
    elif at.tzinfo is None:
        yield problem("time", "It has no zone; write it like 2026-11-02T08:15:00+07:00.")
    elif at - now > AHEAD:
        yield problem("time", "It is more than 5 minutes ahead of us; look at your clock and its zone.")


def _data(data: object, known: type[Event], edition: Edition) -> Iterator[FieldProblem]:
    """Whether what the data names exists, and its dates are dates: pydantic would take "1700006400" for one."""
    for path, kind in places(known):
        for field, value in values(data, path, ("data",)):
            if (says := _wrong(kind, value, edition)) is not None:
                yield problem(field, says)


def _wrong(kind: Kind, value: object, edition: Edition) -> str | None:
    """What is wrong with a value of this kind; the form of the others is the schema's business."""
    if not isinstance(value, str):
        return A_DATE if kind is Kind.DATE else None
    match kind:
        case Kind.DATE:
            return None if DATE.fullmatch(value) else A_DATE
        case Kind.INSTANT:
            return None if INSTANT.fullmatch(value) else AN_INSTANT
        case Kind.AGENCY:
            return None if edition.agency(value) else "There is no such agency in the reference data in force."
        case Kind.PROCEDURE:
            return None if edition.procedure(value) else "There is no such procedure in the reference data in force."


def _text(data: object) -> Iterator[FieldProblem]:
    """Nothing sealed comes from outside, and no text holds what no table can."""
    for path, value in texts(data):
        if isinstance(value, dict) and "sealed" in value:
            yield problem(path, "It comes sealed; send it plain, it is sealed here.")
        elif isinstance(value, str) and "\x00" in value:
            yield problem(path, "It holds a NUL character.")
