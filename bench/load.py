"""The whole pipeline under a city's peak hour, then under ten times as much: rate, lag, latency, CPU, and is all there.

    .venv/bin/python bench/load.py [--rate 150] [--seconds 600] [--surge 1500] [--surge-seconds 60] [--json FILE]

A broker, every process and the town are made here and end here. bench/README.md says what is what.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import surge, town  # noqa: E402
from bench.gauges import LagBook, cpu_of, lag_figures, machine, rss_of, spread  # noqa: E402
from bench.partners import Partners  # noqa: E402
from bench.town import LoadCity  # noqa: E402
from connectors.broker import Place, make_topics, read_all  # noqa: E402
from connectors.store import open_store  # noqa: E402
from hoso import broker, pipeline, rehearsal  # noqa: E402
from hoso.demo import TOPICS  # noqa: E402
from hoso.java import CannotStart  # noqa: E402
from hoso.ports import free_port  # noqa: E402
from hoso.reckoning import DELIVERED, Ledgers, Reckoning, reckon  # noqa: E402
from hoso.settings import Settings  # noqa: E402
from hoso.supervised import State  # noqa: E402
from hoso.supervisor import Supervisor  # noqa: E402
from hoso.watching import Seen  # noqa: E402
from sandbox import keys  # noqa: E402
from sandbox.app import Rehearsal, rehearse  # noqa: E402
from sandbox.settings import Settings as Stage  # noqa: E402
from schemas.event import Event, NotAnEvent, UnknownType  # noqa: E402
from schemas.instant import VIETNAM  # noqa: E402
from schemas.postal import REQUESTS  # noqa: E402

READY_SECONDS = 120.0
SETTLE_SECONDS = 300.0
CAUGHT_UP = 150
"""So many records on their way are the flow itself."""
BROKER_OPTIONS = "-Xmx512m -XX:+UseSerialGC"
"""A broker that runs for long: without what lets one of a few minutes start sooner and costs a third more a record."""
BARS = {"event_to_request_p99_ms": 250, "webhook_to_callback_p99_ms": 500}
US = "the town"
"""Senders, the post, callbacks and the looks at the lag: this process."""

Figures = dict[str, Any]


@dataclass
class Run:
    """A pipeline that runs, a town that talks to it, and who watches."""

    asked: argparse.Namespace
    home: Path
    stack: ExitStack
    left: dict[str, float] = field(default_factory=dict)
    surged: surge.Surge | None = None

    def __post_init__(self) -> None:
        # No usual port: another pipeline may be about to take it.
        settings = Settings(
            home=self.home,
            kafka_bootstrap=None,
            kafka_port=free_port(),
            edge_port=free_port(),
            kafka_java_opts=BROKER_OPTIONS,
        )
        port = free_port()
        reference = town.reference(ROOT / "deploy" / "reference", self.home / "town", port)
        self.sandbox = rehearsal.Sandbox(self.home.resolve(), port, reference.resolve())
        self.sandbox.public_key.parent.mkdir(parents=True, exist_ok=True)
        keys.ensure(self.sandbox.public_key)
        rehearsal.install(self.home, self.sandbox.reference, self.sandbox.credentials)
        self.kafka = self.stack.enter_context(pipeline.kafka(settings))
        pipeline.prepare(self.kafka.bootstrap, self.sandbox.reference)
        # From sending to the moment the broker has the request, by the broker's clock: it is this machine's.
        make_topics(self.kafka.bootstrap, [Place(REQUESTS, 8, {"message.timestamp.type": "LogAppendTime"})])
        env = self.sandbox.for_the_pipeline() | {"HOSO_MYVNPOST_RATE_PER_SECOND": "1000"}
        specs = pipeline.specs(self.kafka.bootstrap, settings, env)
        self.stage = self._stage(next(spec.address for spec in specs if spec.name == "edge"))
        self.partners = Partners(self.stage)
        self.partners.start()
        self.partners.wait()
        self.stack.callback(self.partners.stop)
        self.stage.start()
        self.stack.callback(self.stage.stop)
        self.supervisor = self.stack.enter_context(Supervisor(specs, self.home / "logs"))
        if not self.supervisor.wait_ready(READY_SECONDS):
            late = [f"{row.name} is {row.state}, see {row.log}" for row in self.supervisor.state()]
            raise CannotStart(f"not ready after {READY_SECONDS:.0f} s: {'; '.join(late)}")
        store = open_store(f"sqlite:///{self.home.resolve() / 'hoso.db'}")
        self.stack.callback(store.close)
        self.lag = LagBook(self.kafka.bootstrap, store)
        self.lag.start()
        self.stack.callback(self.lag.stop)

    def _stage(self, edge: str) -> Rehearsal:
        """The sandbox's post and agencies, and a city that lives as the load run wants it."""
        settings = Stage(
            sandbox_port=self.sandbox.port,
            sandbox_seed=self.asked.seed,
            sandbox_pace=self.asked.pace,
            sandbox_credentials=self.sandbox.credentials,
            sandbox_public_key=self.sandbox.public_key,
            sandbox_calendar=self.sandbox.reference / "calendars" / "vn-public-offices.toml",
            sandbox_manners="polite",  # type: ignore[arg-type]  # pydantic reads it
            webhook_url=f"{edge}/v1/webhooks/myvnpost",
            edge_url=edge,
            kafka_bootstrap=self.kafka.bootstrap,
            city_agencies=town.doors(),
        )
        stage = rehearse(settings)
        stage.post.watchers.clear()
        stage.agencies.listeners.clear()
        city = LoadCity(settings, stage.timers, stage.city.days, stage.post, stage.agencies)
        city.left = self.left
        return replace(stage, city=city)

    # ------------------------------------------------------------ what is done

    def live(self, rate: float, seconds: float) -> None:
        """Set so much of a town's life on its way, from now on."""
        begins = datetime.now(VIETNAM) + timedelta(seconds=1)
        for life in town.lives(self.asked.seed, rate, seconds, self.asked.by_post, begins):
            self.stage.city.tell(life)

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far, by process."""
        return {name: sum(map(cpu_of, pids)) for name, pids in self.pids().items()}

    def pids(self) -> dict[str, list[int]]:
        """Who runs: the pipeline, the broker, and this process."""
        found = {row.name: [row.pid] for row in self.supervisor.state() if row.pid is not None}
        running = broker.status(self.home)
        return found | {"kafka": [pid.number for pid in running.pids] if running else [], US: [os.getpid()]}

    def idle(self) -> bool:
        """Whether nobody has anything left to send, to carry, to read, or to call."""
        post, bag = self.stage.post, self.stage.postbag
        quiet = self.stage.city.progress()["nothing_left_to_send"] and not post.open() and not bag.waiting()
        return quiet and self.lag.total() <= CAUGHT_UP

    def await_calm(self, seconds: float) -> float | None:
        """Seconds until the lag is gone and stays so for three looks; None if it is not in time."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            rows = self.lag.rows[-3:]
            if len(rows) == 3 and all(sum(records.values()) <= CAUGHT_UP for _, records in rows):
                return time.monotonic() - began
            time.sleep(0.5)
        return None


