"""Adds a sample of an event's type: `python -m tests.schemas.record < event.json`.

The event is as it stands on its topic: take a real one with any Kafka client, put an invented citizen in the place of a
real one, leave what is sealed sealed. A sample is written once: it stands for every such event on the log, and is never
altered again. Its digest is appended to `samples/DIGESTS`.
"""

import hashlib
import json
import sys
from pathlib import Path

from schemas.event import Event, type_of
from schemas.topics import TOPICS

assert TOPICS, "the catalogue of types is filled by reading schemas.topics"
SAMPLES = Path(__file__).parent / "samples"
WRITTEN = SAMPLES / "written"
"""One file a type and version, named by it: events as they stood on their topics."""
DIGESTS = SAMPLES / "DIGESTS"
"""`sha256  file`, a line for every sample there ever was. Lines are only ever added."""


def digest_of_file(path: Path) -> str:
    """What a sample's line says of its content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests() -> dict[str, str]:
    """Every recorded sample's digest, by its place beneath `samples/`."""
    rows = (line.split("  ", 1) for line in DIGESTS.read_text().splitlines())
    return {name: digest for digest, name in rows}


def record(raw: bytes) -> Path:
    """Keep a sample. Raises NotAnEvent or UnknownType for what cannot be read here, FileExistsError for a second."""
    path = WRITTEN / f"{type_of(raw)}.json"
    said = json.loads(Event.decode(raw).encode())
    with path.open("x", encoding="utf-8") as file:
        file.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    with DIGESTS.open("a", encoding="utf-8") as file:
        file.write(f"{digest_of_file(path)}  {path.relative_to(SAMPLES)}\n")
    return path


if __name__ == "__main__":
    print(f"{record(sys.stdin.buffer.read())} is written; commit it with {DIGESTS.name}")
