"""The read model's pulse: one thread looks whether it moved, and every open page that listens is told."""

import asyncio
import threading
from collections.abc import AsyncIterator

import structlog
from sqlalchemy import func, select

from connectors.project import sets
from connectors.store import Store
from connectors.verdicts import TryLater

log = structlog.get_logger()
EVERY_SECONDS = 0.4
"""How often (real time) it is looked at while anybody listens: a page shows a change within two seconds."""
QUIET_SECONDS = 15.0
"""After so long without a change a word goes out all the same, so that a broken line is noticed."""


class Pulse:
    """Counts the read model's changes. Listeners are coroutines of one event loop."""

    def __init__(self, read_store: Store) -> None:
        self._store = read_store
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._change = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    async def beats(self) -> AsyncIterator[bool]:
        """True after each change, False after a while without one. Ends when closed."""
        mine = (asyncio.get_running_loop(), asyncio.Event())
        self._listen(mine)
        try:
            while not self._closed:
                try:
                    await asyncio.wait_for(mine[1].wait(), QUIET_SECONDS)
                    mine[1].clear()
                    yield True
                except TimeoutError:
                    yield False
        finally:
            with self._change:
                self._listeners.discard(mine)

    def close(self) -> None:
        """End every listening."""
        with self._change:
            self._closed = True
            self._tell()
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=3)

    def _listen(self, mine: tuple[asyncio.AbstractEventLoop, asyncio.Event]) -> None:
        with self._change:
            self._listeners.add(mine)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._look, name="pulse", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def _tell(self) -> None:
        for loop, event in self._listeners:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def _look(self) -> None:
        seen: object = None
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closed or self._listeners)
                if self._closed:
                    return
            try:
                found = self._state()
            except TryLater as later:
                log.warning("console.blind", why=later.why)
                found = seen
            with self._change:
                if found != seen:
                    seen = found
                    self._tell()
                self._change.wait_for(lambda: self._closed, EVERY_SECONDS)

    def _state(self) -> object:
        with sets.looking(self._store) as (connection, tables):
            return tables.projected.name, connection.scalar(select(func.sum(tables.projected.c.next)))
