"""What is wrong with a field, said plainly: pydantic's errors as sentences that never repeat a value."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.event import AGENCY, DOSSIER, ProcedureCode
from schemas.notice import FieldProblem
from schemas.sealed import FORMS, Phone, PlaceCode

WHOLE = "event"
"""The name of the field when it is the whole event that is wrong."""
MOST_BYTES = 64 * 1024
"""How much a rejection says at most, hundreds of fields: it must be an event itself, whatever the fields are called."""


def _pattern(annotation: Any) -> str:
    """The pattern a constrained text carries."""
    return str(annotation.__metadata__[0].pattern)


PATTERNS = {
    _pattern(ProcedureCode): "It is not a procedure's code, such as 2.000635.",
    rf"^(?:{AGENCY})$": "It is not an agency's code, such as H29.12.",
    rf"^{DOSSIER}$": "It is not a dossier's code, such as H29.12-261124-0001.",
    _pattern(Phone): "It is not a telephone number: digits and spaces, 7 to 19 of them, perhaps a + before.",
    _pattern(PlaceCode): "It is not a place's code: 2 to 6 digits.",
    r"^1\.0$": "It must be 1.0.",
    "^/": "It must begin with a slash, such as /agencies/H29.12.",
}

SENTENCES = {
    "missing": "It is required and is not there.",
    "extra_forbidden": "There is no such field; remove it or look at its spelling.",
    "contact_missing": "It is required when return_mode is POST.",
    "timezone_aware": "It has no zone; write it like 2026-11-02T08:15:00+07:00.",
    "string_type": "It must be text.",
    "int_type": "It must be a whole number, written without a decimal point.",
    "bool_type": "It must be true or false.",
    "tuple_type": "It must be a list.",
    "model_type": "It must be an object.",
    "model_attributes_type": "It must be an object.",
    "string_unicode": "It holds half a character.",
}
DATES = {"date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"}
INSTANTS = {"datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid", "value_error"}
A_DATE = "It must be a date, YYYY-MM-DD."
AN_INSTANT = "It must be an instant with a zone, such as 2026-11-02T08:15:00+07:00."


def sentence(error: ErrorDetails) -> str:
    """What is wrong, in one sentence."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in SENTENCES:
        return SENTENCES[kind]
    if kind in DATES:
        return A_DATE
    if kind in INSTANTS:
        return AN_INSTANT
    match kind:
        case "enum" | "literal_error":
            return f"It must be one of {str(context['expected']).replace(chr(39), '').replace(' or ', ', ')}."
        case "string_pattern_mismatch":
            return PATTERNS.get(str(context["pattern"]), "It has not the form it should have.")
        case "string_too_short":
            return "It must not be empty."
        case "string_too_long":
            return f"It is too long: at most {context['max_length']} characters."
        case "too_long":
            return f"It is too long: at most {context['max_length']} items."
        case "too_short":
            return f"It is too short: at least {context['min_length']} items."
    return f"{error['msg']}."


def path_of(location: tuple[int | str, ...]) -> str:
    """A field's dotted path, without the tags of the two forms in which a value may come."""
    steps = [str(step) for index, step in enumerate(location) if not (index > 1 and step in FORMS)]
    return ".".join(steps) or WHOLE


def clean(text: str, most: int = 200) -> str:
    """A text that any log, topic or table can hold: whole characters, printable, not endless."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in whole)[:most]


def problem(field: str, says: str) -> FieldProblem:
    """One faulty field."""
    return FieldProblem(field=clean(field) or WHOLE, problem=says)


def from_validation(error: ValidationError) -> list[FieldProblem]:
    """Everything pydantic found, one sentence each."""
    found = error.errors(include_url=False, include_input=False)
    return [problem(path_of(one["loc"]), sentence(one)) for one in found]


def distinct(problems: Iterable[FieldProblem]) -> tuple[FieldProblem, ...]:
    """One problem a field, the first that was said of it; as many as fit into a rejection."""
    first: dict[str, FieldProblem] = {}
    left = MOST_BYTES
    for one in problems:
        if one.field not in first:
            left -= len(one.model_dump_json().encode()) + 1
            if left < 0 and first:
                break
            first[one.field] = one
    return tuple(first.values())
