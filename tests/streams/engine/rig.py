"""What the engine's tests need around them: topics, worker processes, and eyes on Kafka."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from streams.engine import CRASHED, changelog_topic
from streams.engine.stored import LOG_ID, state_of
from tests.waiting import until

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).parent / "fold.py"


@dataclass
class Rig:
    """One group, its topics, its workers."""

    bootstrap: str
    data_dir: Path
    partitions: int = 4
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    settings: dict[str, Any] = field(default_factory=dict)
    workers: list["Worker"] = field(default_factory=list)
    sent: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        self.producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", linger_ms=5)

    @property
    def changelog(self) -> str:
        """The changelog topic."""
        return changelog_topic(self.name, "state")

    def make_topics(self) -> None:
        """Input, outputs, dead letters."""
        counts = {self.name: self.partitions, f"{self.name}-out": self.partitions, f"{self.name}-letters": 2}
        self.admin.create_topics({name: _layout(count) for name, count in counts.items()})

    def remake(self, topic: str) -> None:
        """The same name, another log."""
        self.admin.delete_topics([topic])
        deadline = time.monotonic() + 60
        while True:
            try:
                self.admin.create_topics({topic: _layout(self.partitions)})
                break
            except Exception:  # the old one is still being deleted
                assert time.monotonic() < deadline
                threading.Event().wait(0.1)
        # The broker forgets where a group stood on a topic that is gone, a while after it is.
        if topic == self.name:
            until(lambda: not self.committed(), what="the offsets of the old log are forgotten")

    def say(self, key: str, **event: Any) -> None:
        """Put one event on the log."""
        self.sent[key].append(event)
        where = zlib.crc32(key.encode()) % self.partitions
        self.producer.send(self.name, key=key.encode(), value=json.dumps(event).encode(), partition=where)

    def worker(self, **settings: Any) -> "Worker":
        """Start a worker."""
        asked = {
            "bootstrap": self.bootstrap,
            "id": self.name,
            "topic": self.name,
            "partitions": self.partitions,
            "data_dir": str(self.data_dir / uuid.uuid4().hex),
        }
        worker = Worker(asked | self.settings | settings)
        self.workers.append(worker)
        return worker

    # Eyes

    def read(self, topic: str) -> list[Any]:
        """Every record of a topic, partition by partition, up to its end now."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        try:
            tps = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            consumer.assign(tps)
            ends = consumer.end_offsets(tps)
            consumer.seek_to_beginning(*tps)
            records = []
            while any(consumer.position(tp) < ends[tp] for tp in tps):
                for batch in consumer.poll(timeout_ms=500).values():
                    records += batch
            return sorted(records, key=lambda record: (record.partition, record.offset))
        finally:
            consumer.close()

    def states(self) -> dict[str, dict[str, Any]]:
        """What the changelog says of each key, the last word."""
        last = {record.key: record.value for record in self.read(self.changelog) if record.key != LOG_ID}
        return {key.decode(): json.loads(state_of(value)) for key, value in last.items() if value is not None}

    def said(self, key_of: Callable[[Any], Any] = lambda said: (said["n"], said["count"])) -> dict[str, set[Any]]:
        """What the outputs say of each key, repetitions aside."""
        told: defaultdict[str, set[Any]] = defaultdict(set)
        for record in self.read(f"{self.name}-out"):
            told[record.key.decode()].add(key_of(json.loads(record.value)))
        return told

    def committed(self) -> dict[int, int]:
        """The group's committed offsets of the input."""
        offsets = self.admin.list_group_offsets([self.name])
        by_tp = offsets.get(self.name, offsets)
        return {tp.partition: meta.offset for tp, meta in by_tp.items() if tp.topic == self.name}

    def ends(self) -> dict[int, int]:
        """The ends of the input."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        try:
            ends = consumer.end_offsets([TopicPartition(self.name, number) for number in range(self.partitions)])
            return {tp.partition: end for tp, end in ends.items()}
        finally:
            consumer.close()

    def expected(self) -> dict[str, tuple[int, int]]:
        """Count and chain of each key, folded here from what was sent."""
        folded = {}
        for key, events in self.sent.items():
            chain = 0
            for event in events:
                chain = zlib.crc32(b"%d" % event["n"], chain)
            folded[key] = (len(events), chain)
        return folded

    def assert_all_right(self) -> None:
        """Every state is the fold of the log, and every output is there."""
        states = {key: (state["count"], state["chain"]) for key, state in self.states().items()}
        assert states == self.expected()
        told = self.said()
        missing = {
            key: lost
            for key, events in self.sent.items()
            if (lost := {(event["n"], at) for at, event in enumerate(events, 1)} - told[key])
        }
        assert missing == {}

    def wait_until_folded(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Everything sent is committed."""
        self.producer.flush()
        ends = self.ends()
        wanted = {number: end for number, end in ends.items() if end}

        def done() -> bool:
            meanwhile()
            return self.committed() == wanted

        until(done, what="all committed", there_is=self.last_words)

    def revive(self, **settings: Any) -> None:
        """What a supervisor does: another worker for each that has ended by itself."""
        for worker in [worker for worker in self.workers if worker.process.poll() == CRASHED]:
            self.workers.remove(worker)
            self.worker(**settings)

    def last_words(self) -> str:
        """What each worker logged last, for a failing test."""
        return "".join(f"\n{worker.process.poll()} {worker.at}\n{worker.words[-3000:]}" for worker in self.workers)

    def close(self) -> None:
        """Leave nothing behind."""
        for worker in self.workers:
            worker.kill()
        self.producer.close()
        self.admin.close()


