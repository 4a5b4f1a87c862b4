"""An agency's ear on a loopback port, and a clock that moves when told: doubles for the lanes."""

import json
import queue
import time
from collections.abc import Callable, Mapping
from typing import Any

from standardwebhooks.webhooks import Webhook

from schemas.instant import Clock
from tests.listening import Heard as Call
from tests.listening import Listener, Said

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


class Ear(Listener):
    """Verifies every call with a library nobody here wrote, answers the challenge, asks `answers` about the rest."""

    def __init__(self, secret: str) -> None:
        super().__init__(self._answer)
        self.secret, self.calls, self.challenges = secret, list[Heard](), 0
        self.answers: Answers = lambda _: (200, {})
        self.proves, self.silent = True, False
        self._heard: queue.Queue[Heard] = queue.Queue()
        self._asked: queue.Queue[Heard] = queue.Queue()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.address}/callback"

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

    def _answer(self, call: Call) -> Said:
        status, headers, body = self._hear(Heard(call.headers, call.body))
        return Said(status, body, headers)

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


def _awaited(calls: "queue.Queue[Heard]", meanwhile: Callable[[], None]) -> Heard:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            return calls.get(timeout=0.03)
        except queue.Empty:
            meanwhile()
    raise AssertionError("nothing was heard")
