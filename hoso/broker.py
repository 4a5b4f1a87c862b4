"""The local Kafka: the real one, on loopback, data on disk; started detached, found again by its state file."""

import fcntl
import json
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

from hoso.child import Pid
from hoso.java import CannotStart
from hoso.kafka_node import Node, launch, log_of, new_cluster
from hoso.ports import answers, free_port, is_free
from hoso.settings import Settings

START_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.05
ANSWER_MILLISECONDS = 2000
TRIES = 3


@dataclass(frozen=True)
class Broker:
    """A local Kafka that runs. Today it has one node; whoever reads `bootstrap` need not know."""

    home: Path
    nodes: tuple[Node, ...]
    pids: tuple[Pid, ...]
    ready: bool = False
    """Whether it answered a metadata request once since it was started."""

    @property
    def bootstrap(self) -> str:
        """What clients are told, as host:port,host:port."""
        return ",".join(node.address for node in self.nodes)

    @property
    def pid(self) -> int:
        """The first node's process."""
        return self.pids[0].number

    @property
    def port(self) -> int:
        """The first node's port."""
        return self.nodes[0].port

    @property
    def log(self) -> Path:
        """The file that holds what the first node said."""
        return log_of(self.nodes[0], self.home)

    @property
    def data(self) -> Path:
        """The folder of the topics."""
        return self.home / "kafka"


def start(
    home: Path | None = None, port: int | None = None, *, dies_with_us: bool = False, settings: Settings | None = None
) -> Broker:
    """The local Kafka of this home, answering. One that runs already is returned as it is.

    Without a port the usual one is taken, or a free one if somebody has it; a given port is taken or refused. With
    `dies_with_us` it stops when the calling thread ends, however that ends. Raises CannotStart with a sentence.
    """
    settings = _at(home, settings)
    with _lock(settings.home):
        if running := status(settings.home):
            if port not in (None, running.port):
                raise CannotStart(f"Kafka runs already on {running.bootstrap}: `hoso broker stop` stops it")
            # Whoever started it may have been killed while waiting for it.
            return running if running.ready else _await(running)
        if port is not None and not is_free(port):
            raise CannotStart(f"port {port} is taken: leave --port out and a free one is found")
        for last in [False] * (TRIES - 1) + [True]:
            try:
                return _await(_launch(settings, port, signal.SIGTERM if dies_with_us else None))
            except PortLost:
                if last or port is not None:
                    raise
    raise AssertionError("the last try returns or raises")


def stop(home: Path | None = None, seconds: float = 30) -> bool:
    """Stop the local Kafka of this home, wait until it has; whether one was running."""
    settings = _at(home, None)
    with _lock(settings.home):
        broker = status(settings.home)
        if broker:
            _end(broker, seconds)
        _state_file(settings.home).unlink(missing_ok=True)
        return broker is not None


def status(home: Path | None = None) -> Broker | None:
    """The local Kafka of this home if its processes live, without asking it anything."""
    settings = _at(home, None)
    try:
        found = json.loads(_state_file(settings.home).read_text())
    except FileNotFoundError:
        return None
    broker = Broker(
        settings.home,
        tuple(Node(**node) for node in found["nodes"]),
        tuple(Pid(**pid) for pid in found["pids"]),
        found["ready"],
    )
    return broker if all(pid.is_alive() for pid in broker.pids) else None


