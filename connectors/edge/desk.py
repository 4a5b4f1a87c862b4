"""Where citizens are served: a link in, what is to be said of its dossier out; a rating in, what became of it out."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from fastapi import Request

from connectors.broker import Message
from connectors.edge.caller import address_of, home_of
from connectors.edge.citizen import Citizen, told
from connectors.edge.door import Door
from connectors.edge.finding import NotHere, find
from connectors.edge.link import Link
from connectors.edge.rating import Became, Ratings, Sent
from connectors.history import folded
from connectors.project.remembered import remembered
from connectors.project.sets import NotFilled
from schemas import trace

FRESH_SECONDS = 30.0
"""How long (real time) what was read off the log is shown again: whoever has a link may call it often."""
MOST_KEPT = 1000


class Fresh:
    """What was found lately, each for a short while; threads share it."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Citizen | None]] = OrderedDict()

    def get(self, code: str, look: Callable[[], Citizen | None]) -> Citizen | None:
        """What was found for this code lately, or what `look` finds now."""
        with self._lock:
            until, kept = self._kept.get(code, (0.0, None))
        if until > self._seconds():
            return kept
        found = look()
        with self._lock:
            self._kept[code] = self._seconds() + FRESH_SECONDS, found
            self._kept.move_to_end(code)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def forget(self, code: str) -> None:
        """It has changed."""
        with self._lock:
            self._kept.pop(code, None)


class Desk:
    """The citizens' desk of one door. Threads share it."""

    def __init__(self, door: Door) -> None:
        self._door, self._fresh, self._ratings = door, Fresh(), Ratings()

    def show(self, link: Link, request: Request) -> Citizen:
        """What is to be said. Raises NotHere, TooMany; TryLater, UnknownVersion, BrokenArchive while it cannot be."""
        code = self._code(link, request)
        found = self._fresh.get(code, lambda: self._look(code))
        if found is None:
            raise NotHere
        return found

    def rate(self, link: Link, sent: Sent, request: Request) -> Became:
        """What becomes of a rating. Raises as `show` does."""
        code = self._code(link, request)
        came_by = request.headers.get(trace.HEADER)
        became = self._ratings.take(self._door.gate, code, sent, lambda: self._look(code), came_by)
        self._fresh.forget(code)
        return became

    def _code(self, link: Link, request: Request) -> str:
        address = home_of(address_of(request, self._door.settings.trusted_proxies))
        return find(self._door, link.tracking, link.dossier, address)

    def _look(self, code: str) -> Citizen | None:
        reference, records = self._door.references.reference, self._remembered(code)
        found = self._door.history(reference, code) if records is None else folded(records, reference)
        return told(found, reference) if found else None

    def _remembered(self, code: str) -> list[Message] | None:
        """A dossier's records by the read model; None where there is none."""
        if self._door.read is None:
            return None
        try:
            return remembered(self._door.settings.kafka_bootstrap, self._door.read, code)
        except NotFilled:
            return None
