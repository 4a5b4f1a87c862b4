"""Every event version that was ever written has its sample, and every sample there ever was is still read.

A failure here means that what stands on somebody's log would no longer be read. Mend the schema (a new field has a
default; a changed meaning is a new version with a row in `schemas/upcasting.py`), never the sample.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import upcasting
from schemas.event import TYPES, Event
from schemas.release import RELEASE
from schemas.topics import TOPICS
from tests.schemas.record import SAMPLES, WRITTEN, digest_of_file, digests

assert TOPICS, "the catalogue of types is filled by reading schemas.topics"
SEEN = sorted(WRITTEN.glob("*.json"))


def lost(before: Any, after: Any, where: str = "") -> list[str]:
    """What the first says and the second does not: a release may add, with a default, and lose nothing."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [line for name in before for line in lost(before[name], after.get(name), f"{where}.{name}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for number, (one, other) in pairs for line in lost(one, other, f"{where}[{number}]")]
    return [] if before == after else [f"{where}: {before!r} became {after!r}"]


def test_every_type_in_force_has_a_sample() -> None:
    without = TYPES.keys() - {path.stem for path in SEEN}

    assert not without, f"add a sample of each: python -m tests.schemas.record < event.json ({sorted(without)})"


@pytest.mark.parametrize("path", SEEN, ids=lambda path: path.stem)
def test_a_sample_is_read_for_ever_and_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasting.VERSIONS, "finalised", RELEASE)
    written = json.loads(path.read_text())

    event = Event.decode(path.read_bytes())

    read = json.loads(event.encode())
    assert (event.ref, upcasting.first(event.type)) == (f"{written['source']} {written['id']}", first_of(path.stem))
    assert lost(written, upcasting.lowered(read, written["type"])) == []
    assert Event.decode(event.encode()) == event


def first_of(name: str) -> str:
    return f"{name.rpartition('.')[0]}.v1"


def test_no_sample_is_ever_altered_or_deleted() -> None:
    there = {name: digest_of_file(SAMPLES / name) if (SAMPLES / name).exists() else "gone" for name in digests()}

    changed = {name for name, digest in digests().items() if there[name] != digest}
    assert not changed, f"put them back as they were; DIGESTS only grows: {sorted(changed)}"


def test_every_sample_is_on_the_list() -> None:
    files = {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.json")}

    assert files == digests().keys(), "python -m tests.schemas.record adds a sample together with its line"


def test_a_field_that_went_missing_would_be_seen() -> None:
    assert lost({"a": [{"b": 1}], "c": 2}, {"a": [{"b": 1, "new": 0}], "c": 2}) == []
    assert lost({"a": [{"b": 1}]}, {"a": [{}]}) == [".a[0].b: 1 became None"]
    assert lost({"a": [1]}, {"a": []}) == [".a: [1] became []"]
