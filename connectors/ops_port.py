"""A process's port for operators: /healthz, /readyz and /metrics, on a thread of its own."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from schemas.release import HEADER, Running

Ready = Callable[[], str | None]
"""None if the process can do its work, otherwise the sentence that says why not."""


def always() -> str | None:
    """Ready at once."""
    return None


class OpsPort:
    """Answers while the process lives, and says in each answer who it is. Port 0 listens nowhere."""

    def __init__(self, host: str, port: int, ready: Ready = always, who: Running | None = None) -> None:
        self._server: ThreadingHTTPServer | None = None
        if port:
            self._server = ThreadingHTTPServer((host, port), _handler(ready, str(who or "")))
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, name="ops-port", daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(ready: Ready, who: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/healthz":
                    self._answer(200, b"alive\n")
                case "/readyz":
                    why = ready()
                    self._answer(503 if why else 200, f"{why or 'ready'}\n".encode())
                case "/metrics":
                    self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
                case _:
                    self._answer(404, b"nothing here\n")

        def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header(HEADER, who)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """A probe every few seconds is no news."""

    return Handler
