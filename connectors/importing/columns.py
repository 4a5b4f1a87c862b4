"""The columns of a table of facts, read off the facts' types, and what a cell says in each of them."""

import json
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

import schemas.topics  # noqa: F401  # It fills the catalogue of types.
from connectors.gate.authority import stated_by_agencies
from connectors.partner_lists import amount_of, time_of
from schemas.event import TYPES, Event
from schemas.instant import VIETNAM
from schemas.sealed import SealedContact, SealedText

SHORT = {"procedure_code": "procedure"}
"""A field whose column has a shorter name."""
ENVELOPE = {"subject": "dossier", "type": "fact"}
"""A part of the envelope whose column has another name."""
YES = {"true": True, "yes": True, "có": True, "1": True, "x": True}
NO = {"false": False, "no": False, "không": False, "0": False}
DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")
SHORTENED = re.compile(r"[0-9]\.[0-9]{1,5}")
"""A procedure's code out of a spreadsheet that took it for a number: 1.009990 has become 1.00999."""


class Form(StrEnum):
    """How a cell is read; a text that is not of its form stays what it is, and the gate names the field."""

    TEXT = "text"
    WORD = "one of the contract's words, in capitals"
    YES_OR_NO = "yes or no"
    WHOLE = "a whole number; 35.000 and 35,000 are read too"
    DAY = "a date: 2026-11-04 or 4/11/2026"
    INSTANT = "an instant, as in the column time"
    LIST = "texts with ; between them"
    ITEMS = "items with ; between them, their parts with |; or JSON"


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a fact's data: its column, its path, its form, of items the names of their parts."""

    column: str
    path: tuple[str, ...]
    form: Form
    parts: tuple[tuple[str, Form], ...] = ()
    choices: tuple[str, ...] = ()
    required: bool = False


@cache
def facts() -> Mapping[str, type[Event]]:
    """Every fact that an agency may state, by its short name: `received`."""
    return {name.split(".")[3]: known for name, known in TYPES.items() if stated_by_agencies(name)}


def fact_of(text: str) -> type[Event] | None:
    """The fact that a cell names, by its short name or its whole type."""
    return facts().get(text) or stated_by_agencies(text)


@cache
def fields_of(known: type[Event]) -> Mapping[str, Field]:
    """The columns of a fact, by name."""
    found = _fields(known.model_fields["data"].annotation, (), required=True)
    return {field.column: field for field in found}


@cache
def all_columns() -> tuple[str, ...]:
    """Every column that a fact may have, once, those of the most facts' first."""
    names: dict[str, int] = {}
    for known in facts().values():
        for column in fields_of(known):
            names[column] = names.get(column, 0) + 1
    return tuple(sorted(names, key=lambda column: (-names[column], column)))


# ---------------------------------------------------------------- the types, walked


def _fields(annotation: Any, path: tuple[str, ...], *, required: bool) -> Iterator[Field]:
    bare = _bare(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        for name, field in bare.model_fields.items():
            needed = required and field.is_required()
            yield from _fields(field.annotation, (*path, name), required=needed)
        return
    column = ".".join((*path[:-1], SHORT.get(path[-1], path[-1])))
    item = _bare(get_args(bare)[0]) if get_origin(bare) is tuple else None
    if isinstance(item, type) and issubclass(item, BaseModel):
        parts = tuple((name, _form(_bare(field.annotation))) for name, field in item.model_fields.items())
        yield Field(column, path, Form.ITEMS, parts, required=required)
    elif item is not None:
        yield Field(column, path, Form.LIST, required=required)
    else:
        yield Field(column, path, _form(bare), choices=_choices(bare), required=required)


def _bare(annotation: Any) -> Any:
    """A type without its constraints, its sealed form and its None."""
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            if arguments[0] is AwareDatetime:
                return AwareDatetime
            annotation = arguments[0]
        elif origin in (Union, types.UnionType):
            kept = [one for one in arguments if _bare(one) not in (type(None), SealedText, SealedContact)]
            annotation = kept[0]
        else:
            return annotation


def _form(bare: Any) -> Form:
    if bare is AwareDatetime:
        return Form.INSTANT
    if get_origin(bare) is Literal or (isinstance(bare, type) and issubclass(bare, Enum)):
        return Form.WORD
    return {bool: Form.YES_OR_NO, int: Form.WHOLE, date: Form.DAY}.get(bare, Form.TEXT)


def _choices(bare: Any) -> tuple[str, ...]:
    if get_origin(bare) is Literal:
        return tuple(str(one) for one in get_args(bare))
    return tuple(str(one) for one in bare) if isinstance(bare, type) and issubclass(bare, StrEnum) else ()


# ---------------------------------------------------------------- the cells, read


def value_of(text: str, field: Field) -> Any:
    """What a cell says in this field; a text that is not of its form as it stands."""
    match field.form:
        case Form.LIST | Form.ITEMS if (said := _json(text)) is not None:
            return said
        case Form.LIST:
            return _split(text)
        case Form.ITEMS:
            return [_item(one, field.parts) for one in _split(text)]
        case _ if field.path[-1] == "procedure_code" and SHORTENED.fullmatch(text):
            return text.ljust(len("1.009990"), "0")
        case form:
            return _scalar(text, form)


def _scalar(text: str, form: Form) -> Any:
    match form:
        case Form.YES_OR_NO:
            return (YES | NO).get(text.casefold(), text)
        case Form.WHOLE:
            amount = amount_of(text)
            return text if amount is None else amount
        case Form.DAY:
            at = time_of(text)
            return at.date().isoformat() if at is not None and at.time() == time() else text
        case Form.INSTANT:
            at = instant(text)
            return at.isoformat() if at is not None else text
        case Form.WORD:
            return text.upper()
        case _:
            return text


def _split(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[;\n]", text) if one.strip()]


def _item(text: str, parts: tuple[tuple[str, Form], ...]) -> Any:
    """An item, its parts in their order; one with more parts than there are names stays a text."""
    said = [part.strip() for part in text.split("|")]
    if len(said) > len(parts):
        return text
    return {name: _scalar(part, form) for part, (name, form) in zip(said, parts, strict=False) if part}


def _json(text: str) -> list[Any] | None:
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def instant(text: str, at: time | None = None) -> datetime | None:
    """An instant; without a zone Viet Nam's. A date alone has none, unless `at` says at what hour."""
    if DAY.fullmatch(text):
        midnight = time_of(text)
        return datetime.combine(midnight.date(), at, VIETNAM) if midnight is not None and at is not None else None
    try:
        found = datetime.fromisoformat(text) if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", text) else time_of(text)
    except ValueError:
        return None
    if found is None:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=VIETNAM)