def steady(run: Run) -> Figures:
    """The town lives at a rate; after it has warmed up, so many seconds of it are measured."""
    asked = run.asked
    run.live(asked.rate, asked.warm + asked.seconds)
    _wait(run, asked.warm, "warming up")
    since, cpu = time.time(), run.cpu()
    _wait(run, asked.seconds, f"{asked.rate}/s")
    until, after = time.time(), run.cpu()
    said = [one for one in run.stage.city.events if since <= (one.answered_real or 0) < until]
    doors = {door: sum(one.door == door for one in said) for door in ("http", "kafka")}
    spent = {name: after[name] - cpu.get(name, 0.0) for name in after}
    return {
        "since": since,
        "until": until,
        "events": len(said),
        "events_per_second": round(len(said) / (until - since), 1),
        "by_door": doors,
        "lag": lag_figures(run.lag, since, until, asked.rate),
        "cpu_ms_per_event": {name: round(value / len(said) * 1e3, 2) for name, value in spent.items()},
        "cores": {name: round(value / (until - since), 3) for name, value in spent.items()},
        "rss_mb": {name: round(sum(map(rss_of, pids)) / 1e6) for name, pids in run.pids().items()},
    }


def surging(run: Run) -> Figures:
    """Ten times the rate onto the agencies' topics, then the time until nobody is behind."""
    asked, begins = run.asked, datetime.now(VIETNAM)
    some = town.lives(asked.seed + 1, asked.surge, asked.surge_seconds * 1.5, asked.by_post, begins)
    print(f"surge: {asked.surge}/s for {asked.surge_seconds} s", flush=True)
    run.surged = found = surge.pour(run.kafka.bootstrap, surge.at_any_desk(some), asked.surge, asked.surge_seconds)
    caught_up = run.await_calm(asked.surge_seconds * 60 + SETTLE_SECONDS)
    rows = run.lag.between(found.began, time.time())
    groups = sorted({group for records in rows for group in records})
    return {
        "events": len(found.events),
        "taken_per_second": round(found.per_second, 1),
        "lag_peak": max(sum(records.values()) for records in rows),
        "lag_peak_by_group": {group: max(records.get(group, 0) for records in rows) for group in groups},
        "caught_up_seconds": None if caught_up is None else round(caught_up, 1),
        "handled_per_second": None if caught_up is None else round(len(found.events) / (time.time() - found.began), 1),
    }


