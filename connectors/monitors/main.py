"""`hoso monitor`: topics, groups, queues and the read model in; metrics out. It only looks, and nothing waits for it.

Its heartbeat is the pipeline's dead man's switch: whoever scrapes it misses it. docs/watching.md.
"""

import threading
from collections.abc import Mapping

from prometheus_client import REGISTRY, CollectorRegistry

from connectors.monitors.board import Board
from connectors.monitors.brakes import Brakes
from connectors.monitors.dossiers import Dossiers, Projection
from connectors.monitors.letters import Letters
from connectors.monitors.looking import A_TWENTIETH, Look, Looker
from connectors.monitors.queues import Queues
from connectors.monitors.readers import Readers
from connectors.process import serve
from connectors.settings import Settings
from connectors.store import open_store

NAME = "monitor"
BEAT_SECONDS = 1.0
END_SECONDS = 10.0
"""How long (real time) looks under way may take to end; then they are left alone: nothing hangs on them."""


class Monitor:
    """The process: a thread a look, and the heartbeat on the main one. Any number of them may run."""

    def __init__(self, settings: Settings, stop: threading.Event, registry: CollectorRegistry = REGISTRY) -> None:
        self._settings, self._stop, self._registry = settings, stop, registry
        self._store, self._model = open_store(settings.database_url), open_store(settings.read_database_url)
        self._board = Board()
        self._error: BaseException | None = None
        self._letters = Letters(settings.kafka_bootstrap)
        self._lookers = self._made()
        registry.register(self._board)

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Kafka and both databases."""
        return {
            "kafka": self._settings.kafka_bootstrap,
            "database": self._store.address,
            "read_database": self._model.address,
        }

    def ready(self) -> str | None:
        """Once it has looked at everything."""
        blind = [looker.name for looker in self._lookers if not looker.has_looked]
        return f"it has not seen yet: {', '.join(blind)}" if blind else None

    def run(self) -> None:
        """Until told to stop. Raises what broke a look, if something did."""
        for looker in self._lookers:
            looker.start()
        while not self._stop.wait(BEAT_SECONDS):
            self._board.beats()
        for looker in self._lookers:
            looker.join(END_SECONDS)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Let go of everything."""
        self._registry.unregister(self._board)
        self._letters.close()
        self._store.close()
        self._model.close()

    def _made(self) -> list[Looker]:
        kafka, often = self._settings.kafka_bootstrap, self._settings.monitor_seconds
        return [
            self._looker("readers", Readers(kafka).look, often),
            self._looker("holds", Brakes(kafka).look, often),
            self._looker("letters", self._letters.look, often),
            self._looker("projection", Projection(kafka, self._model).look, often),
            self._looker("queues", Queues(self._store).look, often, A_TWENTIETH),
            self._looker("dossiers", Dossiers(self._model).look, self._settings.monitor_dossiers_seconds, A_TWENTIETH),
        ]

    def _looker(self, name: str, look: Look, every_seconds: float, rests: float = 0.0) -> Looker:
        return Looker(name, look, every_seconds, self._board, self._stop, self._broken, rests)

    def _broken(self, error: BaseException) -> None:
        """A look met an error that is no verdict: the process ends with it."""
        self._error = self._error or error
        self._stop.set()


def main() -> None:
    """`hoso monitor`."""
    serve(NAME, Monitor)


if __name__ == "__main__":
    main()
