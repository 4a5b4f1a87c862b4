"""Events a second through both doors, each alone: CPU an event, and how soon HTTP answers.

    .venv/bin/python bench/doors.py [--events 20000] [--rate 100] [--quick] [--json FILE]

An edge or an intake with its real Kafka and database; nobody else runs. The events are a counter's and the post's: four
facts a dossier, one in ten with a citizen's address in it, which the gate seals. bench/README.md says what is what.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import surge, town  # noqa: E402
from bench.gauges import cpu_of, machine, spread  # noqa: E402
from bench.webhooks import Line  # noqa: E402
from connectors.broker.ends import ends  # noqa: E402
from connectors.edge.events import MOST_EVENTS  # noqa: E402
from hoso import broker, pipeline, rehearsal  # noqa: E402
from hoso.ports import free_port  # noqa: E402
from hoso.settings import Settings  # noqa: E402
from hoso.supervised import Spec  # noqa: E402
from hoso.supervisor import Supervisor  # noqa: E402
from sandbox.facts import Known, data_of, envelope, source_of  # noqa: E402
from schemas.dossier import LOG  # noqa: E402
from schemas.event import CONTENT_TYPE  # noqa: E402
from schemas.instant import VIETNAM, now  # noqa: E402
from schemas.topics import agency_topic  # noqa: E402

Calls = Sequence[tuple[bytes, bytes]]
"""Heads and bodies of HTTP."""
BY_POST = 0.1
BATCHES = (1, 50, MOST_EVENTS)
"""Events a call: single facts, what a busy agency has in half a second, as many as one may send."""
CALLERS = {1: 16, 50: 4, MOST_EVENTS: 2}
"""So many send at once, each its next call as soon as it is answered."""
PACED_SECONDS, PACED_LINES = 30, 32
READY_SECONDS = 60.0
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.1

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A fact as its agency sends it."""

    agency: str
    dossier: str
    body: bytes