# ------------------------------------------------------------ what came of it


def settle(run: Run) -> tuple[dict[str, list[Seen]], Ledgers, Reckoning]:
    """Wait until all that is under way has arrived, and lay both sides beside each other."""
    until = time.monotonic() + SETTLE_SECONDS
    print("settling", flush=True)
    while not run.idle() and time.monotonic() < until:
        time.sleep(1.0)
    while True:
        topics = {topic: _seen(run.kafka.bootstrap, topic) for topic in TOPICS}
        ledgers = _ledgers(run)
        result = reckon(topics, ledgers)
        if result.adds_up or time.monotonic() > until:
            return topics, ledgers, result
        time.sleep(5.0)


def _ledgers(run: Run) -> Ledgers:
    city, agencies = run.stage.city.ledger(), run.stage.agencies
    for one in city["events"]:
        one["sent_real"] = run.left.get(one["id"], one["sent_real"])
    if run.surged is not None:
        city["events"] += run.surged.events
        city["dossiers"] += run.surged.dossiers
    told = {code: agency.shown() for code in agencies.codes() if (agency := agencies.get(code))}
    return Ledgers(city, run.stage.post.ledger(), told)


def _seen(bootstrap: str, topic: str) -> list[Seen]:
    found = []
    for record in read_all(bootstrap, topic):
        try:
            found.append(Seen(topic, record.timestamp_ms, Event.decode(record.value or b"")))
        except (NotAnEvent, UnknownType) as error:
            raise SystemExit(f"a record on {topic} cannot be read: {error}") from error
    return found


def latencies(topics: Mapping[str, Sequence[Seen]], ledgers: Ledgers, since: float, until: float) -> Figures:
    """From an agency's sending to the request on its topic, by door; from a webhook to the callback it led to."""
    sent = {one["id"]: (one["sent_real"], one["door"]) for one in ledgers.city["events"]}
    to_request: dict[str, list[float]] = {"http": [], "kafka": []}
    first_seen = dict[str, float]()
    for seen in topics.get(REQUESTS, ()):
        first_seen.setdefault(seen.event.id, seen.at_ms / 1000)
    for event in {seen.event.id: seen.event for seen in topics.get(REQUESTS, ())}.values():
        at, door = sent.get((event.causationid or " ").split(" ", 1)[1], (0.0, ""))
        if since <= at < until:
            to_request[door].append(first_seen[event.id] - at)
    webhooks = {
        (parcel["reference"], int(webhook["status"])): webhook["tries"][0]["sent_at"]
        for parcel in ledgers.post["parcels"]
        for webhook in parcel["webhooks"]
        if webhook["tries"]
    }
    to_callback = [
        one["received_real"] - at
        for ledger in ledgers.agencies.values()
        for one in ledger["notices"]
        if one["kind"] == "result_delivered"
        and (at := webhooks.get((f"{one['dossier']}/{one['payload']['leg']}", DELIVERED))) is not None
        and since <= at < until
    ]
    return {
        "event_to_request": spread([*to_request["http"], *to_request["kafka"]]),
        "event_to_request_by_door": {door: spread(found) for door, found in to_request.items()},
        "webhook_to_callback": spread(to_callback),
    }


def twice(ledgers: Ledgers) -> int:
    """Effects that happened more than once: a second parcel of an order, a second notice under one number."""
    found = Counter(parcel["reference"] for parcel in ledgers.post["parcels"])
    for code, ledger in ledgers.agencies.items():
        numbered = (one for one in ledger["notices"] if one["sequence"] is not None)
        found.update(f"{code} {one['dossier']} {one['sequence']}" for one in numbered)
    return sum(count - 1 for count in found.values())


def errors(logs: Path) -> dict[str, int]:
    """Lines of each process's log that tell of an error."""
    found = {file.stem: _bad_lines(file) for file in sorted(logs.glob("*.log"))}
    return {name: count for name, count in found.items() if count}


def _bad_lines(file: Path) -> int:
    words = ('"level":"error"', '"level":"critical"', '"level": "error"', '"level": "critical"', "Traceback")
    with file.open(errors="replace") as lines:
        return sum(any(word in line for word in words) for line in lines)


# ------------------------------------------------------------ from the command line


