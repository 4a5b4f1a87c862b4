"""The local Kafka: the real one, on loopback, data on disk; started detached, found again by its state file."""

import fcntl
import json
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from hoso.child import Pid
from hoso.java import CannotStart
from hoso.kafka_node import Node, launch, log_of, new_cluster
from hoso.ports import answers, free_port, is_free
from hoso.secured import Papers, papers
from hoso.secured import make as make_papers
from hoso.settings import Settings

START_SECONDS = 60.0
FREED_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.05
ANSWER_MILLISECONDS = 2000
TRIES = 3


@dataclass(frozen=True)
class Broker:
    """A local Kafka that runs, of one node or of three; whoever reads `bootstrap` need not know."""

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

    @property
    def papers(self) -> Papers | None:
        """How one comes in where it is secured; None where everybody does."""
        found = papers(self.home)
        return found if found.exist() else None

    def login(self) -> dict[str, Any]:
        """What a client of the operators is told."""
        return self.papers.operators().client() if self.papers else {}

    def missing(self) -> tuple[Node, ...]:
        """The nodes whose process has ended, as it is now."""
        return tuple(node for node, pid in zip(self.nodes, self.pids, strict=True) if not pid.is_alive())


def start(
    home: Path | None = None,
    port: int | None = None,
    *,
    nodes: int | None = None,
    secured: bool = False,
    dies_with_us: bool = False,
    settings: Settings | None = None,
) -> Broker:
    """The local Kafka of this home, answering. One that runs already is returned; its nodes that died are back then.

    Without a port the first node takes the usual one, or a free one if somebody has it; a given port is taken or
    refused. A home keeps its number of nodes: without `nodes` it is what its data has, or one. It also keeps whether it
    is `secured`: TLS, names with passwords, rights; its first start says so and `papers` has them. With `dies_with_us`
    what is started stops when the calling thread ends, however that ends. Raises CannotStart with a sentence.
    """
    settings = _at(home, settings)
    with_us = signal.SIGTERM if dies_with_us else None
    with _lock(settings.home):
        if running := status(settings.home):
            if port not in (None, running.port) or nodes not in (None, len(running.nodes)):
                raise CannotStart(f"Kafka runs already on {running.bootstrap}: `hoso broker stop` stops it")
            _agree(running.home, secured)
            return _whole(running, settings, with_us)
        _agree(settings.home, secured)
        if port is not None and not is_free(port):
            raise CannotStart(f"port {port} is taken: leave --port out and a free one is found")
        size = _size(settings.home, nodes)
        if secured:
            make_papers(settings.home)
        for last in [False] * (TRIES - 1) + [True]:
            try:
                return _launch(settings, port, size, with_us)
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
            _end(broker.pids, seconds)
        _state_file(settings.home).unlink(missing_ok=True)
        return broker is not None


def status(home: Path | None = None) -> Broker | None:
    """The local Kafka of this home if any of its processes lives, without asking it anything."""
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
    return broker if any(pid.is_alive() for pid in broker.pids) else None


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
def running(
    home: Path | None = None, port: int | None = None, nodes: int | None = None, *, secured: bool = False
) -> Iterator[Broker]:
    """A local Kafka for the length of a block, in a temporary home unless one is given; it ends with this thread."""
    with tempfile.TemporaryDirectory(prefix="hoso-kafka-") as temporary:
        place = home or Path(temporary)
        broker = start(place, port or (None if home else free_port()), nodes=nodes, secured=secured, dies_with_us=True)
        try:
            yield broker
        finally:
            stop(place)


class PortLost(CannotStart):
    """Somebody took the port between our look and Kafka's."""


def _at(home: Path | None, settings: Settings | None) -> Settings:
    settings = settings or Settings()
    return settings.model_copy(update={"home": (home or settings.home).resolve()})


def _size(home: Path, nodes: int | None) -> int:
    """How many nodes this home has or is to have; a log that was written by some is not read by others."""
    there = len(list((home / "kafka").glob("node-*")))
    if there and nodes not in (None, there):
        raise CannotStart(
            f"the data in {home / 'kafka'} is of {there} node{'s' * (there > 1)}: "
            f"leave --nodes out, or set HOSO_HOME to another folder"
        )
    return nodes or there or 1


def _agree(home: Path, secured: bool) -> None:
    """Refuse to secure a home whose cluster began without: it would not know its first users."""
    if secured and not papers(home).exist() and list((home / "kafka").glob("node-*")):
        raise CannotStart(f"the data in {home / 'kafka'} began unsecured: set HOSO_HOME to another folder")


