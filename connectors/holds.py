"""The brakes on their topic, `ops.holds`: followed by every process that has effects, said by operators and lanes."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product

import structlog

from connectors.broker import FOLLOWERS_FETCH_MS, Message, Reader, read_all
from connectors.metrics import gauge
from connectors.process import beside
from connectors.verdicts import TryLater
from rules.holds import Brakes, Concern, Resolve, sentence
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.ops import HOLDS, Brake, HoldLifted, HoldSet

log = structlog.get_logger()


class Holds:
    """Reads the topic to its end, then follows it in a thread until closed. One that never started knows of no hold.

    While the broker is away what was said last stands. `resolve` gives the code that an agency goes by today.
    """

    def __init__(self, bootstrap: str = "", resolve: Resolve = str) -> None:
        self._bootstrap, self._resolve = bootstrap, resolve
        self._brakes, self._changes = Brakes(), 0
        self._known, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, stop: threading.Event | None = None) -> bool:
        """Wait until all that was said is known, and for the broker if it is away; False if told to stop before.

        An error that is no verdict ends the process, also later.
        """
        stop = stop or self._stop
        self._thread = beside("holds", self._follow)
        self._thread.start()
        while not stop.is_set():
            if self._known.wait(0.5):
                return True
        return False

    def why_held(
        self, what: Brake, *, carrier: str | None = None, agency: str | None = None, procedure: str | None = None
    ) -> str | None:
        """Which hold stops such an effect, who set it and why; None if it may go."""
        hold = self._brakes.over(what, Concern(carrier, agency, procedure), self._resolve)
        return sentence(hold) if hold else None

    def lifted_at(
        self, what: Brake, *, carrier: str | None = None, agency: str | None = None, procedure: str | None = None
    ) -> datetime | None:
        """When a hold was last lifted that had stopped such an effect."""
        return self._brakes.lifted_at(what, Concern(carrier, agency, procedure), self._resolve)

    @property
    def on(self) -> list[HoldSet]:
        """The holds that are set, the oldest first."""
        return self._brakes.on()

    @property
    def changes(self) -> int:
        """A number that is another one after every change."""
        return self._changes

    def close(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=3)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with Reader(self._bootstrap, HOLDS, fetch_ms=FOLLOWERS_FETCH_MS) as reader:
                    # From the start again after a fault: what was said long ago must not stand for a moment.
                    self._stands(after(Brakes(), reader.to_end()))
                    while not self._stop.is_set():
                        self._stands(after(self._brakes, reader.poll(1000)))
            except TryLater as later:
                log.warning("broker.away", topic=HOLDS, why=later.why)
                self._stop.wait(1)

    def _stands(self, brakes: Brakes) -> None:
        before, self._brakes = self._brakes.said, brakes
        if before != brakes.said:
            for scope, said in brakes.said.items():
                if before.get(scope) != said:
                    name = "hold.set" if isinstance(said, HoldSet) else "hold.lifted"
                    log.info(name, scope=scope, by=said.data.by, why=said.data.why)
            _show(brakes.on())
            self._changes += 1
        self._known.set()


def after(brakes: Brakes, messages: Iterable[Message]) -> Brakes:
    """The brakes after these records; what this release cannot read says nothing to it."""
    for message in messages:
        try:
            event = Event.decode(message.value or b"")
        except (NotAnEvent, UnknownType) as error:
            log.error("hold.unread", offset=message.offset, why=str(error))
            continue
        if isinstance(event, HoldSet | HoldLifted):
            brakes = brakes.after(event)
    return brakes


def _show(on: Sequence[HoldSet]) -> None:
    """How many holds are set, by what they stop and whether a lane asks."""
    counts = Counter((hold.data.scope.what, hold.data.asks) for hold in on)
    for what, asks in product(Brake, (False, True)):
        gauge("hoso_holds").labels(what.value, "yes" if asks else "no").set(counts[what, asks])


def standing(bootstrap: str) -> Brakes:
    """The brakes as they stand now. Raises TryLater while the broker is away."""
    return after(Brakes(), read_all(bootstrap, HOLDS))
