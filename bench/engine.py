"""The engine against stock Faust and Quix Streams on one topic of one local Kafka; then the real job; then its latency.

    .venv/bin/python bench/engine.py --json FILE [--events 200000] [--rounds 3] [--real-events 120000] [--seconds 30]

A broker, a virtual environment for Quix and every worker are made here and end here. bench/README.md says what is what.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition  # noqa: E402
from kafka.admin import NewTopic  # noqa: E402

from bench.job import EVERY, an_event  # noqa: E402
from hoso import broker  # noqa: E402
from schemas.dossier import LOG  # noqa: E402
from schemas.postal import REQUESTS  # noqa: E402
from schemas.topics import TOPICS  # noqa: E402
from tests.builders import CODE  # noqa: E402
from tests.rules.test_laws import LIFE, MOVES, OPENED  # noqa: E402

PARTITIONS = 4
KEYS_SHARE = EVERY
"""Events of a key: 200,000 events are 25,000 keys."""
LOG_PARTITIONS = 8
WORKER_SECONDS = 600
QUIX_COMMIT_EVERY = 5_000
"""Fewer than the keys of a partition: no key twice in a checkpoint, so a changelog record on every event."""
JAVA = "-Xms1g -Xmx1g -XX:+UseG1GC"

Figures = dict[str, float]


@dataclass
class Bench:
    """One broker, one folder."""

    bootstrap: str
    folder: Path
    runs: int = 0

    def __post_init__(self) -> None:
        self.admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)

    def make(self, name: str, partitions: int, **config: str) -> None:
        """Make a topic."""
        self.admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])

    def fill(self, topic: str, partitions: int, events: Iterator[tuple[int, bytes, bytes]]) -> int:
        """Put (number of the key, key, value) on a topic; how many."""
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap, acks="all", linger_ms=20, batch_size=1 << 18, compression_type="lz4"
        )
        count = 0
        for number, key, value in events:
            producer.send(topic, key=key, value=value, partition=number % partitions)
            count += 1
        producer.flush()
        producer.close()
        return count

    def ends(self, topic: str) -> int:
        """Records of a topic."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        try:
            found = consumer.partitions_for_topic(topic) or set()
            return sum(consumer.end_offsets([TopicPartition(topic, number) for number in found]).values())
        finally:
            consumer.close()

    def read(self, topic: str) -> list[Any]:
        """Every record of a topic."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        try:
            places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends, records = consumer.end_offsets(places), list[Any]()
            while any(consumer.position(place) < ends[place] for place in places):
                records += (record for batch in consumer.poll(timeout_ms=500).values() for record in batch)
            return records
        finally:
            consumer.close()

    def asked(self, topic: str, events: int, partitions: int = PARTITIONS, **more: Any) -> dict[str, Any]:
        """What a worker is told; every run is a group of its own."""
        self.runs += 1
        folder = self.folder / f"run{self.runs}"
        folder.mkdir()
        told = {"bootstrap": self.bootstrap, "id": f"bench{self.runs}", "topic": topic, "events": events}
        return told | {"partitions": partitions, "folder": str(folder), "real": False, "commit_every": 0} | more


@contextmanager
def worker(python: Path, script: str, asked: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """A worker process; it is gone when the block is left."""
    with (Path(asked["folder"]) / "errors").open("w") as errors:
        process = subprocess.Popen(
            [python, ROOT / "bench" / script, json.dumps(asked)],
            cwd=asked["folder"],
            env=os.environ | {"PYTHONPATH": str(ROOT) if script == "worker_ours.py" else ""},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        # A worker that hangs must not hang the bench.
        alarm = threading.Timer(WORKER_SECONDS, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            yield process
        finally:
            alarm.cancel()
            process.kill()
            process.wait()


def said(process: subprocess.Popen[str], asked: dict[str, Any], word: str) -> str:
    """The rest of the line of a worker's that begins with this word."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line.removeprefix(word)
    raise SystemExit(f"a worker ended without a word:\n{(Path(asked['folder']) / 'errors').read_text()[-3000:]}")


def run(python: Path, script: str, asked: dict[str, Any]) -> Figures:
    """The figures of one run to the end."""
    with worker(python, script, asked) as process:
        figures: Figures = json.loads(said(process, asked, "RESULT "))
        return figures


# 1: the same job on three engines


