"""The words between the engine and whoever folds: a record in, a step's result out. All of it is bytes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple


class Record(NamedTuple):
    """One record of the input topic."""

    key: bytes
    value: bytes
    offset: int
    partition: int
    timestamp_ms: int
    headers: Sequence[tuple[str, bytes]] = ()


class Letter(NamedTuple):
    """A record for a topic that is not laid out like the input: its partition follows from its key alone."""

    topic: str
    key: bytes
    value: bytes


class Stepped(NamedTuple):
    """What one record has caused.

    `state`: the key's new state; None says state and timer stay as they are.
    `next_due`: epoch seconds of the key's next timer, None for none; read only beside a new state.
    `outputs`: (topic, value), keyed like the record and written to the partition of the same number.
    `letters`: everything that goes to another key or to a topic with other partitions.
    `closed`: with this state the key is finished; once it is committed, state and watermark are deleted for good.
    """

    state: bytes | None
    next_due: float | None = None
    outputs: Sequence[tuple[str, bytes]] = ()
    letters: Sequence[Letter] = ()
    closed: bool = False


Step = Callable[[bytes | None, Record], Stepped]
"""(state or None, record) -> what follows. Pure and synchronous: it may be called twice for the same record."""

Poison = Callable[[Record, Exception, bytes | None], Stepped]
"""(record, what the step raised, the state before it) -> what follows instead: park the key, write a dead letter."""

Fire = Callable[[bytes, bytes, float], Sequence[bytes]]
"""(key, state, now) -> facts for the input topic under that key. Pure; nothing means: ask again later."""

Clock = Callable[[], float]
"""Epoch seconds. It may be driven and run far faster than real time."""

LogId = Callable[[], Awaitable[bytes]]
"""The identity of the input topic; a topic deleted and made again has another one."""
