"""The rehearsal in one process: six carriers, the agencies and the city behind one port."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI, Response
from pydantic import AwareDatetime, BaseModel

from sandbox import agency, heap, story
from sandbox.agency import Agencies
from sandbox.books import Running
from sandbox.city import AlreadyTold, City, NobodyThere
from sandbox.counter import answer
from sandbox.days import Days
from sandbox.dropping import served
from sandbox.houses import USUAL, Houses
from sandbox.post import Post
from sandbox.postbag import Postbag
from sandbox.resuming import NoAnswer, resume
from sandbox.settings import Settings
from sandbox.timers import Timers
from schemas import telemetry
from schemas.instant import Clock, clock

log = structlog.get_logger()


@dataclass(frozen=True)
class Rehearsal:
    """Everything that plays its part, and how it begins and ends."""

    settings: Settings
    timers: Timers
    houses: Houses
    agencies: Agencies
    city: City

    @property
    def post(self) -> Post:
        """The books of the carrier that is usually spoken to."""
        return self.houses[USUAL].post

    @property
    def postbag(self) -> Postbag:
        """Its webhooks."""
        return self.houses[USUAL].postbag

    def start(self) -> None:
        """Let time pass."""
        self.houses.start()
        self.timers.start()

    def stop(self) -> None:
        """No more scans, then no more events, then no more webhooks."""
        self.timers.stop()
        self.city.stop()
        self.houses.stop()


def rehearse(settings: Settings, time: Clock | None = None) -> Rehearsal:
    """Set the stage; nothing runs yet."""
    timers = Timers(time or clock())
    days = Days.read(settings.sandbox_calendar)
    houses = Houses(settings, timers, days)
    agencies = Agencies(settings.sandbox_credentials, timers.clock, settings.sandbox_seed, settings.sandbox_manners)
    city = City(settings, timers, days, houses[USUAL].post, agencies)
    return Rehearsal(settings, timers, houses, agencies, city)


class Start(BaseModel):
    """When the city's first day begins; or, of a city that lives, that it resumes after a disaster."""

    start: AwareDatetime | None = None
    resume: bool = False


class Heap(BaseModel):
    """A heap of events: which one, how many short dossiers, how many repetitions."""

    nth: int
    dossiers: int = 10
    repeated: int = 30


class Named(BaseModel):
    """Whose dossier the story is about; both may be left out."""

    agency: str | None = None
    code: str | None = None


def create_app(stage: Rehearsal, with_city: bool = False) -> FastAPI:
    """The rehearsal's one front."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stage.start()
        if with_city:
            stage.city.begin()
        yield
        await asyncio.to_thread(stage.stop)

    app = FastAPI(title="hoso sandbox", lifespan=lifespan, openapi_url=None)
    for routes in stage.houses.routes():
        app.include_router(routes)
    app.include_router(agency.routes(stage.agencies, stage.settings.sandbox_hold_seconds))
    _city(app, stage)
    return app


def _city(app: FastAPI, stage: Rehearsal) -> None:
    """The routes of the city, the story and the ledgers."""

    @app.get("/healthz")
    async def healthz() -> Response:
        """It runs."""
        return answer({"ok": True, "now": _now(stage).isoformat()})

    @app.get("/ledger/post")
    async def ledger_post() -> Response:
        """What the carriers themselves saw."""
        return answer(stage.houses.ledger())

    @app.get("/ledger/city")
    async def ledger_city() -> Response:
        """What the city did."""
        return answer(stage.city.ledger())

    @app.get("/progress")
    async def progress() -> Response:
        """How far the city and the post are; `done` when nothing is left to send, to carry or to tell."""
        return answer(_progress(stage))

    @app.post("/city")
    async def begin(said: Start | None = None) -> Response:
        """Start the city's life, or let its agencies send again what the pipeline has lost."""
        if said is not None and said.resume:
            return await asyncio.to_thread(_resumed, stage)
        try:
            plan = stage.city.begin(said.start if said else None)
        except (AlreadyTold, NobodyThere) as error:
            return answer({"error": str(error)}, 409)
        days = [day.isoformat() for day in plan.working_days]
        return answer({"dossiers": len(plan.lives), "kinds": dict(plan.kinds()), "working_days": days}, 202)

    @app.post("/heap")
    async def heaped(said: Heap) -> Response:
        """Send a heap of events at once."""
        try:
            return answer({"sent": heap.send(stage.city, said.nth, said.dossiers, said.repeated)}, 202)
        except (AlreadyTold, NobodyThere) as error:
            return answer({"error": str(error)}, 409)

    @app.post("/story")
    async def tell(said: Named | None = None) -> Response:
        """Start the story of one named dossier."""
        named = said or Named()
        try:
            running = story.begin(stage.city, named.agency, named.code)
        except (AlreadyTold, NobodyThere) as error:
            return answer({"error": str(error)}, 409)
        return answer(_told(stage, running), 202)

    @app.get("/story/{code}")
    async def told(code: str) -> Response:
        """How far one dossier is: what was said of it, and where its envelopes are."""
        running = stage.city.running.get(code)
        return answer({"error": f"no dossier {code}"}, 404) if running is None else answer(_told(stage, running))


def _progress(stage: Rehearsal) -> dict[str, Any]:
    shown, underway, waiting = stage.city.progress(), stage.houses.underway(), stage.houses.waiting()
    post = {"parcels": len(stage.houses.parcels()), "under_way": underway, "webhooks_waiting": waiting}
    done = shown["nothing_left_to_send"] and not underway and not waiting
    return shown | {"now": _now(stage).isoformat(), "post": post, "done": done}


def _resumed(stage: Rehearsal) -> Response:
    try:
        return answer({"sent_again": resume(stage.city)}, 202)
    except (NoAnswer, NobodyThere) as error:
        return answer({"error": str(error)}, 503)


def _told(stage: Rehearsal, running: Running) -> dict[str, Any]:
    code = running.life.code
    parcels = [parcel.shown() for parcel in stage.houses.parcels() if parcel.dossier == code]
    events = [one.shown() for one in running.sent]
    return {"dossier": code, **running.shown(), "events": events, "parcels": parcels}


def _now(stage: Rehearsal) -> datetime:
    return stage.timers.clock.now()


class Server(uvicorn.Server):
    """uvicorn that says where it listens, once it does."""

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        log.info("process.started", address=self.address())

    def address(self) -> str:
        """Where it listens."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"


def server(app: FastAPI, settings: Settings) -> Server:
    """A server for the rehearsal, not yet listening."""
    return Server(served(app, settings.sandbox_host, settings.sandbox_port))


def main(with_city: bool = False) -> None:
    """Run until SIGTERM or Ctrl-C."""
    telemetry.configure("sandbox")
    settings = Settings()
    stage = rehearse(settings)
    # uvicorn ends in order on these, and then raises them once more: by then they are no news.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _heard)
    server(create_app(stage, with_city), settings).run()
    log.info("process.stopped")


def _heard(_number: int, _frame: object) -> None:
    """Known already."""