def main(asked: argparse.Namespace) -> None:
    """Everything, printed and written; exit 1 if something is lost or a process fell."""
    result: Figures = {
        "machine": machine(),
        "asked": {k: v for k, v in vars(asked).items() if k not in ("json", "keep")},
    }
    home = Path(tempfile.mkdtemp(prefix="hoso-load-")) if asked.keep is None else asked.keep
    with ExitStack() as stack:
        run = Run(asked, home, stack)
        result["steady"] = steady(run)
        result["calm_after_seconds"] = run.await_calm(SETTLE_SECONDS)
        if asked.surge:
            result["surge"] = surging(run)
        topics, ledgers, reckoning = settle(run)
        span = (result["steady"]["since"], result["steady"]["until"])
        result["steady"] |= latencies(topics, ledgers, *span)
        log = {seen.event.ref for seen in topics["dossier.events"] if span[0] <= seen.at_ms / 1000 < span[1]}
        result["steady"]["facts_on_the_log_per_second"] = round(len(log) / (span[1] - span[0]), 1)
        rows = run.supervisor.state()
        result["whole"] = {
            "open": reckoning.open[:50],
            "open_lines": len(reckoning.open),
            "twice": twice(ledgers),
            "restarts": sum(row.restarts for row in rows),
            "not_ready": [row.name for row in rows if row.state is not State.READY],
            "errors": errors(home / "logs"),
            "figures": reckoning.figures,
        }
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=2, default=str) + "\n")
    for line in lines(result):
        print(line)
    whole = result["whole"]
    if whole["open"] or whole["twice"] or whole["restarts"]:
        raise SystemExit(1)


def lines(result: Mapping[str, Any]) -> list[str]:
    """The figures for people."""
    calm, whole = result["steady"], result["whole"]
    cpu, cores = calm["cpu_ms_per_event"], calm["cores"]
    pipeline_cpu = sum(value for name, value in cpu.items() if name not in (US, "kafka"))
    found = [
        f"held {calm['events_per_second']}/s of agencies' events ({calm['by_door']['http']} by HTTP, "
        f"{calm['by_door']['kafka']} by Kafka), {calm['facts_on_the_log_per_second']}/s facts on the log",
        "lag in records, first and last minute: "
        + ", ".join(f"{name} {one['first']:.0f} {one['last']:.0f}" for name, one in calm["lag"]["groups"].items())
        + (": flat" if calm["lag"]["flat"] else ": NOT FLAT"),
        _latency("event to postal request", calm["event_to_request"], BARS["event_to_request_p99_ms"]),
        *(_latency(f"  by {door}", one, None) for door, one in calm["event_to_request_by_door"].items()),
        _latency("webhook to callback", calm["webhook_to_callback"], BARS["webhook_to_callback_p99_ms"]),
        "CPU ms an event: " + ", ".join(f"{name} {value:.2f}" for name, value in cpu.items()),
        f"CPU ms an event in all: pipeline {pipeline_cpu:.2f}, with Kafka {pipeline_cpu + cpu['kafka']:.2f}; "
        f"cores used {sum(cores.values()):.2f}, of which the town {cores[US]:.2f}",
    ]
    if surged := result.get("surge"):
        found.append(
            f"surge: the topics took {surged['taken_per_second']}/s ({surged['events']} events), lag peak "
            f"{surged['lag_peak']}, caught up {surged['caught_up_seconds']} s after its end, "
            f"{surged['handled_per_second']}/s handled on the way"
        )
    found += [
        f"lost or unaccounted for {whole['open_lines']}, twice in effect {whole['twice']}, restarts "
        f"{whole['restarts']}, error lines {sum(whole['errors'].values())}",
        *whole["open"][:10],
    ]
    return found


def _latency(what: str, found: Mapping[str, float], bar: float | None) -> str:
    if not found["count"]:
        return f"{what}: none measured"
    told = f"{what}: p50 {found['p50_ms']:.0f} ms, p99 {found['p99_ms']:.0f} ms, worst {found['worst_ms']:.0f} ms"
    return f"{told}, {found['count']} measured" + (f" (bar {bar})" if bar else "")


def _wait(run: Run, seconds: float, what: str) -> None:
    """Let the town live, and say once in a while how it goes."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(10.0, left))
        print(
            f"  {what}: {max(0.0, until - time.monotonic()):.0f} s to go, lag {dict(run.lag.rows[-1][1])}", flush=True
        )


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--rate", type=float, default=150, help="agencies' events a second")
    parser.add_argument("--seconds", type=float, default=600, help="how long is measured")
    parser.add_argument("--warm", type=float, default=90, help="seconds before: a town needs them to be at its rate")
    parser.add_argument("--surge", type=float, default=1500, help="events a second onto the topics afterwards; 0: none")
    parser.add_argument("--surge-seconds", type=float, default=60)
    parser.add_argument("--by-post", type=float, default=0.1, help="share of dossiers that meet a postman")
    parser.add_argument("--pace", type=float, default=3600, help="how much faster than life spans pass")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--keep", type=Path, help="a folder for the home, kept; none: a temporary one")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