class Worker:
    """One worker process, and what it says."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.heard = threading.Condition()
        self.at: dict[str, Any] = {}
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), json.dumps(asked)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.heard:
                if line.startswith("AT "):
                    self.at = json.loads(line[3:])
                else:
                    self.lines.append(line)
                self.heard.notify_all()

    @property
    def words(self) -> str:
        """Everything it has logged."""
        return "".join(self.lines)

    def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float = 40.0) -> dict[str, Any]:
        """Wait until this is true of what it says about itself."""
        with self.heard:
            done = self.heard.wait_for(lambda: bool(self.at) and holds(self.at), seconds)
            assert done, f"{self.at}\n{self.words[-4000:]}"
            return dict(self.at)

    def until_ready(self) -> "Worker":
        """Wait until it has partitions and consumes."""
        self.until(lambda at: bool(at["ready"] and at["owned"]))
        return self

    def until_stored(self, changes: int) -> dict[str, Any]:
        """Wait until it has written so many states."""
        return self.until(lambda at: bool(at["changes"] > changes))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def ended(self, seconds: float = 40.0) -> int:
        """Wait for its exit code."""
        code = self.process.wait(seconds)
        self._listener.join(5)
        return code

    def kill(self) -> None:
        """kill -9, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self._listener.join(5)


@contextmanager
def talking(rig: Rig, keys: int, every_seconds: float, burst: int) -> Iterator[None]:
    """Events keep coming from another thread as long as this lasts."""
    enough = threading.Event()

    def talk() -> None:
        number = 0
        while not enough.wait(every_seconds):
            for _ in range(burst):
                rig.say(f"k{number * 7919 % keys}", n=number)
                number += 1

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        rig.producer.flush()


def listening_ports(pid: int) -> set[int]:
    """TCP ports on which a process listens, as Linux says."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    rows = [row for name in ("tcp", "tcp6") for row in _rows(Path(f"/proc/{pid}/net/{name}"))]
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes}


def _rows(table: Path) -> Iterable[list[str]]:
    return [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []


def _layout(count: int) -> dict[str, int]:
    return {"num_partitions": count, "replication_factor": 1}
