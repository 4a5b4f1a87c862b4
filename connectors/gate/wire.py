"""A CloudEvent off the wire, structured or binary, as one plain mapping; nothing is judged yet."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from schemas.event import NotAnEvent

KAFKA_PREFIX, HTTP_PREFIX = "ce_", "ce-"
QUOTED = re.compile(r"\\(.)")
"""A sign that a backslash stands before."""

_decode = msgspec.json.Decoder().decode
_decode_many = msgspec.json.Decoder(list[msgspec.Raw]).decode


def from_json(raw: bytes) -> Any:
    """What these bytes say in JSON. Raises NotAnEvent: no JSON, no UTF-8, or nested past any sense."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnEvent(f"not JSON: {error}") from error


def from_structured(raw: bytes) -> dict[str, Any]:
    """An event in the structured form. Raises NotAnEvent."""
    found = from_json(raw)
    if not isinstance(found, dict):
        raise NotAnEvent("not an event: a JSON object is expected")
    return found


def from_binary(attributes: Mapping[str, str], raw: bytes) -> dict[str, Any]:
    """An event in the binary form: its attributes beside it, its data alone in the body. Raises NotAnEvent."""
    return {**attributes, "data": from_json(raw)}


def attributes(headers: Iterable[tuple[str, bytes | str | None]], prefix: str = KAFKA_PREFIX) -> dict[str, str]:
    """The event's attributes among the headers of a message. Raises NotAnEvent where one is no text."""
    try:
        return {
            name.lower().removeprefix(prefix): _unescaped(value) if isinstance(value, str) else value.decode()
            for name, value in headers
            if value is not None and name.lower().startswith(prefix)
        }
    except UnicodeDecodeError as error:
        raise NotAnEvent(f"a {prefix} header is no UTF-8") from error


def _unescaped(value: str) -> str:
    """A header of HTTP, whose letters beyond ASCII are percent-encoded; older senders quote what has spaces.

    CloudEvents' HTTP binding 1.0.2, 3.1.3.2. On Kafka a header is UTF-8 as it is.
    """
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = QUOTED.sub(r"\1", value[1:-1])
    return unquote_to_bytes(value).decode()


def from_message(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> dict[str, Any]:
    """An event off a topic: binary where `ce_` headers say so, structured otherwise. Raises NotAnEvent."""
    if value is None:
        raise NotAnEvent("an empty message")
    found = attributes(headers)
    return from_binary(found, value) if "type" in found or "id" in found else from_structured(value)


def split(body: bytes) -> list[bytes]:
    """The events of an HTTP body, one object or an array of them, each as its bytes. Raises NotAnEvent."""
    if body.lstrip()[:1] != b"[":
        return [body]
    try:
        return [bytes(one) for one in _decode_many(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnEvent(f"not JSON: {error}") from error
