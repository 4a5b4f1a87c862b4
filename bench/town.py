"""The town of the load run: agencies with their quotas, dossiers' lives at a steady rate, and how agencies send.

A life is one of the sandbox's kinds, driven by the sandbox's city: an agency says a thing when the one before it was
taken and, where it waits for the postman, when he has been there. Spans are divided by the pace; the clock is real.
"""

import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hoso import rehearsal
from sandbox import chance, people
from sandbox.city import City
from sandbox.kinds import KINDS, ORDINARY, Kind
from sandbox.outlets import PAUSE, Count, Message, Outlet, judged
from sandbox.plan import Life
from sandbox.procedures import PROCEDURES
from sandbox.transport import post
from schemas.instant import VIETNAM

WARDS = 12
DEPARTMENT = "H29.64"
EVENTS_PER_MINUTE = 120_000
"""Each agency's quota for the run: what is measured is the pipeline, not its brake."""
BATCH_SECONDS = 0.5
"""An agency with HTTP sends what has gathered so often, in one array."""
MOST_A_BATCH = 250
NOT_NOW = (0, 429, 500, 502, 503, 504)

LIVES = (
    "counter_same_day", "counter", "online_electronic", "online_post", "counter_post", "collected_post",
    "collected_counter", "supplement", "reception_refused", "refused_after_appraisal", "withdrawn", "department",
    "department_post", "absent_once",
)  # fmt: skip
"""Kinds whose whole life fits the run: no post that fumbles, nothing that waits for a real day."""
BY_POST = ("online_post", "counter_post", "collected_post", "collected_counter", "department_post", "absent_once")
TOO_LONG = ("1.004222",)
"""Procedures of more working days than a short run has."""


def agencies() -> list[str]:
    """The town's wards; every other one publishes to Kafka."""
    return [f"H29.{number}" for number in range(31, 31 + WARDS)]


def doors() -> str:
    """HOSO_CITY_AGENCIES of the town: half through each door, the department through Kafka."""
    wards = [f"{code}:{('http', 'kafka')[n % 2]}" for n, code in enumerate(agencies())]
    return ",".join([*wards, f"{DEPARTMENT}:kafka"])


def reference(of: Path, into: Path, port: int) -> Path:
    """The reference data with the town's wards in it, every quota lifted and every callback at this port."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(of, into)
    pattern = (into / "agencies" / "H29.07.toml").read_text()
    for code in agencies():
        ward = re.sub(r"^aliases.*\n", "", pattern.replace("H29.07", code), flags=re.M)
        (into / "agencies" / f"{code}.toml").write_text(ward)
    for file in (into / "agencies").glob("*.toml"):
        text = file.read_text().replace(f"127.0.0.1:{rehearsal.USUAL_PORT}", f"127.0.0.1:{port}")
        file.write_text(text.replace("stage =", f"events_per_minute = {EVENTS_PER_MINUTE}\nstage =", 1))
    return into


# ---------------------------------------------------------------- lives


def lives(seed: int, rate: float, seconds: float, by_post: float, begins: datetime) -> list[Life]:
    """So many dossiers that their agencies say `rate` things a second while they begin, this share of them by post."""
    dice = chance.dice(seed, "load")
    draw = _drawn(dice, by_post)
    mean = sum(facts_of(kind.steps(dice)) for kind in (draw() for _ in range(4000))) / 4000
    count, step = round(rate * seconds / mean), mean / rate
    numbers = dict.fromkeys(agencies(), 100)
    return [_life(n, draw(), begins + timedelta(seconds=n * step), numbers, dice) for n in range(count)]


def facts_of(steps: Sequence[Any]) -> int:
    """How many things agencies say in these steps, if the post is as usual."""
    return sum(step.fact is not None for step in steps)


def _drawn(dice: Random, by_post: float) -> Callable[[], Kind]:
    kinds = [kind for kind in KINDS if kind.name in LIVES]
    posted = sum(kind.share for kind in kinds if kind.name in BY_POST)
    others = sum(kind.share for kind in kinds) - posted
    weights = [kind.share * (by_post / posted if kind.name in BY_POST else (1 - by_post) / others) for kind in kinds]
    return lambda: dice.choices(kinds, weights)[0]


def _life(number: int, kind: Kind, begins_at: datetime, numbers: dict[str, int], dice: Random) -> Life:
    agency = dice.choice(list(numbers))
    numbers[agency] += 1
    procedure = PROCEDURES[dice.choice([code for code in kind.codes if code not in TOO_LONG])]
    return Life(
        code=f"{agency}-{begins_at.astimezone(VIETNAM):%y%m%d}-{numbers[agency]:05d}",
        kind=kind.name,
        agency=agency,
        competent=DEPARTMENT if procedure.department else agency,
        procedure=procedure,
        channel=kind.channel,
        return_mode=kind.return_mode,
        begins_at=begins_at,
        contact=people.citizen(number, dice, kind.phone or ORDINARY),
        steps=kind.steps(dice),
    )


# ---------------------------------------------------------------- doors


class LoadCity(City):
    """The sandbox's city whose agencies with HTTP send in batches, by the clock."""

    left: dict[str, float]
    """When each event's batch was to leave (unix seconds): one that waits for the batch before it waits at our cost."""

    def _open(self, agency: str) -> Outlet:
        if self._door(agency) != "http":
            return super()._open(agency)
        known = self.agencies.get(agency)
        assert known is not None
        phase = chance.share(self.settings.sandbox_seed, "phase", agency) * BATCH_SECONDS
        return BatchOutlet(self.settings.edge_url, known.key, phase, self.left)


class BatchOutlet:
    """POST /v1/events at every tick with what was put before it, one call at a time, until the door has judged it."""

    def __init__(self, url: str, key: str, phase: float, left: dict[str, float]) -> None:
        self._url, self._phase, self._left = f"{url}/v1/events", phase, left
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._waiting: deque[tuple[float, Message]] = deque()
        self._count, self._ends = Count(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        """Send this with the next batch."""
        self._count.up()
        leaves = self._tick(time.time())
        if message.id is not None:
            self._left[message.id] = leaves
        self._waiting.append((leaves, message))

    def waiting(self) -> int:
        """How many have no answer yet."""
        return self._count.value

    def stop(self) -> None:
        """End after the call under way."""
        self._ends.set()
        self._thread.join()

    def _tick(self, after: float) -> float:
        """The next moment at which a batch leaves."""
        return after + (self._phase - after) % BATCH_SECONDS

    def _run(self) -> None:
        while not self._ends.wait(self._tick(now := time.time()) - now):
            while batch := self._due():
                self._send(batch)

    def _due(self) -> list[Message]:
        """What is to leave by now: not what was put since the last tick."""
        now, found = time.time(), list[Message]()
        while self._waiting and self._waiting[0][0] <= now and len(found) < MOST_A_BATCH:
            found.append(self._waiting.popleft()[1])
        return found

    def _send(self, batch: list[Message]) -> None:
        body = b"[" + b",".join(message.body for message in batch) + b"]"
        while not self._ends.is_set():
            reply = post(self._url, body, self._headers)
            if reply.status not in NOT_NOW:
                for message, answer in zip(batch, judged(batch, reply), strict=True):
                    self._count.down()
                    message.done(answer)
                return
            self._ends.wait(reply.retry_after(PAUSE))
