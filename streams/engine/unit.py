"""The Unit: what one fetch brought from one partition, and everything that follows from it."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import faust
from faust.types import TP

from streams.engine.step import Letter

Rows = list[tuple[bytes, bytes]]


class Unit:
    """The records of one fetch of one partition, and what they caused.

    It is committable once its task is done, and that is when outputs and then changelog are acknowledged.
    A revoked Unit has not started and never will: its records are fetched again.
    """

    __slots__ = ("begins", "changes", "end", "letters", "outputs", "records", "revoked", "start", "task", "tp")

    def __init__(self, tp: TP, records: Sequence[Any], begins: int | None = None) -> None:
        self.tp = tp
        self.records = records
        self.begins: int = records[0].offset if begins is None else begins
        self.start: int = records[0].offset
        self.end: int = records[-1].offset + 1
        self.changes: dict[bytes, bytes] = {}
        self.outputs: defaultdict[str, Rows] = defaultdict(list)
        self.letters: list[Letter] = []
        self.task: asyncio.Task[None] | None = None
        self.revoked = False

    @property
    def done(self) -> bool:
        """Everything it caused is on Kafka."""
        task = self.task
        return task is not None and task.done() and not task.cancelled() and task.exception() is None


class UnitSchema(faust.Schema):  # type: ignore[type-arg]  # keys and values stay bytes
    """Hands a Unit to the agent as it is; Faust decodes nothing."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        """The function Faust calls once a Unit."""
        create_event = app.create_event

        async def decode(message: Any, **kw: Any) -> Any:
            return create_event(None, message.value, None, message)

        return decode