class Facts:
    """Facts of dossiers that nobody has heard of, as many as are asked for."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, count: int) -> list[Said]:
        """The next ones: everybody's first, then everybody's second."""
        lives = surge.at_any_desk(town.lives(2026, count, 1, BY_POST, datetime.now(VIETNAM)))
        dossiers = -(-count // len(surge.SAYS))
        lives = (lives * (dossiers // len(lives) + 1))[:dossiers]
        first, self._taken = self._taken, self._taken + dossiers
        found = list[Said]()
        for fact, says in surge.SAYS.items():
            for number, life in enumerate(lives, first):
                agency = town.agencies()[number % town.WARDS]
                code = f"{agency}-{life.code.rsplit('-', 2)[1]}-{number:07d}"
                here = replace(life, agency=agency, competent=agency, code=code)
                data = data_of(fact, here, Known(number), says)
                body = envelope(source_of(agency), f"{code}-{fact}", fact, code, now(), data)
                found.append(Said(agency, code, body))
        return found[:count]


class House:
    """A Kafka and what an installation has, without any process yet."""

    def __init__(self, home: Path, bootstrap: str) -> None:
        self.home, self.bootstrap, self.facts = home, bootstrap, Facts()
        settings = Settings(home=home, kafka_bootstrap=bootstrap, edge_port=free_port())
        port = free_port()
        reference = town.reference(ROOT / "deploy" / "reference", home / "town", port)
        stage = rehearsal.Sandbox(home.resolve(), port, reference.resolve())
        rehearsal.install(home, reference, stage.credentials)
        pipeline.prepare(bootstrap, reference)
        env = {"HOSO_REFERENCE_DIR": str(reference.resolve())}
        self._specs = {spec.name: spec for spec in pipeline.specs(bootstrap, settings, env)}
        self._keys = json.loads(stage.credentials.read_text())

    def spec(self, name: str) -> Spec:
        """How a process is started."""
        return self._specs[name]

    def started(self, name: str, stack: ExitStack) -> int:
        """The process id of one that is ready; it ends with the stack."""
        supervisor = stack.enter_context(Supervisor([self.spec(name)], self.home / "logs"))
        if not supervisor.wait_ready(READY_SECONDS):
            raise SystemExit((self.home / "logs" / f"{name}.log").read_text(errors="replace")[-3000:])
        pid = supervisor.state()[0].pid
        assert pid is not None
        return pid

    def on_the_log(self) -> int:
        """How many facts stand there."""
        return sum(ends(self.bootstrap, [LOG]).values())

    def calls(self, count: int, batch: int) -> Calls:
        """So many facts as calls of HTTP, each of one agency, `batch` facts in a call where there are so many."""
        waiting: Mapping[str, list[bytes]] = defaultdict(list)
        found = list[tuple[bytes, bytes]]()

        def close(agency: str) -> None:
            bodies = waiting[agency]
            body = bodies[0] if batch == 1 else b"[" + b",".join(bodies) + b"]"
            found.append((self._head(agency), body))
            bodies.clear()

        for fact in self.facts.take(count):
            waiting[fact.agency].append(fact.body)
            if len(waiting[fact.agency]) == batch:
                close(fact.agency)
        for agency in [agency for agency, bodies in waiting.items() if bodies]:
            close(agency)
        return found

    def _head(self, agency: str) -> bytes:
        key = self._keys[agency]["key"]
        said = (
            f"POST /v1/events HTTP/1.1\r\nhost: edge\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/cloudevents+json\r\ncontent-length: %d\r\n\r\n"
        )
        return said.encode()


# ---------------------------------------------------------------- HTTP


async def at_once(address: str, calls: Calls, callers: int) -> list[float]:
    """So many call, each again as soon as it is answered; how long each answer took."""
    left, took = deque(calls), list[float]()

    async def one() -> None:
        line = _line(address)
        while left:
            head, body = left.popleft()
            began = time.monotonic()
            _taken(await line.post(head, body))
            took.append(time.monotonic() - began)
        line.close()

    await asyncio.gather(*(one() for _ in range(callers)))
    return took


async def paced(address: str, calls: Calls, rate: float) -> list[float]:
    """One call after the other at a rate, whether or not the one before is answered; each from when it was due."""
    free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
    for _ in range(PACED_LINES):
        free.put_nowait(_line(address))
    took = list[float]()

    async def one(head: bytes, body: bytes, at: float) -> None:
        line = await free.get()
        _taken(await line.post(head, body))
        free.put_nowait(line)
        took.append(time.monotonic() - at)

    began, sent = time.monotonic(), []
    for number, (head, body) in enumerate(calls):
        at = began + number / rate
        if (pause := at - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        sent.append(asyncio.create_task(one(head, body, at)))
    await asyncio.gather(*sent)
    while not free.empty():
        free.get_nowait().close()
    return took


def by_http(house: House, events: int, rate: float, seconds: float) -> Iterator[Figures]:
    """The edge alone: as many as it takes, by the size of a call; then single facts at a rate."""
    address = house.spec("edge").address
    with ExitStack() as stack:
        pid = house.started("edge", stack)
        asyncio.run(at_once(address, house.calls(max(100, events // 20), 1), CALLERS[1]))
        for batch in BATCHES:
            calls = house.calls(events if batch > 1 else events // 4, batch)
            there, cpu, began = house.on_the_log(), cpu_of(pid), time.monotonic()
            took = asyncio.run(at_once(address, calls, CALLERS[batch]))
            spent, there = time.monotonic() - began, house.on_the_log() - there
            yield _figures(f"HTTP, {batch} a call", there, spent, cpu_of(pid) - cpu, took) | {"batch": batch}
        calls = house.calls(round(rate * seconds), 1)
        there, cpu, began = house.on_the_log(), cpu_of(pid), time.monotonic()
        took = asyncio.run(paced(address, calls, rate))
        spent, there = time.monotonic() - began, house.on_the_log() - there
        yield _figures(f"HTTP, single facts at {rate:g}/s", there, spent, cpu_of(pid) - cpu, took) | {"rate": rate}


def _line(address: str) -> Line:
    host, _, port = address.removeprefix("http://").partition(":")
    return Line(host, int(port))


def _taken(status: int) -> None:
    if status != 202:
        raise SystemExit(f"a call was answered {status}")


# ---------------------------------------------------------------- Kafka


def by_kafka(house: House, events: int) -> Figures:
    """The intake alone, with all of it before its door when it comes: from its first fact on the log to its last."""
    producer = KafkaProducer(bootstrap_servers=house.bootstrap.split(","), acks="all", linger_ms=20)
    sent = [
        producer.send(agency_topic(one.agency), one.body, one.dossier.encode(), [("content-type", CONTENT_TYPE)])
        for one in house.facts.take(events)
    ]
    for one in sent:
        one.get(timeout=60)
    producer.close()
    before = house.on_the_log()
    with ExitStack() as stack:
        pid = house.started("intake", stack)
        first, began, cpu = _once_beyond(house, before), time.monotonic(), cpu_of(pid)
        last = _once_beyond(house, before + events - 1)
        return _figures("Kafka", last - first, time.monotonic() - began, cpu_of(pid) - cpu)


def _once_beyond(house: House, count: int) -> int:
    """How many facts stand on the log, once they are more than so many."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (found := house.on_the_log()) <= count:
        if time.monotonic() > until:
            raise SystemExit(f"only {found} facts came to the log, more than {count} are due")
        time.sleep(LOOK_SECONDS)
    return found


