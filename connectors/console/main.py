"""`hoso console`: the console as a process of its own."""

import socket
import threading
from collections.abc import Mapping

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from connectors.broker import Producer
from connectors.console.app import AT, make_console
from connectors.console.desk import Desk
from connectors.console.people import People
from connectors.console.pulse import Pulse
from connectors.console.session import Sessions
from connectors.holds import Holds
from connectors.process import serve
from connectors.reference import References
from connectors.secrets import Secrets, ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, open_store
from connectors.untold import UNTOLD

STOP_SECONDS = 5
"""How long (real time) requests under way may take to end."""


def desk_of(
    settings: Settings, store: Store, read_store: Store, producer: Producer, references: References, holds: Holds,
    secrets: Secrets,
) -> Desk:  # fmt: skip
    """The console's tools over those of the process it lives in."""
    people = People(settings.people_file)
    sessions, pulse = Sessions(secrets.console, people), Pulse(read_store)
    return Desk(settings, store, read_store, producer, references, holds, secrets, people, sessions, pulse)


class Console:
    """One uvicorn over the console below its usual path."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._store, self._read_store = open_store(settings.database_url), open_store(settings.read_database_url)
        self._producer = Producer(settings.kafka_bootstrap, f"console-{settings.instance}")
        self._references = References(settings.kafka_bootstrap)
        self._holds = Holds(settings.kafka_bootstrap, lambda code: self._references.edition().resolve(code))
        secrets = ensure_secrets(settings.secrets_dir)
        self._desk = desk_of(
            settings, self._store, self._read_store, self._producer, self._references, self._holds, secrets
        )
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=UNTOLD)
        app.mount(AT, make_console(self._desk))
        app.add_api_route("/", lambda: RedirectResponse(f"{AT}/"), include_in_schema=False)
        config = uvicorn.Config(
            app, access_log=False, log_config=None, timeout_graceful_shutdown=STOP_SECONDS, server_header=False
        )
        self._server = uvicorn.Server(config)
        self._working = False

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Where it listens, and what it reads."""
        settings = self._settings
        return {
            "kafka": settings.kafka_bootstrap,
            "database": self._store.address,
            "read_database": self._read_store.address,
            "listens": f"http://{settings.console_host}:{settings.console_port}{AT}/",
        }

    def ready(self) -> str | None:
        """Once it listens and knows the reference data and the holds."""
        why = "waiting for the reference data and the holds"
        return None if self._working and self._server.started else why

    def run(self) -> None:
        """Until told to stop."""
        self._store.migrate()
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._settings.console_host, self._settings.console_port))
            server = threading.Thread(target=self._server.run, args=([listening],), name="http")
            server.start()
            try:
                self._working = self._holds.start(self._stop) and self._references.start(self._stop)
                while server.is_alive() and not self._stop.wait(0.5):
                    pass
            finally:
                self._desk.pulse.close()
                self._server.should_exit = True
                server.join()

    def close(self) -> None:
        """Let go of everything."""
        self._references.close()
        self._holds.close()
        self._producer.close()
        self._store.close()
        self._read_store.close()


def main() -> None:
    """Live as `hoso console`."""
    serve("console", Console)


if __name__ == "__main__":
    main()
