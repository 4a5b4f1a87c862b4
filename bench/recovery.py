"""How soon a worker with many open dossiers is ready after a kill, its timers armed again.

    .venv/bin/python bench/recovery.py [--open 400000] [--json FILE]

Every state is folded from that dossier's own facts. A broker and the workers are made here and end here.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kafka import KafkaProducer  # noqa: E402

from bench.gauges import cpu_of, machine, rss_of  # noqa: E402
from connectors.broker import read_all  # noqa: E402
from connectors.broker.reader import partition_of  # noqa: E402
from connectors.reference import publish  # noqa: E402
from hoso import broker, pipeline  # noqa: E402
from hoso.ports import LOOPBACK, free_port  # noqa: E402
from schemas.dossier import LOG  # noqa: E402
from schemas.instant import VIETNAM  # noqa: E402
from schemas.topics import CHANGELOG  # noqa: E402
from streams.engine import Record, topic_id_reader  # noqa: E402
from streams.engine.stored import LOG_ID, pack  # noqa: E402
from streams.fold import Fold  # noqa: E402
from tests.builders import CODE, REFERENCE, a_bundle, a_fact, received  # noqa: E402

PARTITIONS = 8
READY_SECONDS = 300.0
BAR_SECONDS, BAR_OPEN = 15.0, 400_000
REARM_SECONDS, REARM_OPEN = 60.0, 500_000
PROBE = b"H29.12-250101-0001"
"""A dossier whose time has come: its fact on the log shows that timers are armed."""

Figures = dict[str, Any]


# ------------------------------------------------------------ what the changelog holds


def life(day: datetime) -> list[bytes]:
    """What an open dossier has behind it: handed in online, received, at an officer's desk; due in fifteen days."""
    said: dict[str, Any] = {"procedure_code": "1.009994", "channel": "ONLINE", "receiving_agency": "H29.12"}
    facts = [
        a_fact("submitted", f"{day:%Y-%m-%d} 08:15", **said),
        received(f"{day:%Y-%m-%d} 09:05", return_mode="POST", procedure_code="1.009994"),
        a_fact("assigned", f"{day:%Y-%m-%d} 10:00", agency="H29.12", officer_ref="officer-1"),
    ]
    return [fact.encode() for fact in facts]


def folded(fold: Fold, code: bytes, facts: list[bytes]) -> bytes:
    """What the worker would keep of a dossier with these facts, as its changelog holds it."""
    state, due = None, None
    for offset, raw in enumerate(facts):
        stepped = fold.step(state, Record(code, raw.replace(CODE.encode(), code), offset, 0, 0))
        if stepped.state is not None:
            state, due = stepped.state, stepped.next_due
    assert state is not None
    return pack(len(facts), due, state)


def fill(bootstrap: str, first: int, count: int) -> int:
    """Put the states of so many dossiers on the changelog; how many bytes."""
    today = datetime.now(VIETNAM)
    days = [life(today - timedelta(days=back)) for back in range(1, 5)]
    fold, size = Fold(REFERENCE), 0
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=50, batch_size=1 << 18, compression_type="lz4"
    )
    for number in range(first, first + count):
        code = b"H29.12-261102-%07d" % number
        value = folded(fold, code, days[number % len(days)])
        size += len(value)
        producer.send(CHANGELOG, key=code, value=value, partition=partition_of(code, PARTITIONS))
    producer.flush()
    producer.close()
    return size