def run(home: Path | None = None, port: int | None = None) -> bool:
    """A local Kafka in the foreground, for a supervisor; whether it ended because SIGTERM or Ctrl-C asked for it."""
    told, pids = threading.Event(), list[Pid]()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()
        if not pids:
            # It is starting: `start` leaves no process behind when it is interrupted.
            raise KeyboardInterrupt
        for pid in pids:
            pid.send(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    with suppress(KeyboardInterrupt):
        pids += start(home, port, dies_with_us=True).pids
        for pid in pids:
            pid.wait()
    return told.is_set()


@contextmanager
def running(home: Path | None = None, port: int | None = None) -> Iterator[Broker]:
    """A local Kafka for the length of a block, in a temporary home unless one is given; it ends with this thread."""
    with tempfile.TemporaryDirectory(prefix="hoso-kafka-") as temporary:
        place = home or Path(temporary)
        broker = start(place, port or (None if home else free_port()), dies_with_us=True)
        try:
            yield broker
        finally:
            stop(place)


class PortLost(CannotStart):
    """Somebody took the port between our look and Kafka's."""


def _at(home: Path | None, settings: Settings | None) -> Settings:
    settings = settings or Settings()
    return settings.model_copy(update={"home": (home or settings.home).resolve()})


def _launch(settings: Settings, port: int | None, dies_with_us: signal.Signals | None) -> Broker:
    home = settings.home
    nodes = (Node(1, port or free_port(settings.kafka_port), free_port()),)
    pids = [
        launch(node, nodes, home / "kafka" / f"node-{node.id}", _cluster(home), settings, dies_with_us)
        for node in nodes
    ]
    broker = Broker(home, nodes, tuple(pids))
    _write(broker)
    return broker


def _await(broker: Broker) -> Broker:
    """Return it once every node is listed in the cluster's metadata; otherwise leave no process behind."""
    deadline = time.monotonic() + START_SECONDS
    try:
        for node, pid in zip(broker.nodes, broker.pids, strict=True):
            while not answers(node.port):
                # The pause ends at once if the process does.
                if pid.wait(LOOK_AGAIN_SECONDS):
                    raise _why(broker)
                if time.monotonic() > deadline:
                    raise CannotStart(f"Kafka does not answer after {START_SECONDS:.0f} s: see {broker.log}")
        if not _lists(broker.bootstrap, len(broker.nodes), broker.pids, deadline):
            if not all(pid.is_alive() for pid in broker.pids):
                raise _why(broker)
            raise CannotStart(f"Kafka listens and does not answer: see {broker.log}")
    except BaseException:
        _end(broker, seconds=5)
        raise
    ready = replace(broker, ready=True)
    _write(ready)
    return ready


def _lists(bootstrap: str, nodes: int, pids: Sequence[Pid], deadline: float) -> bool:
    """Whether a metadata request lists that many brokers before the deadline."""
    while time.monotonic() < deadline:
        if _brokers(bootstrap) >= nodes:
            return True
        if pids[0].wait(LOOK_AGAIN_SECONDS):
            return False
    return False


def _brokers(bootstrap: str) -> int:
    """How many brokers the cluster lists; none while it listens and is not a broker yet."""
    # Imported here: it takes a quarter of a second, in which Java starts.
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        with KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=ANSWER_MILLISECONDS
        ) as admin:
            return len(admin.describe_cluster()["brokers"])
    except KafkaError:
        return 0


def _why(broker: Broker) -> CannotStart:
    """Why a node ended while starting, as the error to raise: its port is another's, or what it said last."""
    for node in broker.nodes:
        for port in (node.port, node.controller_port):
            if not is_free(port):
                return PortLost(f"somebody took port {port} before Kafka did: see {broker.log}")
    lines = [line for line in broker.log.read_text(errors="replace").splitlines() if not line.startswith("SLF4J")]
    worst = [line for line in lines[-200:] if " ERROR " in line or " FATAL " in line or line.startswith("Error")]
    return CannotStart(f"Kafka ended while starting: {(worst or lines or ['without a word'])[-1]} (see {broker.log})")


def _end(broker: Broker, seconds: float) -> None:
    for pid in broker.pids:
        pid.send(signal.SIGTERM)
    for pid in broker.pids:
        pid.end(seconds)
    _state_file(broker.home).unlink(missing_ok=True)


def _cluster(home: Path) -> str:
    """The cluster's name in this home, made the first time."""
    file = home / "kafka" / "cluster"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(new_cluster())
    return file.read_text()


def _state_file(home: Path) -> Path:
    return home / "kafka" / "broker.json"


def _write(broker: Broker) -> None:
    """Write the state file whole or not at all."""
    state = {
        "bootstrap": broker.bootstrap,
        "nodes": [asdict(node) for node in broker.nodes],
        "pids": [asdict(pid) for pid in broker.pids],
        "ready": broker.ready,
    }
    fresh = _state_file(broker.home).with_suffix(".new")
    fresh.write_text(json.dumps(state, indent=2))
    fresh.replace(_state_file(broker.home))


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """One start or stop at a time in this home."""
    folder = home / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
