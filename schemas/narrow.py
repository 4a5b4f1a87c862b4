"""Readers that take less than a model does and read it faster: what they refuse, the model itself decides about."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import CoreSchema, SchemaValidator

Validator = Callable[..., Any]


def narrowed(model: type[BaseModel], instead: Mapping[Validator, CoreSchema]) -> SchemaValidator:
    """The model's reader; where it calls one of these functions on what it has read, it reads by this schema instead.

    A call into Python costs more than reading the field.
    """
    model.model_rebuild()
    schema = _narrow(model.__pydantic_core_schema__, instead)
    # Prebuilt, a model would be read by its own schema; tests/schemas/test_event.py holds that this one is not.
    return SchemaValidator(schema, _use_prebuilt=False)


def _narrow(schema: Any, instead: Mapping[Validator, CoreSchema]) -> Any:
    match schema:
        case {"type": "function-after", "function": {"function": function}} if function in instead:
            return instead[function]
        case dict():
            return {name: _narrow(value, instead) for name, value in schema.items()}
        case list():
            return [_narrow(value, instead) for value in schema]
    return schema
