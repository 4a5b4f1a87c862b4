"""Stock Faust, as its documentation says it is used: an app, its consumer, a worker process."""

import os
import subprocess
import sys
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from hoso.ports import free_port
from tests.streams.engine.rig import listening_ports
from tests.waiting import until

WORKER = Path(__file__).parent / "worker.py"
ROOT = Path(__file__).parents[3]
INPUT = TP("in", 0)
Told = TypeVar("Told")
STALLED_SECONDS = 25.0
TRIES = 4


def a_stock_app(bootstrap: str, data: Path, **settings: Any) -> faust.App:
    """An app with Faust's defaults."""
    make: Any = faust.App
    asked = {"broker": f"kafka://{bootstrap}", "datadir": data, "store": "memory://"} | settings
    made: faust.App = make(f"s{uuid.uuid4().hex[:8]}", **asked)
    return made


async def nothing(*args: object) -> None:
    """A callback that does nothing."""


def a_stock_consumer(app: faust.App) -> driver.Consumer:
    """Faust's consumer of topic `in`, never started."""
    app.topics.acking_topics.add(INPUT.topic)
    made = app.transport.create_consumer(nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)
    assert isinstance(made, driver.Consumer)
    return made


def a_message(offset: int, value: Any = None) -> ConsumerMessage:
    """A record on its way through Faust."""
    return ConsumerMessage(INPUT.topic, INPUT.partition, offset, 0.0, 0, None, None, value, None, 0, 0, INPUT)


class Stalled(AssertionError):
    """Stock Faust stands still, which it does now and then (defect I): nothing is known of what was asked."""


class StockWorkers:
    """`python worker.py worker` with `web_enabled=False` in the app, again and again, on one topic."""

    def __init__(self, bootstrap: str, folder: Path, guarantee: str = "at_least_once") -> None:
        self.bootstrap = bootstrap
        self.guarantee = guarantee
        self.folder = folder
        self.name = f"stock{uuid.uuid4().hex[:8]}"
        self.port = free_port()
        self.admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        self.admin.create_topics({self.name: {"num_partitions": 1, "replication_factor": 1}})
        self.process: subprocess.Popen[bytes] | None = None
        self.heard = ""

    def say(self, *values: bytes) -> None:
        """Put records of one key on the topic."""
        producer = KafkaProducer(bootstrap_servers=self.bootstrap)
        for value in values:
            producer.send(self.name, key=b"k", value=value, partition=0)
        producer.close()

    def start(self) -> int:
        """Start a worker; its process id."""
        assert self.process is None
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), "worker", "-l", "warn", "--web-port", str(self.port)],
            cwd=self.folder,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "STOCK_BOOTSTRAP": self.bootstrap,
                "STOCK_TOPIC": self.name,
                "STOCK_GUARANTEE": self.guarantee,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        return self.process.pid

    def kill(self) -> None:
        """kill -9, if one runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(60)
            self.process = None

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for what the worker does. Raises Stalled where it does nothing."""
        try:
            until(holds, STALLED_SECONDS, what=what, there_is=self.last_words)
        except AssertionError as error:
            raise Stalled(str(error)) from None

    def committed(self) -> int:
        """The group's committed offset."""
        try:
            by_tp = self.admin.list_group_offsets([self.name])[self.name]
        except (KafkaError, KeyError):  # no coordinator yet, no group yet
            return 0
        return max((meta.offset for meta in by_tp.values()), default=0)

    def rewind(self) -> None:
        """What a rebalance does: the records come again."""

        def done() -> bool:
            where = {TopicPartition(self.name, 0): OffsetAndMetadata(0, "", -1)}
            try:
                self.admin.alter_group_offsets(self.name, where)
            except KafkaError:  # the killed worker is a member until its session ends
                return False
            return self.committed() == 0

        until(done, what="rewound")

    def counted(self) -> list[str]:
        """What the worker has counted, line by line."""
        return (self.folder / "counted").read_text().split() if (self.folder / "counted").exists() else []

    def opened(self) -> set[int]:
        """Ports on which the running worker listens."""
        return listening_ports(self.process.pid) if self.process is not None else set()

    def last_words(self) -> str:
        """What it has logged, for a failing test."""
        return (self.folder / "log").read_text()[-3000:]

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        self.admin.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a stock worker on the records `one`, `boom`, `two`."""

    committed: int
    counted: list[str]
    listens: bool


def told(story: Callable[[StockWorkers], Told], bootstrap: str, folder: Path, guarantee: str = "at_least_once") -> Told:
    """A story of stock workers, told anew on another topic where one of them stalls."""
    for number in range(TRIES):
        place = folder / str(number)
        place.mkdir()
        workers = StockWorkers(bootstrap, place, guarantee)
        try:
            return story(workers)
        except Stalled as stalled:
            warnings.warn(f"told anew: {stalled}", stacklevel=1)
        finally:
            workers.close()
    raise Stalled(f"{TRIES} times in a row")


def handled(workers: StockWorkers) -> Seen:
    """One worker, to where it has committed everything."""
    workers.say(b"one", b"boom", b"two")
    workers.start()
    workers.until(lambda: workers.committed() == 3, "all committed")
    return Seen(workers.committed(), workers.counted(), workers.port in workers.opened())


def handled_again(workers: StockWorkers) -> list[str]:
    """What another worker counts when the records come to it again."""
    before = len(handled(workers).counted)
    workers.kill()
    workers.rewind()
    workers.start()
    workers.until(lambda: len(workers.counted()) == before + 2, "counted again")
    return workers.counted()[before:]
