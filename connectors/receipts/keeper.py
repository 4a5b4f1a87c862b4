"""The loop that makes receipts, on a thread of its own within `hoso notify`: dossier.state in, receipts and roots out.

It has a group of its own, so it delays no word to an agency and waits for none.
"""

import threading
from collections.abc import Callable

from connectors.broker import Consumer, Producer
from connectors.letter_boxes import LetterBoxes
from connectors.loop import run
from connectors.receipts.days import Days
from connectors.receipts.making import Making
from connectors.secrets import Secrets
from connectors.settings import Settings
from connectors.store import Store
from schemas.state import STATE

GROUP = "hoso-receipts"
GATHER_SECONDS = 0.25
"""How far apart batches of states are."""
IDLE_MS = 1000
"""How long a poll waits for a state, in real time: also how soon after midnight a day is closed."""


class Keeper:
    """Started once the tables are there. `broken` hears of an error that is no verdict: the process ends with it."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        producer: Producer,
        secrets: Secrets,
        broken: Callable[[BaseException], None],
    ) -> None:
        self._settings, self._broken = settings, broken
        self._store, self._producer, self._secrets = store, producer, secrets
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receipts")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Finish the batch at hand and end; the store and the producer stay open."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            key = self._secrets.signing
            boxes = LetterBoxes(self._store, self._secrets.openers_public)
            making, days = Making(self._store, self._producer, key, boxes), Days(self._store, self._producer, key)
            run(
                self._consumer(),
                making.handle,
                self._stop,
                process="notify",
                timeout_ms=IDLE_MS,
                gather_seconds=GATHER_SECONDS,
                between=days.turn,
            )
        except BaseException as error:
            self._broken(error)

    def _consumer(self) -> Consumer:
        settings = self._settings
        return Consumer(
            [STATE], GROUP, settings.instance, settings.kafka_bootstrap, session_seconds=settings.session_seconds
        )