def fill_all(bootstrap: str, count: int) -> Figures:
    """The log's name in every partition, `count` open dossiers on all cores, and one whose time has come."""
    began, cores = time.monotonic(), os.cpu_count() or 1
    share = -(-count // cores)
    shares = [(start, min(share, count - start)) for start in range(0, count, share)]
    log_id = asyncio.run(_log_id(bootstrap))
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for number in range(PARTITIONS):
        producer.send(CHANGELOG, key=LOG_ID, value=pack(0, None, log_id), partition=number)
    overdue = folded(Fold(REFERENCE), PROBE, life(datetime(2026, 1, 5, tzinfo=VIETNAM)))
    producer.send(CHANGELOG, key=PROBE, value=overdue, partition=partition_of(PROBE, PARTITIONS))
    producer.flush()
    producer.close()
    with ProcessPoolExecutor(cores) as pool:
        sizes = list(pool.map(fill, [bootstrap] * len(shares), *zip(*shares, strict=True)))
    return {"seconds": round(time.monotonic() - began, 1), "bytes_a_state": round(sum(sizes) / count)}


async def _log_id(bootstrap: str) -> bytes:
    return await topic_id_reader(bootstrap, LOG)()


# ------------------------------------------------------------ the worker


@contextmanager
def worker(bootstrap: str, home: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`hoso worker` and its operators' port; killed with -9 when the block is left."""
    port = free_port()
    env = os.environ | {
        "HOSO_HOME": str(home),
        "HOSO_KAFKA_BOOTSTRAP": bootstrap,
        "HOSO_OPS_PORT": str(port),
        "HOSO_INSTANCE": "worker-0",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hoso.cli.main", "worker"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            yield process, port
        finally:
            process.kill()
            process.wait()


def start(bootstrap: str, home: Path, log: Path, expected: int) -> Figures:
    """From the start of a worker until its readiness says yes with every partition, and what it had by then."""
    began, wall = time.monotonic(), time.time()
    with worker(bootstrap, home, log) as (process, port):
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                raise SystemExit(f"the worker is not ready: see {log}\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        ready, cpu, rss = time.monotonic() - began, cpu_of(process.pid), rss_of(process.pid)
        said = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        owned = [one for one in said if one.get("event") == "engine.owned"]
        keys = sum(one["keys"] for one in owned)
        if keys != expected:
            raise SystemExit(f"{keys} dossiers are there, {expected} were put: see {log}")
        told = _seconds(said, "process.started", wall)
        return {
            "ready_seconds": round(ready, 2),
            "of_which_until_started": told,
            "of_which_until_owned": _seconds(owned[-1:], "engine.owned", wall),
            "cpu_seconds": round(cpu, 2),
            "rss_mb": round(rss / 1e6),
            "timer_fired_seconds": _await_timer(bootstrap, began),
        }


def _is_ready(port: int) -> bool:
    connection = HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = json.loads(answer.read())
        return answer.status == 200 and len(body["positions"]) == PARTITIONS
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def _await_timer(bootstrap: str, began: float) -> float:
    """Seconds from the start until the overdue dossier's fact is on the log: every timer before and after is armed."""
    before = getattr(_await_timer, "seen", 0)
    while time.monotonic() - began < READY_SECONDS:
        found = len([record for record in read_all(bootstrap, LOG) if record.key == PROBE])
        if found > before:
            _await_timer.seen = found  # type: ignore[attr-defined]
            return round(time.monotonic() - began, 2)
        time.sleep(0.2)
    raise SystemExit("no timer fired")


def _seconds(said: list[dict[str, Any]], event: str, since: float) -> float | None:
    for one in said:
        if one.get("event") == event and (at := one.get("timestamp") or one.get("time")):
            return round(datetime.fromisoformat(str(at).replace("Z", "+00:00")).timestamp() - since, 2)
    return None


# ------------------------------------------------------------ from the command line


def main(asked: argparse.Namespace) -> None:
    """Fill, start, kill, start again; exit 1 never: a bar that is missed is said."""
    result: Figures = {"machine": machine(), "open": asked.open}
    with tempfile.TemporaryDirectory(prefix="hoso-recovery-") as folder:
        home = Path(folder)
        with broker.running(home) as started:
            pipeline.prepare(started.bootstrap, ROOT / "deploy" / "reference")
            publish(started.bootstrap, a_bundle())
            result["fill"] = fill_all(started.bootstrap, asked.open)
            print(f"{asked.open} states on the changelog after {result['fill']['seconds']} s", flush=True)
            for name in ("first", "again"):
                result[name] = start(started.bootstrap, home, home / f"{name}.log", asked.open + 1)
    again = result["again"]
    print(
        f"{asked.open} open dossiers, {result['fill']['bytes_a_state']} bytes each: ready {again['ready_seconds']} s "
        f"after a kill (first start {result['first']['ready_seconds']} s; bar {BAR_SECONDS:.0f} at {BAR_OPEN}), "
        f"a timer fired after {again['timer_fired_seconds']} s (bar {REARM_SECONDS:.0f} at {REARM_OPEN}), "
        f"{again['cpu_seconds']} s CPU, {again['rss_mb']} MB; started {again['of_which_until_started']} s, "
        f"owned {again['of_which_until_owned']} s"
    )
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=int, default=BAR_OPEN, help="how many open dossiers")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
