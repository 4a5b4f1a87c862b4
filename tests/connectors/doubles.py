"""Doubles for the doors: a producer that keeps what it gets, reference data that is there, a database in a file."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.broker import Message, Producer
from connectors.broker.record import Headers
from connectors.holds import Holds
from connectors.reference import Published, References
from connectors.secrets import Secrets, ensure_secrets
from connectors.store import Store, open_store
from connectors.verdicts import TryLater
from rules.holds import Resolve
from schemas.event import Event
from schemas.instant import now
from schemas.ops import HoldLifted, HoldSet
from schemas.reference import Bundle


class KeptProducer(Producer):
    """What was published, in order, as (topic, key, value); `away` makes it a broker that does not answer."""

    def __init__(self) -> None:
        super().__init__("nowhere:1")
        self.rows: list[tuple[str, bytes, bytes]] = []
        self.away, self.grew = False, threading.Event()

    def _deliver(self, rows: Iterable[tuple[str, bytes, bytes, Headers]]) -> None:
        if self.away:
            raise TryLater("no broker")
        self.rows += [(topic, key, value) for topic, key, value, _ in rows]
        self.grew.set()

    def on(self, topic: str) -> list[Event]:
        """The events on a topic."""
        return [Event.decode(value) for to, _, value in self.rows if to == topic]

    def messages(self, topic: str) -> list[Message]:
        """The records of a topic, as its one partition."""
        rows = [(key, value) for to, key, value in self.rows if to == topic]
        return [Message(topic, 0, offset, key, value) for offset, (key, value) in enumerate(rows)]


class FixedReferences(References):
    """One version, in force."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__("nowhere:1")
        self._bundles[bundle.version], self._newest = bundle, bundle.version
        self._published = (Published(now(), bundle),)


class Said(Holds):
    """The holds of a test: what it says is known at once."""

    def __init__(self, *events: HoldSet | HoldLifted, resolve: Resolve = str) -> None:
        super().__init__(resolve=resolve)
        self.say(*events)

    def say(self, *events: HoldSet | HoldLifted) -> None:
        """Words from the topic."""
        say(self, *events)


def say(holds: Holds, *events: HoldSet | HoldLifted) -> None:
    """Let these words come from the topic."""
    brakes = holds._brakes
    for event in events:
        brakes = brakes.after(event)
    holds._stands(brakes)


@contextmanager
def a_store(folder: Path) -> Iterator[Store]:
    """A database with its tables."""
    store = open_store(f"sqlite:///{folder / 'hoso.db'}")
    store.migrate()
    try:
        yield store
    finally:
        store.close()


def some_secrets(folder: Path) -> Secrets:
    """Fresh keys."""
    return ensure_secrets(folder / "secrets")