def interleaved(events: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Every key once, then every key again."""
    keys = events // KEYS_SHARE
    for number in range(events):
        yield number % keys, b"H29.12-%08d" % (number % keys), an_event(number)


def engines(quix: Path | None) -> dict[str, tuple[Path, str, dict[str, Any]]]:
    """What is compared."""
    ours = Path(sys.executable)
    found: dict[str, tuple[Path, str, dict[str, Any]]] = {
        "ours": (ours, "worker_ours.py", {}),
        "faust": (ours, "worker_faust.py", {}),
    }
    if quix is not None:
        found["quix"] = (quix, "worker_quix.py", {"commit_every": QUIX_COMMIT_EVERY})
        found["quix_defaults"] = (quix, "worker_quix.py", {})
    return found


def compare(bench: Bench, events: int, rounds: int, quix: Path | None) -> dict[str, Figures | None]:
    """Medians of the rounds, in turn; the outputs of every run are counted on the broker."""
    bench.make("bench", PARTITIONS)
    bench.fill("bench", PARTITIONS, interleaved(events))
    seen: dict[str, list[Figures]] = {}
    for turn in range(rounds):
        for name, (python, script, more) in engines(quix).items():
            asked = bench.asked("bench", events, **more)
            bench.make(f"{asked['id']}-out", PARTITIONS)
            figures = run(python, script, asked)
            figures["outputs"] = bench.ends(f"{asked['id']}-out")
            figures["changes"] = sum(bench.ends(topic) for topic in _changelogs(bench, asked["id"]))
            if figures["outputs"] < events // EVERY:
                raise SystemExit(f"{name}: {figures['outputs']} outputs, {events // EVERY} are owed")
            seen.setdefault(name, []).append(figures)
            print(f"  round {turn + 1} {_line(name, figures)}", flush=True)
    return {"quix": None} | {name: _medians(found) for name, found in seen.items()}


def _changelogs(bench: Bench, id: str) -> list[str]:
    return [topic for topic in bench.admin.list_topics() if "changelog" in topic and f"{id}-" in topic]


def _medians(found: Sequence[Figures]) -> Figures:
    return {name: statistics.median(figures[name] for figures in found) for name in found[0]}


def _line(name: str, figures: Figures) -> str:
    rate, cpu = figures["events_per_second"], figures["cpu_us_per_event"]
    return f"{name:14} {rate:>10,.0f} events/s {cpu:>8.1f} us CPU an event {figures.get('changes', 0):>9,.0f} changes"


def quix_python(folder: Path) -> Path | None:
    """A Python with the extra `bench` of pyproject.toml, in a virtual environment of its own; None if it cannot be."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["bench"]
    uv, venv = Path(sys.executable).parent / "uv", folder / "quix"
    commands: list[list[str | Path]] = [
        [uv, "venv", "-q", "--python", sys.executable, venv],
        [uv, "pip", "install", "-q", "--python", venv / "bin" / "python", *extras],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"Quix Streams cannot be installed, its figures are null: {done.stderr.strip()[-300:]}")
            return None
    return venv / "bin" / "python"


# 2: the real job


def lives(first: int, count: int, facts: Sequence[Any]) -> Iterator[tuple[int, bytes, bytes]]:
    """So many dossiers' facts, interleaved: everybody's first fact, then everybody's second."""
    raws = [fact.encode() for fact in facts]
    for raw in raws:
        for number in range(first, first + count):
            code = b"H29.12-261102-%06d" % number
            yield number, code, raw.replace(CODE.encode(), code)


def make_real_topics(bench: Bench, **config: str) -> None:
    """What the real fold reads and writes."""
    for name in [topic.name for topic in TOPICS if not topic.per_agency and "changelog" not in topic.name]:
        bench.make(name, LOG_PARTITIONS, **config)


def real_job(bench: Bench, events: int) -> Figures:
    """Our engine under streams.fold: a dossier's whole life by post, fifteen facts each; once, for CPU is all of it."""
    make_real_topics(bench, **{"message.timestamp.type": "LogAppendTime"})
    facts = [*OPENED, *MOVES]
    count = bench.fill(LOG, LOG_PARTITIONS, lives(0, events // len(facts), facts))
    figures = run(Path(sys.executable), "worker_ours.py", bench.asked(LOG, count, LOG_PARTITIONS, real=True))
    figures["engine_us_per_event"] = figures["cpu_us_per_event"] - figures["logic_us_per_event"]
    return figures


# 3: a city's peak hour


def at_a_rate(bench: Bench, rate: int, seconds: int) -> Figures:
    """CPU an event, and from a result that is ready to the request to the post, by the broker's clock (LogAppendTime).

    The dossiers are new; everybody who is before `result_ready` is there when the clock begins.
    """
    before, ready = LIFE[:-1], LIFE[-1]
    assert ready.type.endswith("result_ready.v1")
    first, dossiers = 500_000, rate * seconds // len(LIFE)
    asked = bench.asked(LOG, 0, LOG_PARTITIONS, real=True)
    with worker(Path(sys.executable), "worker_ours.py", asked) as process:
        said(process, asked, "READY")
        _wait_until_still(bench, process.pid, asked["id"])
        cpu, began = _cpu(process.pid), time.perf_counter()
        count = bench.fill(LOG, LOG_PARTITIONS, _paced(_rolling(first, dossiers, (*before, ready)), rate))
        spent = time.perf_counter() - began
        time.sleep(1)
        cpu = _cpu(process.pid) - cpu
    asked_at: dict[bytes, int] = {}
    for record in bench.read(REQUESTS):
        asked_at.setdefault(record.key, record.timestamp)
    waits = sorted(
        asked_at[record.key] - record.timestamp
        for record in bench.read(LOG)
        if int(record.key[-6:]) >= first and b"result_ready" in record.value
    )
    return {
        "events_per_second": count / spent,
        "cpu_us_per_event": cpu / count * 1e6,
        "requests": len(waits),
        "p50_ms": statistics.median(waits),
        "p99_ms": waits[int(len(waits) * 0.99)],
        "worst_ms": waits[-1],
    }


def _rolling(first: int, dossiers: int, facts: Sequence[Any]) -> Iterator[tuple[int, bytes, bytes]]:
    """Thirty dossiers at a time, so that results are ready all the while."""
    for start in range(0, dossiers, 30):
        yield from lives(first + start, min(30, dossiers - start), facts)


def _paced(events: Iterator[tuple[int, bytes, bytes]], rate: int) -> Iterator[tuple[int, bytes, bytes]]:
    began = time.perf_counter()
    for number, event in enumerate(events):
        time.sleep(max(0.0, began + number / rate - time.perf_counter()))
        yield event


def _wait_until_still(bench: Bench, pid: int, id: str) -> None:
    """What the log already holds is folded: everything is committed, and the process is idle."""
    while True:
        by_tp = bench.admin.list_group_offsets([id])[id]
        spent = _cpu(pid)
        time.sleep(1.5)
        if sum(meta.offset for meta in by_tp.values()) == bench.ends(LOG) and _cpu(pid) - spent < 0.3:
            return


def _cpu(pid: int) -> float:
    """CPU seconds of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# All of it


def machine() -> dict[str, Any]:
    """Where this was measured, and how busy it was."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return {"cpu": model, "cores": cores, "python": platform.python_version(), "load_at_start": load}


def main(asked: argparse.Namespace) -> None:
    """Print as it goes, write at the end."""
    os.environ.setdefault("HOSO_KAFKA_JAVA_OPTS", JAVA)
    result: dict[str, Any] = {"machine": machine(), "events": asked.events, "rounds": asked.rounds}
    print(result["machine"], flush=True)
    with tempfile.TemporaryDirectory(prefix="hoso-bench-") as folder, broker.running() as kafka:
        bench = Bench(kafka.bootstrap, Path(folder))
        try:
            result |= compare(bench, asked.events, asked.rounds, quix_python(bench.folder))
            result["real"] = real_job(bench, asked.real_events)
            result["rate"] = at_a_rate(bench, asked.rate, asked.seconds)
        finally:
            bench.admin.close()
    tell(result)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2) + "\n")


def tell(result: dict[str, Any]) -> None:
    """The medians, the ratios, the bars of issue 8."""
    for name in ("ours", "faust", "quix", "quix_defaults"):
        if result.get(name):
            print(_line(name, result[name]))
    ours = result["ours"]["events_per_second"]
    for name, bar in (("faust", 15), ("quix", 2), ("quix_defaults", 2)):
        if result.get(name):
            print(f"ours / {name}: {ours / result[name]['events_per_second']:.1f} (bar {bar})")
    real, rate = result["real"], result["rate"]
    print(
        f"real job: {real['events_per_second']:,.0f} events/s (bar 15,000), {real['cpu_us_per_event']:.0f} us CPU an "
        f"event: logic {real['logic_us_per_event']:.0f}, engine {real['engine_us_per_event']:.0f}"
    )
    print(
        f"at {rate['events_per_second']:.0f}/s: {rate['cpu_us_per_event'] / 1e3:.2f} ms CPU an event (bar 0.7), result "
        f"ready to request p50 {rate['p50_ms']:.0f} ms, p99 {rate['p99_ms']:.0f} ms (bar 50)"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--events", type=int, default=200_000, help="of the same job, an eighth as many keys")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--real-events", type=int, default=120_000)
    parser.add_argument("--rate", type=int, default=150, help="events a second of the third figure")
    parser.add_argument("--seconds", type=int, default=30, help="how long the third figure takes")
    return parser.parse_args()


if __name__ == "__main__":
    main(_arguments())
