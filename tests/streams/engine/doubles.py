"""An engine without a broker: Units go in by hand, a producer that only notes comes out."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from faust.types import TP

from streams.engine import Engine, Step, build_app
from streams.engine.producer import Written
from streams.engine.unit import Unit

CHANGELOG = "bare-state-changelog"


class Raw(NamedTuple):
    """What aiokafka hands over."""

    key: bytes | None
    value: bytes | None
    offset: int
    partition: int = 0
    timestamp: int = 1_700_000_000_000
    headers: Sequence[tuple[str, bytes]] = ()


class NotingProducer:
    """Acknowledges at once, or when it is let, and notes in which order it was asked."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, list[tuple[bytes, bytes | None]]]] = []
        self.ends: dict[tuple[str, int], int] = {}
        self.held: dict[str, asyncio.Event] = {}

    async def send_rows(self, topic: str, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> list[Written]:
        """Note, wait if this topic is held back, acknowledge."""
        noted = list(rows)
        self.sent.append((topic, partition, noted))
        if topic in self.held:
            await self.held[topic].wait()
        first = self.ends.get((topic, partition), 0)
        self.ends[topic, partition] = first + len(noted)
        return [Written(first, len(noted))]

    async def place(self, topic: str, key: bytes) -> int:
        """Always the first."""
        return 0

    @property
    def topics(self) -> list[str]:
        """Where it was asked to write, in order."""
        return [topic for topic, _, _ in self.sent]


def bare(tmp_path: Path, step: Step, **settings: Any) -> tuple[Engine, NotingProducer]:
    """An engine that owns partition 0."""
    app = build_app("bare", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=1)
    engine = Engine(app, input_topic="in", table="state", partitions=1, step=step, **settings)
    producer = NotingProducer()
    app._producer = producer  # type: ignore[assignment]  # all the engine calls
    engine.table.held[0].owned = True
    return engine, producer


def unit_of(*records: Raw) -> Unit:
    """A Unit of partition 0."""
    return Unit(TP("in", 0), records)
