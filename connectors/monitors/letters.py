"""The dead letters that wait for somebody, counted as `hoso dead-letters list` does, by following their topic."""

import base64
import time
from collections import Counter
from collections.abc import Iterable

from connectors.broker import Message, Reader
from connectors.dead_letters import facts
from connectors.monitors.board import Sample
from connectors.verdicts import TryLater
from schemas.ops import DEAD_LETTERS, REDRIVEN, DeadLetterKept, DeadLetterRedriven
from schemas.topics import DAY_MS, TOPICS

KEPT_MS = next(topic.days for topic in TOPICS if topic.name == DEAD_LETTERS) * DAY_MS


class Waiting:
    """Which places have a dead letter that nobody has put back; of each only its topic and when it was written."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[str, int]] = {}
        self._place_of: dict[str, str] = {}
        self._settled: set[str] = set()

    def hears(self, records: Iterable[Message]) -> None:
        """What more of the topic says."""
        for record in records:
            for fact in facts([record]):
                match fact:
                    case DeadLetterKept():
                        self._kept(fact, record.timestamp_ms)
                    case DeadLetterRedriven():
                        self._settled.add(fact.data.letter)

    def _kept(self, letter: DeadLetterKept, written_ms: int) -> None:
        self._written.setdefault(letter.data.place, (letter.data.topic, written_ms))
        self._place_of[letter.id] = letter.data.place
        # Put back by somebody whose word of it was never written: it has come back as this one.
        self._settled.update(
            base64.b64decode(value).decode(errors="replace")
            for name, value in letter.data.headers or ()
            if name == REDRIVEN
        )

    def by_topic(self, now_ms: float) -> Counter[str]:
        """How many wait, by the topic their bytes came from; what its topic keeps no longer is forgotten."""
        old = {place for place, (_, written_ms) in self._written.items() if written_ms < now_ms - KEPT_MS}
        if old:
            self._written = {place: at for place, at in self._written.items() if place not in old}
            self._place_of = {id: place for id, place in self._place_of.items() if place not in old}
        settled = {self._place_of[id] for id in self._settled if id in self._place_of}
        return Counter(topic for place, (topic, _) in self._written.items() if place not in settled)


class Letters:
    """The look at the dead letters: reads their topic once, then what is new."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._reader: Reader | None = None
        self._waiting, self._topics = Waiting(), set[str]()

    def look(self) -> list[Sample]:
        """How many wait, by topic. Raises TryLater, and begins anew after it."""
        try:
            if self._reader is None:
                self._reader, self._waiting = Reader(self._bootstrap, DEAD_LETTERS), Waiting()
            self._waiting.hears(self._reader.to_end())
        except TryLater:
            self.close()
            raise
        counts = self._waiting.by_topic(time.time() * 1000)
        self._topics |= counts.keys()
        return [Sample("hoso_dead_letters_waiting", (topic,), counts[topic]) for topic in sorted(self._topics)]

    def close(self) -> None:
        """Read no further."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