def _launch(settings: Settings, port: int | None, size: int, with_us: signal.Signals | None) -> Broker:
    """Every node of a Kafka of which none runs, answering."""
    nodes = tuple(
        Node(number, port or free_port(settings.kafka_port) if number == 1 else free_port(), free_port())
        for number in range(1, size + 1)
    )
    pids = list[Pid]()
    try:
        for node in nodes:
            pids.append(_node(node, nodes, settings, with_us))
    except BaseException:
        _end(pids, seconds=5)
        raise
    broker = Broker(settings.home, nodes, tuple(pids))
    _write(broker)
    return _await(broker, nodes)


def _whole(running: Broker, settings: Settings, with_us: signal.Signals | None) -> Broker:
    """A Kafka that runs with all of its nodes: those that died are started where they were, with their data."""
    missing = running.missing()
    for node in missing:
        for port in (node.port, node.controller_port):
            if not _freed(port):
                raise CannotStart(f"port {port} of node {node.id} is taken: `hoso broker stop`, then start again")
    pids = [
        _node(node, running.nodes, settings, with_us) if node in missing else pid
        for node, pid in zip(running.nodes, running.pids, strict=True)
    ]
    if running.ready and not missing:
        return running
    broker = replace(running, pids=tuple(pids), ready=False)
    _write(broker)
    # Whoever started the others may have been killed while waiting for them.
    return _await(broker, missing or running.nodes)


def _freed(port: int) -> bool:
    """Whether a port that a process just had is free: the kernel may still be taking the process apart."""
    deadline = time.monotonic() + FREED_SECONDS
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_AGAIN_SECONDS)
    return True


def _node(node: Node, nodes: Sequence[Node], settings: Settings, with_us: signal.Signals | None) -> Pid:
    folder = settings.home / "kafka" / f"node-{node.id}"
    return launch(node, nodes, folder, _cluster(settings.home), settings, with_us)


def _await(broker: Broker, fresh: Sequence[Node]) -> Broker:
    """Return it once each fresh node answers and lists all of them; otherwise leave no fresh process behind."""
    deadline = time.monotonic() + START_SECONDS
    ours = [(node, pid) for node, pid in zip(broker.nodes, broker.pids, strict=True) if node in fresh]
    try:
        for node, pid in ours:
            while not answers(node.port):
                # The pause ends at once if the process does.
                if pid.wait(LOOK_AGAIN_SECONDS):
                    raise _why(node, broker.home)
                if time.monotonic() > deadline:
                    raise CannotStart(
                        f"Kafka does not answer after {START_SECONDS:.0f} s: see {log_of(node, broker.home)}"
                    )
        for node, pid in ours:
            if not _lists(node.address, len(broker.nodes), pid, deadline, broker.login()):
                if not pid.is_alive():
                    raise _why(node, broker.home)
                raise CannotStart(f"Kafka listens and does not answer: see {log_of(node, broker.home)}")
    except BaseException:
        _end([pid for _, pid in ours], seconds=5)
        if not any(pid.is_alive() for pid in broker.pids):
            _state_file(broker.home).unlink(missing_ok=True)
        raise
    ready = replace(broker, ready=True)
    _write(ready)
    return ready


def _lists(address: str, nodes: int, pid: Pid, deadline: float, login: Mapping[str, Any]) -> bool:
    """Whether this node, asked for its metadata, lists that many brokers before the deadline."""
    while time.monotonic() < deadline:
        if _brokers(address, login) >= nodes:
            return True
        if pid.wait(LOOK_AGAIN_SECONDS):
            return False
    return False


def _brokers(bootstrap: str, login: Mapping[str, Any]) -> int:
    """How many brokers the cluster lists; none while it listens and is not a broker yet."""
    # Imported here: it takes a quarter of a second, in which Java starts.
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        with KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=ANSWER_MILLISECONDS, **login
        ) as admin:
            return len(admin.describe_cluster()["brokers"])
    except KafkaError:
        return 0


def _why(node: Node, home: Path) -> CannotStart:
    """Why a node ended while starting, as the error to raise: its port is another's, or what it said last."""
    log = log_of(node, home)
    for port in (node.port, node.controller_port):
        if not is_free(port):
            return PortLost(f"somebody took port {port} before Kafka did: see {log}")
    lines = [line for line in log.read_text(errors="replace").splitlines() if not line.startswith("SLF4J")]
    worst = [line for line in lines[-200:] if " ERROR " in line or " FATAL " in line or line.startswith("Error")]
    return CannotStart(f"Kafka ended while starting: {(worst or lines or ['without a word'])[-1]} (see {log})")


def _end(pids: Sequence[Pid], seconds: float) -> None:
    for pid in pids:
        pid.send(signal.SIGTERM)
    for pid in pids:
        pid.end(seconds)


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
