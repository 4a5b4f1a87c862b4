"""What the demo sees of the pipeline from outside: every fact on its topics as it comes, and how far each reader
is behind.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kafka.admin import OffsetSpec

from connectors.broker import Consumer
from connectors.broker.admin import admin
from connectors.verdicts import TryLater
from schemas.event import Event, NotAnEvent, UnknownType

GROUPS = (
    "hoso-worker", "hoso-intake", "hoso-dispatch", "hoso-translate", "hoso-poll", "hoso-notify", "hoso-receipts"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """A fact as it stood on a topic; `at_ms` is the real time at which its producer wrote it."""

    topic: str
    at_ms: int
    event: Event


class Ear(threading.Thread):
    """Reads topics live into memory until stopped. `told` is called with each fact, in this thread."""

    def __init__(self, bootstrap: str, topics: Sequence[str], told: Callable[[Seen], None]) -> None:
        super().__init__(name="ear", daemon=True)
        self._consumer = Consumer(list(topics), "hoso-demo", "hoso-demo-0", bootstrap)
        self._told, self._over = told, threading.Event()
        self.by_topic: dict[str, list[Seen]] = defaultdict(list)
        self.unreadable = 0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                messages = self._consumer.poll(1000, 300)
            except TryLater:
                continue
            for message in messages:
                try:
                    event = Event.decode(message.value or b"")
                except (NotAnEvent, UnknownType):
                    self.unreadable += 1
                    continue
                seen = Seen(message.topic, message.timestamp_ms, event)
                self.by_topic[message.topic].append(seen)
                self._told(seen)
        self._consumer.close()

    def stop(self) -> None:
        """Read no further."""
        self._over.set()
        self.join()


class LagWatch(threading.Thread):
    """Asks the cluster once in a while how far each group of readers is behind, in records and in seconds."""

    def __init__(self, bootstrap: str, every_seconds: float = 0.7) -> None:
        super().__init__(name="lag", daemon=True)
        self._cluster, self._every = bootstrap, every_seconds
        self._over = threading.Event()
        self._clear_at = time.monotonic()
        self.records: dict[str, int] = {}
        self.worst_seconds = 0.0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with admin(self._cluster) as client:
                    while not self._over.wait(self._every):
                        self._look(client)
            except TryLater:
                continue

    def _look(self, client: object) -> None:
        committed = client.list_group_offsets(list(GROUPS))  # type: ignore[attr-defined]  # kafka-python is untyped
        places = {place for offsets in committed.values() for place in offsets if place.topic != "dossier.state"}
        if not places:
            # Nobody has read anything yet, so nobody is behind.
            self._clear_at = time.monotonic()
            return
        ends = client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))  # type: ignore[attr-defined]
        found: dict[str, int] = {}
        for group, offsets in committed.items():
            behind = (_offset(ends[place]) - _offset(offset) for place, offset in offsets.items() if place in ends)
            found[group] = sum(max(0, one) for one in behind)
        self.records = found
        # A handful in flight is work, not lag: commits come twice a second.
        if self.total() <= FLOWING:
            self._clear_at = time.monotonic()
        self.worst_seconds = max(self.worst_seconds, self.seconds())

    def total(self) -> int:
        """Records not yet handled, over all readers."""
        return sum(self.records.values())

    def seconds(self) -> float:
        """For how long, in real seconds, the pipeline has been behind; 0 while it keeps up."""
        behind = time.monotonic() - self._clear_at
        return behind if behind > self._every * 1.5 else 0.0

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self.join()


FLOWING = 120
"""So many records on their way are the flow itself."""


def _offset(value: object) -> int:
    found = getattr(value, "offset", value)
    assert isinstance(found, int)
    return found
