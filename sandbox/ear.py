"""One agency's callback endpoint and nothing else, for whoever builds a real one: it verifies, tells of every call, and
fails when it is told to.
"""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response

from sandbox.counter import answer
from sandbox.dropping import hang_up, served
from sandbox.signature import Forged, Verifier
from schemas.event import type_name
from schemas.instant import VIETNAM

CHALLENGE = type_name("endpoint", "challenge")
SLOW_SECONDS = 12.0
"""How long (real time) a slow answer takes: the pipeline waits 10 s, and comes again with the same notice."""


class Failing(StrEnum):
    """How notices are answered badly. What is answered slowly is taken; nothing else is."""

    REFUSED = "400"
    GONE = "410"
    BUSY = "429"
    BROKEN = "500"
    AWAY = "503"
    HANGUP = "hangup"
    SLOW = "slow"


STATUSES = {one: int(one) for one in Failing if one.isdecimal()}
RETRY_AFTER = {Failing.BUSY, Failing.AWAY}
RETRY_AFTER_SECONDS = "1"


class Outcome(StrEnum):
    """What became of a call."""

    CHALLENGE = "challenge"
    TAKEN = "taken"
    AGAIN = "again"
    """Taken before, under the same webhook-id."""
    FAILED = "failed"
    FORGED = "forged"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, what became of it, and its answer. `status` is None where it was hung up on. `at` is real time."""

    at: datetime
    outcome: Outcome
    status: int | None
    id: str
    event: Mapping[str, Any]
    signatures: tuple[str, ...] = ()
    why: str | None = None
    failing: Failing | None = None

    @property
    def kind(self) -> str:
        """The notice's kind, or its type without what all types begin and end with."""
        said = self._data.get("kind") or str(self.event.get("type", ""))
        return str(said).removeprefix("vn.hoso.").removesuffix(".v1")

    @property
    def text(self) -> str:
        """What it says to a citizen, in Vietnamese; of a refused event, what is wrong with it; else nothing."""
        text, errors = self._data.get("text"), self._data.get("errors")
        if isinstance(text, dict):
            return str(text.get("vi") or "")
        if isinstance(errors, list):
            faults = [f"{one.get('field')}: {one.get('problem')}" for one in errors if isinstance(one, dict)]
            return f"{self._data.get('id')}: {' '.join(faults)}"
        return ""

    @property
    def dossier(self) -> str:
        """What it is about."""
        return str(self.event.get("subject", ""))

    @property
    def sequence(self) -> int | None:
        """The notice's number in its dossier: a gap means that one before it has not come."""
        found = self._data.get("sequence")
        return found if isinstance(found, int) else None

    @property
    def _data(self) -> Mapping[str, Any]:
        data = self.event.get("data")
        return data if isinstance(data, dict) else {}

    def document(self) -> dict[str, Any]:
        """The call for machines."""
        return {
            "at": self.at.isoformat(timespec="milliseconds"),
            "outcome": self.outcome,
            "status": self.status,
            "id": self.id,
            "kind": self.kind,
            "dossier": self.dossier,
            "sequence": self.sequence,
            "signatures": self.signatures,
            "failing": self.failing,
            "why": self.why,
            "event": self.event,
        }


