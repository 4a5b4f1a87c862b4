"""A closed segment of a topic: a run of records of one partition, one JSON object a line, compressed by gzip.

A line has `offset`, `timestamp_ms`, `key`, `value` and `headers`; bytes that are no UTF-8 stand in `key64`, `value64`
and `headers64` as base64 instead. What is absent was null. Nothing of ours is needed to read it.
"""

import gzip
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator

import msgspec

from connectors.archive.store import BrokenArchive
from connectors.broker import Message

GZIP_LEVEL = 6


class Line(msgspec.Struct, omit_defaults=True):
    """A record as it stands in a segment. Times in milliseconds since 1970, UTC."""

    offset: int
    timestamp_ms: int
    key: str | None = None
    key64: str | None = None
    value: str | None = None
    value64: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    headers64: tuple[tuple[str, str], ...] = ()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Line).decode


def line_of(record: Message) -> bytes:
    """A record's line, with its line feed: always the same bytes for the same record."""
    line = Line(record.offset, record.timestamp_ms)
    line.key, line.key64 = _written(record.key)
    line.value, line.value64 = _written(record.value)
    texts = [(name, _written(value)) for name, value in record.headers]
    if all(text is not None for _, (text, _) in texts):
        line.headers = tuple((name, text or "") for name, (text, _) in texts)
    else:
        line.headers64 = tuple((name, b64encode(value).decode()) for name, value in record.headers)
    return _encode(line) + b"\n"


def records_of(content: bytes, topic: str, partition: int) -> Iterator[Message]:
    """The records of a segment's lines. Raises BrokenArchive where a line is none."""
    for number, raw in enumerate(content.splitlines(), start=1):
        try:
            line = _decode(raw)
            yield Message(
                topic,
                partition,
                line.offset,
                _bytes(line.key, line.key64),
                _bytes(line.value, line.value64),
                tuple((name, text.encode()) for name, text in line.headers)
                + tuple((name, b64decode(text)) for name, text in line.headers64),
                line.timestamp_ms,
            )
        except ValueError as error:
            raise BrokenArchive(f"line {number} is no record: {error}") from error


def packed(content: bytes) -> bytes:
    """Compressed; nothing of the clock or the machine goes in."""
    return gzip.compress(content, GZIP_LEVEL, mtime=0)


def unpacked(packed: bytes) -> bytes:
    """The lines. Raises BrokenArchive."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, ValueError) as error:
        raise BrokenArchive(f"it is no gzip: {error}") from error


def digest(content: bytes) -> str:
    """SHA-256 of the lines as they are before compression, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _written(raw: bytes | None) -> tuple[str | None, str | None]:
    """The bytes as text, or else as base64."""
    if raw is None:
        return None, None
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return None, b64encode(raw).decode()


def _bytes(text: str | None, base64: str | None) -> bytes | None:
    if base64 is not None:
        return b64decode(base64)
    return None if text is None else text.encode()
