"""A rehearsal on loopback for one test: a server on a free port, a customer that listens, a clock that runs fast."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import requests

from sandbox.app import Rehearsal, create_app, rehearse, server
from sandbox.settings import Settings
from sandbox.timers import Timers
from schemas.instant import VIETNAM, Clock, Segment
from tests.listening import Heard, Listener, Said

MONDAY = datetime(2026, 11, 2, 7, 30, tzinfo=VIETNAM)
CALENDAR = Path("deploy/reference/calendars/vn-public-offices.toml")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def a_clock(start: datetime = MONDAY, speed: float = 1.0) -> Clock:
    """A clock that shows this instant now."""
    return Clock((Segment(start.timestamp(), speed, time.time()),))


def a_clock_of_days(start: datetime = MONDAY, by_day: float = 60_000, by_night: float = 600_000) -> Clock:
    """A clock that hurries through nights and weekends."""
    segments, at, anchor = list[Segment](), start, time.time()
    for _ in range(60):
        works = at.weekday() < 5 and at.hour < 18
        morning = at.replace(hour=7, minute=0) + timedelta(days=at.hour >= 7)
        until = at.replace(hour=18, minute=30) if works else morning
        speed = by_day if works else by_night
        segments.append(Segment(at.timestamp(), speed, anchor))
        anchor += (until - at).total_seconds() / speed
        at = until
    return Clock(tuple(segments))


def some_settings(folder: Path, **more: Any) -> Settings:
    """Settings with files of their own, a free port, polite manners."""
    given = {
        "sandbox_port": 0,
        "sandbox_manners": "polite",
        "sandbox_credentials": folder / "credentials.json",
        "sandbox_public_key": folder / "myvnpost.pem",
        "sandbox_calendar": CALENDAR,
        "sandbox_hold_seconds": 0.3,
        "webhook_url": "http://127.0.0.1:9/nobody",
    }
    return Settings(**{**given, **more})


def some_agencies(folder: Path, *codes: str) -> None:
    """A credentials file for these agencies."""
    rows = {code: {"key": f"key-{code}", "secret": SECRET} for code in codes}
    (folder / "credentials.json").write_bytes(msgspec.json.encode(rows))


@contextmanager
def on_stage(settings: Settings, clock: Clock) -> Iterator[tuple[Rehearsal, str]]:
    """The rehearsal, listening, and where."""
    stage = rehearse(settings, clock)
    web = server(create_app(stage), settings)
    listening = threading.Event()
    startup = web.startup

    async def started(sockets: Any = None) -> None:
        await startup(sockets)
        listening.set()

    web.startup = started  # type: ignore[method-assign] # tells us when it listens
    thread = threading.Thread(target=web.run)
    thread.start()
    try:
        assert listening.wait(60)
        yield stage, web.address()
    finally:
        web.should_exit = True
        thread.join()


def moved_to(stage: Rehearsal, seconds: float) -> None:
    """Let the clock jump to this driven second, and wait until everything that was due by then has happened."""
    clock = a_clock(MONDAY + timedelta(seconds=seconds - MONDAY.timestamp()), 1.0)
    stage.timers.clock.segments = clock.segments
    settle(stage.timers)


def settle(timers: Timers) -> None:
    """Wait until the timers' thread has come past this moment."""
    passed = threading.Event()
    timers.at(timers.clock.seconds(), passed.set)
    assert passed.wait(60)


@dataclass
class Desk:
    """Somebody who takes POSTs: every one is kept, and answered as `answers` says."""

    address: str = ""
    bodies: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    answers: Callable[[str, bytes], tuple[int, bytes]] = lambda _path, _body: (200, b"{}")
    hears: Callable[[str, bytes, dict[str, str]], tuple[int, bytes]] | None = None
    """Answers instead, if it has to see the headers."""
    last: str | None = None
    """The event that it holds last, as `GET /v1/events/last` says."""
    came: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, enough: Callable[[], bool], seconds: float = 60) -> bool:
        """Whether this came true, looking again after every call, and now and then for what no call tells."""
        until = time.monotonic() + seconds
        with self.came:
            while not (found := enough()) and time.monotonic() < until:
                self.came.wait(0.05)
        return found


@contextmanager
def a_desk() -> Iterator[Desk]:
    """A desk on a free port of loopback."""
    desk = Desk()

    def answer(heard: Heard) -> Said:
        if heard.method == "GET":
            rows = [{"source": "/agencies/H29.12", "id": desk.last, "recordedtime": ""}] if desk.last else []
            return Said(200, msgspec.json.encode({"last": rows}))
        call = heard.path, heard.body, dict(heard.headers)
        said = Said(*(desk.hears(*call) if desk.hears else desk.answers(heard.path, heard.body)))
        with desk.came:
            desk.bodies.append(call)
            desk.came.notify_all()
        return said

    with Listener(answer) as listening:
        desk.address = listening.address
        yield desk


class Customer:
    """A customer of the post who knows its calls."""

    def __init__(self, address: str) -> None:
        self.base, self.session = f"{address}/myvnpost", requests.Session()
        said = {"username": "sandbox", "password": "sandbox", "customerCode": "T000000001"}
        self.session.headers["token"] = self.session.post(f"{self.base}/GetAccessToken", json=said).json()["token"]

    def create(self, reference: str, phone: str = "0900000901", **more: Any) -> requests.Response:
        """Order an envelope."""
        return self.session.post(f"{self.base}/CreateOrder", json=an_order(reference, phone, **more), timeout=60)

    def get(self, call: str, kind: str, code: str) -> Any:
        """Ask."""
        return self.session.get(f"{self.base}/{call}", params={"type": kind, "code": code}, timeout=60).json()

    def cancel(self, original_id: str) -> requests.Response:
        """Ask to cancel."""
        return self.session.post(f"{self.base}/orderCancel", json={"OriginalId": original_id}, timeout=60)


def an_order(reference: str, phone: str = "0900000901", **more: Any) -> dict[str, Any]:
    """The partner's own sample of an order, with this reference and citizen's phone."""
    order: dict[str, Any] = msgspec.json.decode(sample("create_request.json"))
    collects = reference.rpartition("/")[2].startswith("C")
    end = {"senderPhone" if collects else "receiverPhone": phone}
    order["informationOrder"] |= {"saleOrderCode": reference, **end, **more}
    return order


def sample(name: str, carrier: str = "myvnpost") -> bytes:
    """A sample message of a carrier."""
    return (Path("tests/connectors/carriers") / carrier / name).read_bytes()


def shape(said: Any) -> Any:
    """The names and kinds of values, without the values."""
    if isinstance(said, dict):
        return {name: shape(value) for name, value in said.items()}
    if isinstance(said, list):
        return [shape(said[0])] if said else []
    return type(said).__name__
