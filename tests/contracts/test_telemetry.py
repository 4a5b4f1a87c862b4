"""Every log event that any room writes is a row of the telemetry table, and no row is without a writer."""

import re
from collections.abc import Iterator
from pathlib import Path

from schemas.telemetry import NAMES, Kind

ROOT = Path(__file__).parents[2]
ROOMS = ("streams", "connectors", "sandbox", "hoso")
WRITES = re.compile(r"log\.(?:debug|info|warning|error|critical|exception)\(\s*\"([a-z_.]+)\"")


def written() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            yield from WRITES.findall(path.read_text())


def test_every_log_event_is_a_row() -> None:
    assert set(written()) - {name.name for name in NAMES if name.kind is Kind.LOG} == set()


def test_every_row_of_a_log_event_has_a_writer() -> None:
    sources = "".join(path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))

    assert [name.name for name in NAMES if name.kind is Kind.LOG and f'"{name.name}"' not in sources] == []