# ---------------------------------------------------------------- what came of it


def _figures(what: str, events: int, seconds: float, cpu: float, took: Sequence[float] = ()) -> Figures:
    """`took` is how long each answer took, where there are answers."""
    return {
        "what": what,
        "events": events,
        "seconds": round(seconds, 2),
        "events_per_second": round(events / seconds, 1),
        "cpu_us_per_event": round(cpu / events * 1e6, 1),
        **(spread(took) if took else {}),
    }


def measure(asked: argparse.Namespace) -> Figures:
    """Both doors, one after the other, on one Kafka."""
    with tempfile.TemporaryDirectory(prefix="hoso-doors-") as folder, broker.running(Path(folder)) as started:
        house = House(Path(folder), started.bootstrap)
        rows = [*by_http(house, asked.events, asked.rate, asked.seconds), by_kafka(house, asked.events)]
    return {"machine": machine(), "rows": rows}


def lines(found: Figures) -> Iterator[str]:
    """The table."""
    yield f"{'':32} {'events/s':>9} {'CPU us':>8} {'p50 ms':>8} {'p99 ms':>8} {'worst':>8}"
    for row in found["rows"]:
        answers = [f"{row[name]:8.1f}" if name in row else f"{'-':>8}" for name in ("p50_ms", "p99_ms", "worst_ms")]
        said = " ".join([f"{row['events_per_second']:9,.0f}", f"{row['cpu_us_per_event']:8,.0f}", *answers])
        yield f"{row['what']:32} {said}"


def main(asked: argparse.Namespace) -> None:
    """Measure, print, write."""
    if asked.quick:
        asked.events, asked.seconds = min(asked.events, 2000), min(asked.seconds, 3)
    found = measure(asked) | {"asked": {"events": asked.events, "rate": asked.rate, "quick": asked.quick}}
    print("\n".join(lines(found)))
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events", type=int, default=20_000, help="so many through each door, a quarter as single facts"
    )
    parser.add_argument("--rate", type=float, default=100, help="single facts a second by HTTP, for their answers")
    parser.add_argument("--seconds", type=float, default=PACED_SECONDS, help="for so long")
    parser.add_argument("--quick", action="store_true", help="prove that it runs; the figures are no measurement")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
