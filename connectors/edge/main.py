"""`hoso edge`: the HTTP door as a process."""

import socket
import sys
import threading
from collections.abc import Mapping

import structlog
import uvicorn

from connectors.archive import open_archive
from connectors.broker import Producer
from connectors.console.app import AT, make_console
from connectors.console.desk import Desk
from connectors.console.main import desk_of
from connectors.day_keys import DayEvidence
from connectors.edge.app import make_app
from connectors.edge.door import Door
from connectors.edge.guesses import Guesses
from connectors.gate.gate import Gate
from connectors.holds import Holds
from connectors.loop import serve
from connectors.reference import References
from connectors.retention import DaysSweep, Sweep, seen
from connectors.seal import Evidence
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store
from connectors.verdicts import TryLater

log = structlog.get_logger()
SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while others want it: an answer waits for a chain of short turns, of the
request's thread, the producer's and the loop's, and its tail is shorter than at Python's usual 5 ms.
"""
STOP_SECONDS = 10
"""How long (real time) requests under way may take to end."""


class Edge:
    """One uvicorn over one app. It listens at once, and answers 503 while anything it needs is away."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._store, self._read = open_store(settings.database_url), open_store(settings.read_database_url)
        self._producer = Producer(settings.kafka_bootstrap, f"edge-{settings.instance}")
        self._references = References(settings.kafka_bootstrap)
        self._holds = Holds(settings.kafka_bootstrap, lambda code: self._references.edition().resolve(code))
        secrets = ensure_secrets(settings.secrets_dir)
        gate = Gate(secrets, self._store, self._producer, self._references)
        door = Door(
            settings,
            self._store,
            self._producer,
            self._references,
            gate,
            DayEvidence(self._store, secrets.evidence),
            Evidence(secrets.feed),
            tracking=secrets.tracking,
            holds=self._holds,
            read=self._read,
            guesses=Guesses(settings.track_misses_per_address_per_minute, settings.track_misses_per_minute),
            archive=open_archive(settings.archive) if settings.archive else None,
        )
        self._sweep = Sweep(self._store, settings.retention_seconds, seen(settings))
        self._days = DaysSweep(self._store, settings)
        app = make_app(door)
        self._console: Desk | None = None
        if settings.edge_console:
            self._console = desk_of(
                settings, self._store, self._read, self._producer, self._references, self._holds, secrets
            )
            app.mount(AT, make_console(self._console))
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=STOP_SECONDS,
            h11_max_incomplete_event_size=64 * 1024,
            server_header=False,
            # Whom a proxy speaks for, `connectors.edge.caller` tells: uvicorn would believe anybody on this machine.
            proxy_headers=False,
        )
        self._server = uvicorn.Server(config)
        self._working = False

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Where it listens, writes and keeps."""
        settings = self._settings
        return {
            "kafka": settings.kafka_bootstrap,
            "database": self._store.address,
            "listens": f"http://{settings.edge_host}:{settings.edge_port}",
        }

    def ready(self) -> str | None:
        """Once it listens and knows the reference data and the holds."""
        why = "waiting for the database, the reference data and the holds"
        return None if self._working and self._server.started else why

    def run(self) -> None:
        """Until told to stop; then no new connection is taken and those under way end."""
        self._store.migrate()
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._settings.edge_host, self._settings.edge_port))
            server = threading.Thread(target=self._server.run, args=([listening],), name="http")
            server.start()
            try:
                # The holds first: without reference data nobody is let in to the feed.
                self._working = self._holds.start(self._stop) and self._references.start(self._stop)
                while server.is_alive() and not self._stop.wait(0.5):
                    self._swept()
            finally:
                if self._console is not None:
                    self._console.pulse.close()
                self._server.should_exit = True
                server.join()

    def _swept(self) -> None:
        """Remove what is past its time; a database that is away is asked again."""
        try:
            self._sweep.look()
            self._days.look()
        except TryLater as later:
            log.warning("broker.away", database=self._store.address, why=later.why)

    def close(self) -> None:
        """Let go of everything."""
        self._references.close()
        self._holds.close()
        self._producer.close()
        self._read.close()
        self._store.close()


def main() -> None:
    """Live as `hoso edge`."""
    sys.setswitchinterval(SWITCH_SECONDS)
    serve("edge", Edge)


if __name__ == "__main__":
    main()
