"""What time and the calendar set in motion at once: rungs of one instant, and dates that a new calendar moves.

    .venv/bin/python bench/clocks.py [--rungs 10000] [--again 50000] [--moved 100000] [--json FILE]

A real worker on a real broker, its states folded from each dossier's own facts. While the rungs fire, other dossiers'
facts come in at a steady rate, and their delay is measured too.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kafka import KafkaConsumer, KafkaProducer, TopicPartition  # noqa: E402

from bench import recovery  # noqa: E402
from bench.gauges import machine  # noqa: E402
from connectors.broker.reader import partition_of  # noqa: E402
from connectors.reference import publish  # noqa: E402
from hoso import broker, pipeline  # noqa: E402
from schemas.deadline import DEADLINES  # noqa: E402
from schemas.dossier import LOG  # noqa: E402
from schemas.instant import VIETNAM  # noqa: E402
from schemas.state import STATE  # noqa: E402
from schemas.topics import CHANGELOG  # noqa: E402
from streams.engine.stored import LOG_ID, due_of, pack, state_of  # noqa: E402
from streams.fold import Fold  # noqa: E402
from tests.builders import REFERENCE, a_bundle, received  # noqa: E402

DAY = datetime(2026, 11, 2, tzinfo=VIETNAM)
"""All dossiers came in on this day: due on Tuesday the 17th, near it from 07:30 on Friday the 13th."""
NEAR = datetime(2026, 11, 13, 7, 30, tzinfo=VIETNAM)
LEAD_SECONDS = 8.0
"""Real seconds between the last look at the worker and the instant."""
PROBES_A_SECOND = 20
WAIT_SECONDS = 300.0
BARS = {10_000: 5.0, 50_000: 60.0}
LIVE_SECONDS, MOVED_SECONDS = 1.0, 60.0

Figures = dict[str, Any]


def fill(bootstrap: str, count: int) -> None:
    """So many dossiers on the changelog, all of one day."""
    facts, fold, log_id = recovery.life(DAY), Fold(REFERENCE), asyncio.run(recovery._log_id(bootstrap))
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=50, batch_size=1 << 18, compression_type="lz4"
    )
    for number in range(recovery.PARTITIONS):
        producer.send(CHANGELOG, key=LOG_ID, value=pack(0, None, log_id), partition=number)
    for number in range(count):
        code = b"H29.12-261102-%07d" % number
        # Its facts are on no log here: whatever comes on this one is new.
        value = at_the_start(recovery.folded(fold, code, facts))
        producer.send(CHANGELOG, key=code, value=value, partition=partition_of(code, recovery.PARTITIONS))
    producer.flush()
    producer.close()


def at_the_start(stored: bytes) -> bytes:
    """The same state with nothing of this log in it."""
    return pack(0, due_of(stored), state_of(stored))


class Watch:
    """Follows one topic from its end and keeps when each fact of a kind was appended."""

    def __init__(self, bootstrap: str, topic: str, kind: bytes) -> None:
        self._kind, self.seen, self._over = kind, dict[bytes, float](), threading.Event()
        self._consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        places = [TopicPartition(topic, number) for number in range(recovery.PARTITIONS)]
        self._consumer.assign(places)
        for place, end in self._consumer.end_offsets(places).items():
            self._consumer.seek(place, end)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def until(self, count: int) -> None:
        """Wait for so many."""
        ends = time.monotonic() + WAIT_SECONDS
        while len(self.seen) < count:
            if time.monotonic() > ends:
                raise SystemExit(f"only {len(self.seen)} of {count} came within {WAIT_SECONDS:.0f} s")
            time.sleep(0.1)

    def stop(self) -> None:
        """Follow no more."""
        self._over.set()
        self._thread.join()
        self._consumer.close()

    def _follow(self) -> None:
        while not self._over.is_set():
            for records in self._consumer.poll(timeout_ms=200).values():
                for record in records:
                    if self._kind in record.value:
                        self.seen.setdefault(record.key, record.timestamp / 1e3)


class Live:
    """Facts of dossiers that are not due, at a steady rate; how long each takes to its public state."""

    def __init__(self, bootstrap: str) -> None:
        self._watch = Watch(bootstrap, STATE, b"state_changed")
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
        self._sent: dict[bytes, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def _speak(self) -> None:
        number = 0
        while not self._over.wait(1 / PROBES_A_SECOND):
            number += 1
            code = f"H29.12-261112-{number:04d}"
            raw = received("2026-11-12 09:00", code=code).encode()
            self._sent[code.encode()] = time.time()
            self._producer.send(LOG, key=code.encode(), value=raw)

    def delays(self) -> list[float]:
        """Seconds, of all that were sent."""
        self._over.set()
        self._thread.join()
        self._producer.close()
        ends = time.monotonic() + WAIT_SECONDS
        while not self._sent.keys() <= self._watch.seen.keys() and time.monotonic() < ends:
            time.sleep(0.1)
        self._watch.stop()
        return sorted(self._watch.seen[code] - at for code, at in self._sent.items())


@contextmanager
def worker(bootstrap: str, home: Path) -> Iterator[None]:
    """`hoso worker` on a clock that strikes 07:30 a few seconds after it is told to."""
    with recovery.worker(bootstrap, home, home / "worker.log") as (process, port):
        while not recovery._is_ready(port):
            if process.poll() is not None:
                raise SystemExit((home / "worker.log").read_text(errors="replace")[-3000:])
            time.sleep(0.05)
        yield


def set_clock(home: Path, start: datetime) -> float:
    """The driven time is this from now on, at real speed; the real instant at which 07:30 strikes."""
    now = time.time()
    path = home / "clock"
    path.write_text(f"start={start.isoformat()},speed=1.0,anchor={now}\n")
    os.environ["HOSO_CLOCK"] = f"file={path}"
    return now + (NEAR - start).total_seconds()


def rungs(count: int) -> Figures:
    """So many rungs at one instant: when the last is on the log, and what live facts feel of it."""
    with tempfile.TemporaryDirectory(prefix="hoso-clocks-") as folder, broker.running(Path(folder)) as started:
        home, bootstrap = Path(folder), started.bootstrap
        pipeline.prepare(bootstrap, ROOT / "deploy" / "reference")
        publish(bootstrap, a_bundle())
        fill(bootstrap, count)
        set_clock(home, NEAR - timedelta(hours=1))
        with worker(bootstrap, home):
            reached = Watch(bootstrap, LOG, b"rung_reached")
            strikes = set_clock(home, NEAR - timedelta(seconds=LEAD_SECONDS))
            live = Live(bootstrap)
            reached.until(count)
            delays = live.delays()
            reached.stop()
    late = sorted(at - strikes for at in reached.seen.values())
    return {
        "rungs": count,
        "last_on_the_log_seconds": round(late[-1], 2),
        "p50_seconds": round(percentile(late, 0.5), 2),
        "live_facts": len(delays),
        "live_p99_seconds": round(percentile(delays, 0.99), 3),
        "live_worst_seconds": round(delays[-1], 3),
    }


def moved(count: int) -> Figures:
    """So many open dossiers when a calendar comes into force that moves them all: until the last new date is said."""
    with tempfile.TemporaryDirectory(prefix="hoso-clocks-") as folder, broker.running(Path(folder)) as started:
        home, bootstrap = Path(folder), started.bootstrap
        pipeline.prepare(bootstrap, ROOT / "deploy" / "reference")
        publish(bootstrap, a_bundle())
        fill(bootstrap, count)
        set_clock(home, NEAR - timedelta(days=3))
        with worker(bootstrap, home):
            said = Watch(bootstrap, DEADLINES, b"REFERENCE_CHANGED")
            live, began = Live(bootstrap), time.time()
            publish(bootstrap, _with_the_due_date_closed())
            said.until(count)
            delays = live.delays()
            said.stop()
    return {
        "moved": count,
        "last_said_seconds": round(max(said.seen.values()) - began, 2),
        "live_p99_seconds": round(percentile(delays, 0.99), 3),
        "live_worst_seconds": round(delays[-1], 3),
    }


def _with_the_due_date_closed() -> Any:
    calendar = a_bundle().calendar.model_dump(mode="json") | {"version": "swapped"}
    calendar["closed"] = sorted(
        [*calendar["closed"], {"day": "2026-11-17", "basis": "swapped"}], key=lambda row: row["day"]
    )
    return a_bundle("bench-2", calendar=calendar)


def percentile(ordered: list[float], share: float) -> float:
    """The value that this share of the ordered ones does not exceed."""
    return ordered[int(len(ordered) * share)]


def main(asked: argparse.Namespace) -> None:
    """Measure, print, write."""
    result: Figures = {"machine": machine(), "rungs": [rungs(count) for count in (asked.rungs, asked.again) if count]}
    for row in result["rungs"]:
        bar = next((seconds for count, seconds in BARS.items() if row["rungs"] <= count), None)
        print(
            f"{row['rungs']} rungs at one instant: the last on the log after {row['last_on_the_log_seconds']} s "
            f"(bar {bar}), half after {row['p50_seconds']} s; live facts p99 {row['live_p99_seconds']} s, "
            f"worst {row['live_worst_seconds']} s (bar {LIVE_SECONDS})",
            flush=True,
        )
    if asked.moved:
        result["moved"] = row = moved(asked.moved)
        print(
            f"{row['moved']} open dossiers moved by another calendar: the last date said after "
            f"{row['last_said_seconds']} s (bar {MOVED_SECONDS:.0f}); live facts p99 {row['live_p99_seconds']} s, "
            f"worst {row['live_worst_seconds']} s"
        )
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rungs", type=int, default=10_000, help="how many rungs fall on one instant")
    parser.add_argument("--again", type=int, default=50_000, help="and how many in a second run; 0: none")
    parser.add_argument("--moved", type=int, default=100_000, help="how many open dossiers a calendar moves; 0: none")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
