"""An agency's ear on a loopback port, and a clock that moves when told: doubles for the lanes."""

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

from schemas.instant import Clock

WAIT_SECONDS = 60
"""How long a test waits for a call before it fails."""


class DrivenClock(Clock):
    """Stands until it is moved; says that it runs fast, so that lanes look often."""

    def __init__(self, at: float = 1_790_000_000.0) -> None:
        super().__init__()
        self.at = at

    def seconds(self) -> float:
        """Now, in driven unix seconds."""
        return self.at

    @property
    def speed(self) -> float:
        """Fast enough that no real wait is long."""
        return 10_000.0


class Heard:
    """One call."""

    def __init__(self, headers: Mapping[str, str], body: bytes) -> None:
        self.headers, self.body = dict(headers), body
        self.said: dict[str, Any] = json.loads(body)

    @property
    def id(self) -> str:
        """The notice's id."""
        return self.headers["webhook-id"]


Answers = Callable[[Heard], tuple[int, dict[str, str]]]


class Ear:
    """Verifies every call with a library nobody here wrote, answers the challenge, asks `answers` about the rest."""

    def __init__(self, secret: str) -> None:
        self.secret, self.calls, self.challenges = secret, list[Heard](), 0
        self.answers: Answers = lambda _: (200, {})
        self.proves, self.silent = True, False
        self._heard: queue.Queue[Heard] = queue.Queue()
        self._asked: queue.Queue[Heard] = queue.Queue()
        ear = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, headers, said = ear._hear(Heard({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/callback"

    def next(self) -> Heard:
        """The next call, as soon as it comes."""
        return self._heard.get(timeout=WAIT_SECONDS)

    def next_challenge(self, meanwhile: Callable[[], None]) -> Heard:
        """The next challenge; `meanwhile` moves the clock on until it comes."""
        return _awaited(self._asked, meanwhile)

    def next_while(self, meanwhile: Callable[[], None]) -> Heard:
        """The next call; `meanwhile` moves the clock on until it comes."""
        return _awaited(self._heard, meanwhile)

    def hears_nothing(self) -> bool:
        """Whether no call has come that was not taken out by `next`."""
        return self._heard.empty()

    def _hear(self, heard: Heard) -> tuple[int, dict[str, str], bytes]:
        Webhook(self.secret).verify(heard.body, heard.headers, json_parse=False)
        if heard.said["type"] == "vn.hoso.endpoint.challenge.v1":
            self.challenges += 1
            self._asked.put(heard)
            if self.silent and (status := self.answers(heard)[0]) != 200:
                return status, {}, b"{}"
            word = heard.said["data"]["challenge"] if self.proves else "something else"
            return 200, {}, json.dumps({"challenge": word}).encode()
        self.calls.append(heard)
        status, headers = self.answers(heard)
        self._heard.put(heard)
        return status, headers, b"{}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _awaited(calls: "queue.Queue[Heard]", meanwhile: Callable[[], None]) -> Heard:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            return calls.get(timeout=0.03)
        except queue.Empty:
            meanwhile()
    raise AssertionError("nothing was heard")