class Ear:
    """What listens: it verifies first, so that no forged call uses up a failure, and never fails a challenge.

    `told` hears of every call, in the order in which they came, before it is answered.
    """

    def __init__(self, verifier: Verifier, told: Callable[[Call], None], slow_seconds: float = SLOW_SECONDS) -> None:
        self.slow_seconds = slow_seconds
        self._verifier, self._told = verifier, told
        self._failing: Failing | None = None
        self._left: int | None = None
        self._taken = set[str]()
        self._counts = Counter[str]()

    def fail(self, how: Failing, times: int | None = None) -> None:
        """Answer the next notices badly: so many of them, or all until `be_well`."""
        self._failing, self._left = how, times

    def be_well(self) -> None:
        """Answer well again."""
        self._failing = self._left = None

    def shown(self) -> dict[str, Any]:
        """How it stands: how many calls came to what end, and how the next notices are answered."""
        return {"calls": dict(self._counts), "failing": self._failing, "times": self._left}

    def hear(self, body: bytes, headers: Mapping[str, str]) -> Call:
        """What becomes of one call; its answer is `reply`'s."""
        call = self._judged(body, headers)
        self._counts[call.outcome] += 1
        self._told(call)
        return call

    def _judged(self, body: bytes, headers: Mapping[str, str]) -> Call:
        at, id = datetime.now(VIETNAM), headers.get("webhook-id", "")
        try:
            signatures = self._verifier.verify(body, headers)
        except Forged as error:
            return Call(at, Outcome.FORGED, 401, id, {}, why=str(error))
        try:
            event = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            return Call(at, Outcome.UNREADABLE, 400, id, {}, signatures, f"not JSON: {error}")
        if event.get("type") == CHALLENGE:
            return Call(at, Outcome.CHALLENGE, 200, id, event, signatures)
        failing = self._next_failure()
        if failing is not None and failing is not Failing.SLOW:
            return Call(at, Outcome.FAILED, STATUSES.get(failing), id, event, signatures, failing=failing)
        outcome = Outcome.AGAIN if id in self._taken else Outcome.TAKEN
        self._taken.add(id)
        return Call(at, outcome, 200, id, event, signatures, failing=failing)

    def _next_failure(self) -> Failing | None:
        found = self._failing
        if found is not None and self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.be_well()
        return found


def reply(call: Call) -> Response:
    """The answer to a call."""
    match call.outcome:
        case Outcome.CHALLENGE:
            data = call.event.get("data")
            return answer({"challenge": data.get("challenge") if isinstance(data, dict) else None})
        case Outcome.FAILED:
            wait = {"Retry-After": RETRY_AFTER_SECONDS} if call.failing in RETRY_AFTER else None
            return answer({"error": f"told to fail: {call.failing}"}, call.status or 504, wait)
        case Outcome.FORGED | Outcome.UNREADABLE:
            return answer({"error": call.why}, call.status or 400)
        case _:
            return answer({"taken": True})


def app_of(ear: Ear) -> FastAPI:
    """The endpoint, and what may be asked of it while it runs."""
    app = FastAPI(title="hoso sandbox agency", openapi_url=None)

    @app.post("/callback")
    async def callback(request: Request) -> Response:
        """Where the pipeline tells this agency."""
        call = ear.hear(await request.body(), request.headers)
        if call.failing is Failing.HANGUP:
            hang_up(request)
        if call.failing is Failing.SLOW:
            await asyncio.sleep(ear.slow_seconds)
        return reply(call)

    @app.post("/fail")
    async def fail(how: str, times: int | None = None) -> Response:
        """Answer the next notices badly."""
        if how not in set(Failing) or (times is not None and times < 1):
            return answer({"error": f"how is one of {', '.join(Failing)}; times is 1 or more, or left out"}, 422)
        ear.fail(Failing(how), times)
        return answer(ear.shown())

    @app.post("/well")
    async def well() -> Response:
        """Answer well again."""
        ear.be_well()
        return answer(ear.shown())

    @app.get("/calls")
    async def calls() -> Response:
        """How it stands."""
        return answer(ear.shown())

    return app


def run(ear: Ear, listening: socket.socket) -> None:
    """Serve on this socket until SIGTERM or Ctrl-C."""
    _server(ear, listening).run(sockets=[listening])


@contextmanager
def heard(ear: Ear, listening: socket.socket) -> Iterator[str]:
    """The endpoint's address, while a thread serves it. The socket is closed at the end."""
    server = _server(ear, listening)
    thread = threading.Thread(target=server.run, args=([listening],), name="ear")
    thread.start()
    try:
        yield callback_url(listening)
    finally:
        server.should_exit = True
        thread.join()


def callback_url(listening: socket.socket) -> str:
    """Where a callback goes that this socket is to hear."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}/callback"


def _server(ear: Ear, listening: socket.socket) -> uvicorn.Server:
    host, port = listening.getsockname()[:2]
    return uvicorn.Server(served(app_of(ear), host, port))
