"""One node of the local Kafka on disk: its properties, its storage, its process."""

import base64
import shlex
import signal
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hoso import child, secured
from hoso.java import CannotStart, jars, java
from hoso.ports import LOOPBACK
from hoso.settings import Settings

LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %p %m (%c)%n
# They print their whole configuration, or a line a partition.
logger.config.name = org.apache.kafka.common.config
logger.config.level = WARN
logger.server.name = kafka.server.KafkaConfig
logger.server.level = WARN
logger.log.name = org.apache.kafka.storage.internals.log
logger.log.level = WARN
logger.metadata.name = org.apache.kafka.controller
logger.metadata.level = WARN
"""


@dataclass(frozen=True)
class Node:
    """Where one node of the local Kafka listens; with its equals it forms the quorum."""

    id: int
    port: int
    controller_port: int

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"{LOOPBACK}:{self.port}"


def properties(node: Node, nodes: Sequence[Node], data: Path) -> dict[str, str]:
    """What Kafka's server.properties holds for this node."""
    replicas = str(min(3, len(nodes)))
    least = str(min(2, len(nodes)))
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.id),
        "controller.quorum.voters": ",".join(f"{one.id}@{LOOPBACK}:{one.controller_port}" for one in nodes),
        "listeners": f"PLAINTEXT://{node.address},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{node.address}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data.resolve()),
        # Topics come from schemas/topics.py; a misspelt one is an error, not a new topic.
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        # A killed node is not let in again before its old session ends: nine seconds by default.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "500",
        "default.replication.factor": replicas,
        "min.insync.replicas": least,
        "offsets.topic.replication.factor": replicas,
        # Fifty by default: most of a first consumer's wait on a small machine.
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": least,
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": least,
        "share.coordinator.state.topic.num.partitions": "4",
        "unclean.leader.election.enable": "false",
        "num.network.threads": "2",
        "num.io.threads": "4",
        # 128 MB by default, a quarter of this heap.
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    }


def launch(
    node: Node,
    nodes: Sequence[Node],
    folder: Path,
    cluster: str,
    settings: Settings,
    dies_with_us: signal.Signals | None,
) -> child.Pid:
    """Start the node's process, after formatting its storage the first time."""
    program, classpath = java(), jars(settings.kafka_jars, settings.home)
    config, logging = folder / "server.properties", folder / "log4j2.properties"
    folder.mkdir(parents=True, exist_ok=True)
    said, users = properties(node, nodes, folder / "data"), list[str]()
    if (papers := secured.papers(settings.home)).exist():
        said |= secured.properties(papers, node.address, f"{LOOPBACK}:{node.controller_port}")
        users = secured.first_users(papers)
    # A secured node's has a password in it.
    config.touch(mode=0o600)
    config.write_text("".join(f"{key}={value}\n" for key, value in said.items()))
    logging.write_text(LOGGING)
    command = [
        program,
        *shlex.split(settings.kafka_java_opts),
        f"-Dlog4j2.configurationFile={logging.resolve()}",
        "-cp",
        f"{classpath}/*",
    ]
    if not (folder / "data" / "meta.properties").exists():
        tool = [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config), "--ignore-formatted"]
        _format([*tool, *users])
    return child.start([*command, "kafka.Kafka", str(config)], log_of(node, settings.home), dies_with_us=dies_with_us)


def log_of(node: Node, home: Path) -> Path:
    """The file that holds what this node said."""
    return home / "logs" / ("kafka.log" if node.id == 1 else f"kafka-{node.id}.log")


def new_cluster() -> str:
    """A cluster's name: a random uuid, written as Kafka writes one.

    One in 64 would begin with a dash, which the storage tool takes for an option; Kafka leaves those out as well.
    """
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        continue
    return name


def _format(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line and not line.startswith("SLF4J")]
        raise CannotStart(f"Kafka cannot format its storage: {' '.join(said[-3:])}")
