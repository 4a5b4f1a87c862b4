"""The public contract as documents, generated from the words: a JSON Schema a type, AsyncAPI 3 of the topics.

`docs/contract/` holds what is committed; a test compares, so that a change of the contract shows in the diff.
"""

import json
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from schemas.dossier import LOG
from schemas.event import TYPES, Event, Frozen
from schemas.topics import TOPICS, Topic, types_by_topic

Json = dict[str, Any]
VERSION = "1.0.0"
COMPONENTS = "#/components/schemas/{model}"
SEALED = ("SealedText", "SealedContact")
"""The forms that never come from outside."""
AGENCY_EVENT = "AgencyEvent"
OURS = ("recordedtime", "causationid", "refversion", "digest", "codeversion", "trackingcode", "dataschema")
"""The attributes that only we set: what an agency says of them is not heard."""
PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""An id that can stand in logs, headers and tables."""


def _stated_by_agencies() -> dict[str, type[Event]]:
    return {name: known for name, known in TYPES.items() if known.topic == LOG and known.writer == "gate"}


def _plain(schema: Any) -> Any:
    """A schema as the doors read it: nothing sealed, no unknown fields in data."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _plain(one) for name, one in schema.items() if name != "discriminator"}
    for choice in ("anyOf", "oneOf"):
        if choice in found:
            kept = [one for one in found[choice] if str(one.get("$ref", "")).rsplit("/", 1)[-1] not in SEALED]
            found[choice] = kept
            if len(kept) == 1:
                del found[choice]
                found |= kept[0]
    if found.get("type") == "object" and "properties" in found:
        found["additionalProperties"] = False
    return found


def _without_sealed(definitions: Json) -> Json:
    return {name: one for name, one in definitions.items() if name not in (*SEALED, "Box")}


@cache
def json_schemas() -> dict[str, Json]:
    """The JSON Schema of every type's `data`, by the type's name: served as `/schemas/<type>.json`."""
    stated = _stated_by_agencies()
    found = {}
    for name, known in sorted(TYPES.items()):
        data: Any = known.model_fields["data"].annotation
        schema = TypeAdapter[Any](data).json_schema()
        if name in stated:
            schema = _plain(schema)
            schema["$defs"] = _without_sealed(schema.get("$defs", {}))
        if not schema.get("$defs"):
            schema.pop("$defs", None)
        about = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"/schemas/{name}.json",
            "title": name,
        }
        found[name] = schema | about | {"description": (known.__doc__ or "").strip()}
    return found


def envelope() -> Json:
    """The JSON Schema of the envelope alone."""
    return Event.model_json_schema() | {"$id": "/schemas/event.json", "title": "The envelope of every event"}


def agency_events() -> Json:
    """The events that an agency may send, as OpenAPI components: `AgencyEvent` and all it refers to."""
    stated = _stated_by_agencies()
    components = {name: _plain(one) for name, one in _without_sealed(_definitions(list(stated.values()))).items()}
    for known in stated.values():
        # Other extensions of the envelope are CloudEvents' own business, and what we set is ours.
        components[known.__name__].pop("additionalProperties", None)
        properties = components[known.__name__]["properties"]
        for ours in OURS:
            properties.pop(ours, None)
        properties["id"]["pattern"] = PLAIN
        properties["datacontenttype"] = {"const": "application/json", "default": "application/json"}
        components[known.__name__]["required"] = ["id", "source", "type", "subject", "time", "data"]
    mapping = {name: COMPONENTS.format(model=known.__name__) for name, known in stated.items()}
    one_of = [{"$ref": ref} for ref in dict.fromkeys(mapping.values())]
    components[AGENCY_EVENT] = {"oneOf": one_of, "discriminator": {"propertyName": "type", "mapping": mapping}}
    return components


def _definitions(kinds: list[type[Event]]) -> Json:
    models: list[tuple[type[BaseModel], Any]] = [(kind, "validation") for kind in dict.fromkeys(kinds)]
    _, schema = models_json_schema(models, ref_template=COMPONENTS)
    definitions = schema.get("$defs", {})
    return {name: definitions[name] for name in sorted(definitions)}


def travellers(row: Topic) -> list[type[Event]]:
    """Which types travel on a topic; none on one whose records are no events."""
    if row.name == "agency.events":
        return list(dict.fromkeys(_stated_by_agencies().values()))
    return types_by_topic().get("agency.notices" if row.name == "results" else row.name, [])


@cache
def asyncapi() -> Json:
    """Every topic with the events that travel on it, as AsyncAPI 3."""
    by_topic = {row.name: travellers(row) for row in TOPICS}
    shown = [row for row in TOPICS if by_topic[row.name]]
    kinds = [kind for row in shown for kind in by_topic[row.name]]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "hoso", "version": VERSION, "description": "Administrative dossiers, as facts on Kafka."},
        "defaultContentType": "application/cloudevents+json",
        "channels": {row.name: _channel(row, by_topic[row.name]) for row in shown},
        "operations": {_verb(row) + _title(row.name): _operation(row) for row in shown},
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in sorted(set(kinds), key=lambda one: one.__name__)},
            "schemas": _definitions(kinds),
        },
    }


def _channel(row: Topic, kinds: list[type[Event]]) -> Json:
    channel: Json = {
        "address": f"{row.name}.{{agency}}" if row.per_agency else row.name,
        "description": f"{row.says}. Key: {row.key}. Written by {row.writer}; read by {row.read_by}.",
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds},
        "bindings": {"kafka": {"bindingVersion": "0.5.0", "topicConfiguration": _configuration(row)}},
    }
    if row.per_agency:
        channel["parameters"] = {"agency": {"description": "the agency's code, such as H29.12"}}
    return channel


def _configuration(row: Topic) -> Json:
    config = row.config()
    return {"cleanup.policy": [config["cleanup.policy"]]} | (
        {"retention.ms": int(config["retention.ms"])} if "retention.ms" in config else {}
    )


def _verb(row: Topic) -> str:
    return "receive" if row.name == "agency.events" else "send"


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace("-", ".").split("."))


def _operation(row: Topic) -> Json:
    return {"action": _verb(row), "channel": {"$ref": f"#/channels/{row.name}"}, "summary": row.says}


def _message(kind: type[Event]) -> Json:
    named = {name for name, known in TYPES.items() if known is kind}
    return {
        "name": ", ".join(sorted(named)),
        "title": kind.__name__,
        "summary": (kind.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": COMPONENTS.format(model=kind.__name__)},
    }


class Problem(Frozen):
    """An error over HTTP (RFC 9457): `detail` says what to do next; `rejected` has the faulty fields of each event."""

    type: str
    title: str
    status: int
    detail: str
    accepted: list[str] | None = None
    rejected: list[Any] | None = None


def written(openapi: Json) -> dict[str, str]:
    """Every document of the contract by its path under `docs/contract/`."""
    documents = {"openapi.json": openapi, "asyncapi.json": asyncapi(), "schemas/event.json": envelope()}
    documents |= {f"schemas/{name}.json": schema for name, schema in json_schemas().items()}
    return {
        path: json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for path, found in documents.items()
    }
