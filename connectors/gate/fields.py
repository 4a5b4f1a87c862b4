"""Where a type's data holds an agency, a procedure, a date: read off the types, so that no list is kept."""

import types
from collections.abc import Iterator
from datetime import date
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from schemas.event import AgencyCode, Event, ProcedureCode

EACH = "*"
"""In a path: each item of a list."""

Path = tuple[str, ...]


class Kind(Enum):
    """What the gate looks at more closely than a pattern can."""

    AGENCY = "agency"
    PROCEDURE = "procedure"
    DATE = "date"
    INSTANT = "instant"


def _pattern(annotation: object) -> object:
    """The pattern of a constrained text."""
    return next((one.pattern for one in get_args(annotation)[1:] if isinstance(one, StringConstraints)), None)


PATTERNS = {_pattern(AgencyCode): Kind.AGENCY, _pattern(ProcedureCode): Kind.PROCEDURE}


def _of_metadata(annotation: object, metadata: tuple[object, ...]) -> Kind | None:
    """The kind that constraints give a text."""
    if annotation is not str:
        return None
    patterns = (getattr(constraint, "pattern", None) for constraint in metadata)
    return next((PATTERNS[pattern] for pattern in patterns if pattern in PATTERNS), None)


def _walk(annotation: Any, metadata: tuple[object, ...], path: Path) -> Iterator[tuple[Path, Kind]]:
    """Every place under an annotation that has a kind."""
    if annotation is date:
        yield path, Kind.DATE
    elif annotation is AwareDatetime:
        yield path, Kind.INSTANT
    elif (kind := _of_metadata(annotation, metadata)) is not None:
        yield path, kind
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from _walk(*_parts(field), (*path, name))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _walk(arguments[0], arguments[1:], path)
    elif origin in (Union, types.UnionType):
        for one in arguments:
            yield from _walk(one, (), path)
    elif origin is tuple:
        yield from _walk(arguments[0], (), (*path, EACH))


def _parts(field: FieldInfo) -> tuple[Any, tuple[object, ...]]:
    """A field's annotation and its constraints."""
    return field.annotation, tuple(field.metadata)


@cache
def places(known: type[Event]) -> tuple[tuple[Path, Kind], ...]:
    """Every path in a type's data whose value has a kind."""
    return tuple(dict.fromkeys(_walk(*_parts(known.model_fields["data"]), ())))


def values(raw: object, path: Path, at: Path = ()) -> Iterator[tuple[str, object]]:
    """The values at a path in plain data, each with its dotted path; what is not there is passed over."""
    if not path:
        if raw is not None:
            yield ".".join(at), raw
        return
    step, rest = path[0], path[1:]
    if step == EACH and isinstance(raw, list):
        for index, one in enumerate(raw):
            yield from values(one, rest, (*at, str(index)))
    elif isinstance(raw, dict) and step in raw:
        yield from values(raw[step], rest, (*at, step))


def texts(raw: object) -> Iterator[tuple[str, object]]:
    """Every key and value of plain data with its dotted path, without recursion: whoever sent it chose its depth."""
    waiting: list[tuple[str, object]] = [("data", raw)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting.extend((f"{path}.{key}", one) for key, one in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}.{index}", one) for index, one in enumerate(value))
