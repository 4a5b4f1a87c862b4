"""The brakes on what time alone sets in motion, as `ops.holds` has them, known before the first timer fires."""

import threading
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition

from rules.holds import Brakes, Resolve, timer_concerns
from rules.parking import Kept
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.ops import HOLDS, Brake, HoldLifted, HoldSet

log = structlog.get_logger()


class Holds:
    """Reads the topic from its start and goes on reading in a thread of its own. Without a start it knows of no hold.

    `resolve` gives the code that an agency goes by today.
    """

    def __init__(self, bootstrap: str = "", resolve: Resolve = str) -> None:
        self._bootstrap, self._resolve = bootstrap, resolve
        self._brakes = Brakes()
        self.changes = 0
        """Another number after every change of what concerns timers."""

    def start(self) -> None:
        """Read to the end as it is now, then follow."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap.split(","), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        place = TopicPartition(HOLDS, 0)
        consumer.assign([place])
        consumer.seek_to_beginning(place)
        end = consumer.end_offsets([place])[place]
        while consumer.position(place) < end:
            self._take(consumer.poll(timeout_ms=1000))
        threading.Thread(target=self._follow, args=(consumer,), name="holds", daemon=True).start()

    def stops(self, kept: Kept) -> bool:
        """Whether a hold stops the timers of what is kept: of all, or of its agencies or its procedure."""
        brakes = self._brakes
        if not brakes.on():
            return False
        return any(brakes.over(Brake.TIMERS, one, self._resolve) for one in timer_concerns(kept.dossier))

    def _follow(self, consumer: Any) -> None:
        while True:
            self._take(consumer.poll(timeout_ms=5000))

    def _take(self, batches: dict[Any, list[Any]]) -> None:
        for record in (record for records in batches.values() for record in records):
            self.hears(record.value or b"")

    def hears(self, raw: bytes) -> None:
        """One more word from the topic; what this release cannot read says nothing to it."""
        try:
            event = Event.decode(raw)
        except (NotAnEvent, UnknownType) as error:
            log.error("hold.unread", why=str(error))
            return
        if isinstance(event, HoldSet | HoldLifted):
            self._brakes = self._brakes.after(event)
            self.changes += event.data.scope.what is Brake.TIMERS
            name = "hold.set" if isinstance(event, HoldSet) else "hold.lifted"
            log.info(name, scope=event.data.scope.text, by=event.data.by, why=event.data.why)
