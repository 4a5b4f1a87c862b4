"""`hoso demo`: one dossier's story in seconds, then two weeks of a city in two minutes, and a table that must
add up.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from connectors.reference import read_dir
from hoso import pipeline, rehearsal, swap
from hoso.java import CannotStart
from hoso.pace import ClockFile, Pacer, city_speed
from hoso.reckoning import Ledgers, Reckoning, reckon
from hoso.settings import Settings
from hoso.showing import Guest, differences
from hoso.story import Story
from hoso.supervised import State
from hoso.supervisor import Supervisor
from hoso.watching import Ear, LagWatch, Seen
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.instant import VIETNAM, date_of
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.ops import DEAD_LETTERS
from schemas.postal import REQUESTS, WEBHOOKS
from schemas.state import STATE

TOPICS = (LOG, DEADLINES, STATE, REQUESTS, WEBHOOKS, NOTICES, REJECTIONS, RECEIPTS, DEAD_LETTERS)
STORY_STARTS = datetime(2026, 11, 12, 7, 30, tzinfo=VIETNAM)
"""A Thursday; the city wakes on the Monday after."""
CITY_STARTS = datetime(2026, 11, 16, 0, 0, tzinfo=VIETNAM)
STORY_SPEED = 14_000.0
READY_SECONDS = 60.0
STORY_SECONDS = 60.0
CITY_SECONDS = 420.0
SETTLE_SECONDS = 45.0


@dataclass(frozen=True)
class Wishes:
    """What was asked of the demo. `say` takes a line for people; `show` is called with the progress while it runs.

    `linger` is called when all is reconciled and everything still runs, with the result and who may sign in.
    """

    home: Path
    dossiers: int
    seed: int
    say: Callable[[str], None]
    told: Callable[[datetime, str, str], None]
    show: Callable[["Progress"], None]
    linger: Callable[[Reckoning, Guest], None] = lambda _result, _guest: None


@dataclass
class Progress:
    """How far the city is, for the screen."""

    now: datetime = CITY_STARTS
    speed: float = 0.0
    city: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    behind_records: int = 0
    slowed_seconds: float = 0.0
    processes: Mapping[str, str] = field(default_factory=dict)


def run(wishes: Wishes) -> Reckoning:
    """The whole demo; its figures and what did not add up. Raises CannotStart with a sentence."""
    began = time.monotonic()
    with ExitStack() as stack:
        demo = _Demo(wishes, stack, began)
        demo.story()
        demo.city()
        result = demo.settle()
        demo.look(result)
        result.figures["seconds"] = {**demo.seconds, "in_all": round(time.monotonic() - began, 1)}
        wishes.linger(result, demo.guest)
    return result


class _Demo:
    """The running demo: a broker, the pipeline, a sandbox, a clock, and somebody who listens."""

    def __init__(self, wishes: Wishes, stack: ExitStack, began: float) -> None:
        self._wishes, self._began = wishes, began
        self.seconds: dict[str, float] = {}
        home = wishes.home.resolve()
        databases = [f"{name}{end}" for name in ("hoso.db", "hoso-read.db") for end in ("", "-wal", "-shm")]
        for stale in ("kafka", "logs", "worker", "sandbox", "people.toml", *databases):
            _remove(home / stale)
        settings = Settings(home=home)
        self._clock = ClockFile(home / "clock", STORY_STARTS, 1.0)
        reference = Path(__file__).parents[1] / "deploy" / "reference"
        self._sandbox = rehearsal.sandbox(home, reference)
        with ThreadPoolExecutor(1) as beside:
            installed = beside.submit(rehearsal.install, home, self._sandbox.reference, self._sandbox.credentials)
            kafka = stack.enter_context(pipeline.kafka(settings))
            installed.result()
        pipeline.prepare(kafka.bootstrap, self._sandbox.reference)
        self._kafka = kafka.bootstrap
        self._supervisor = stack.enter_context(self._processes(kafka.bootstrap, settings))
        self._ear = Ear(kafka.bootstrap, TOPICS, self._hear)
        self._ear.start()
        stack.callback(self._ear.stop)
        self._lag = LagWatch(kafka.bootstrap)
        self._lag.start()
        stack.callback(self._lag.stop)
        self._story: Story | None = None
        if not self._supervisor.wait_ready(READY_SECONDS):
            raise CannotStart(_who_is_not_ready(self._supervisor))
        self._mark("ready")

    def _processes(self, bootstrap: str, settings: Settings) -> Supervisor:
        extra = self._sandbox.for_the_pipeline() | {
            "HOSO_CLOCK": self._clock.setting,
            "HOSO_CITY_DOSSIERS": str(self._wishes.dossiers),
            "HOSO_SANDBOX_SEED": str(self._wishes.seed),
            "HOSO_IN_DOUBT_SECONDS": "2",
            # The clock is so quick that what a change brings comes within hours of it.
            "HOSO_DIGEST_QUIET_SECONDS": "7200",
            "HOSO_DIGEST_LONGEST_SECONDS": "43200",
            "HOSO_SANDBOX_HOLD_SECONDS": "4",
        }
        specs = pipeline.specs(bootstrap, settings, extra)
        edge = next(spec.address for spec in specs if spec.name == "edge")
        self.guest = Guest.of(settings.home, edge)
        return Supervisor([*specs, self._sandbox.spec(bootstrap, edge, extra)], settings.home / "logs")

    # ---------------------------------------------------------------- one dossier

    def story(self) -> None:
        """Tell one dossier until its agency has the last word; the clock runs at a storyteller's pace."""
        self._clock.run_at(STORY_SPEED)
        said = self._post("/story", {"agency": "H29.12"})
        code = said["dossier"]
        self._story = Story(code, self._wishes.told)
        for seen in [seen for found in self._ear.by_topic.values() for seen in found]:
            self._story.hear(seen)
        until = time.monotonic() + STORY_SECONDS
        while time.monotonic() < until:
            heard = [one for one in self._get("/ledger/agencies/H29.12")["notices"] if one["dossier"] == code]
            for one in heard:
                when = datetime.fromisoformat(one["received_driven"])
                self._story.agency_told(when, one["kind"], one["signature_ok"])
            if any(one["kind"] == "result_delivered" for one in heard):
                break
            _pause(0.15)
        self._mark("story")

    def _hear(self, seen: Seen) -> None:
        if self._story is not None:
            self._story.hear(seen)

    # ---------------------------------------------------------------- the city

    def city(self) -> None:
        """Two weeks of a city's life, the clock as fast as the pipeline allows; in the first, days are swapped."""
        now = self._clock.clock.now()
        if now < CITY_STARTS - timedelta(hours=2):
            self._clock.run_at(30_000.0)
        self._post("/city", {"start": max(CITY_STARTS, now).isoformat()})
        self._pacer = Pacer(self._clock, city_speed, self._lag.seconds)
        self._pacer.start()
        until, announced = time.monotonic() + CITY_SECONDS, False
        while time.monotonic() < until:
            if not announced and self._clock.clock.now() >= swap.ANNOUNCED:
                announced = self._swap()
            progress = self._get("/progress")
            self._wishes.show(self._progress(progress))
            if progress["done"]:
                break
            _pause()
        self._mark("city")

    def _swap(self) -> bool:
        swap.announce(self._kafka, read_dir(self._sandbox.reference))
        when = f"{self._clock.clock.now():%a %d %b %H:%M}"
        self._wishes.say(f"{when}  a swap is announced: {swap.CLOSED} off, {swap.WORKED} worked; open dossiers move")
        return True

    def settle(self) -> Reckoning:
        """Let what is under way arrive, and lay both sides beside each other until they add up or time is over."""
        until = time.monotonic() + SETTLE_SECONDS
        while True:
            result = reckon(dict(self._ear.by_topic), self._ledgers())
            if result.adds_up or time.monotonic() > until:
                break
            self._wishes.show(self._progress(self._get("/progress")))
            _pause(1.0)
        self._pacer.stop()
        self._mark("settled")
        rows = self._supervisor.state()
        result.figures["restarts"] = sum(row.restarts for row in rows)
        result.figures["clock_slowed_seconds"] = round(self._pacer.slowed_seconds, 1)
        if not result.figures["moved_by_the_calendar"]:
            result.open.append("days were swapped, and no due date moved")
        if self._ear.unreadable:
            result.open.append(f"{self._ear.unreadable} records on the topics could not be read")
        return result

    def look(self, result: Reckoning) -> None:
        """Read the console as an operator does, until it shows what the table says or time is over."""
        until = time.monotonic() + SETTLE_SECONDS
        days = STORY_STARTS.date(), date_of(self._clock.clock.now())
        while found := differences(self.guest, result.figures, *days):
            if time.monotonic() > until:
                result.open += found
                break
            _pause(1.0)
        self._mark("console")

    def _ledgers(self) -> Ledgers:
        city = self._get("/ledger/city")
        codes = sorted(json.loads(self._sandbox.credentials.read_text()))
        agencies = {code: self._get(f"/ledger/agencies/{code}") for code in codes}
        return Ledgers(city, self._get("/ledger/post"), agencies)

    def _progress(self, city: Mapping[str, Any]) -> Progress:
        return Progress(
            now=self._clock.clock.now(),
            speed=self._clock.clock.speed,
            city=city,
            seen={topic: len(found) for topic, found in self._ear.by_topic.items()},
            behind_records=self._lag.total(),
            slowed_seconds=self._pacer.slowed_seconds,
            processes={row.name: str(row.state) for row in self._supervisor.state()},
        )

    def _mark(self, what: str) -> None:
        self.seconds[what] = round(time.monotonic() - self._began, 1)

    def _get(self, path: str) -> Any:
        with urlopen(self._sandbox.url + path, timeout=20) as answer:
            return json.loads(answer.read())

    def _post(self, path: str, said: Mapping[str, Any]) -> Any:
        asked = Request(
            self._sandbox.url + path, json.dumps(said).encode(), {"content-type": "application/json"}, method="POST"
        )
        with urlopen(asked, timeout=20) as answer:
            return json.loads(answer.read())


def _who_is_not_ready(supervisor: Supervisor) -> str:
    late = [f"{row.name} is {row.state}, see {row.log}" for row in supervisor.state() if row.state is not State.READY]
    return f"not ready after {READY_SECONDS:.0f} s: {'; '.join(late)}"


def _pause(seconds: float = 0.4) -> None:
    """Between two looks at a ledger: the sandbox is another house, which calls nobody."""
    time.sleep(seconds)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
