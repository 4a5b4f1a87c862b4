"""The cluster as an operator sees it: its brokers, the copies of its partitions, its disks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.broker.admin import admin
from connectors.broker.copies import copies, enough
from connectors.broker.record import answering


@dataclass(frozen=True, slots=True)
class Cluster:
    """How many brokers there are, what topics, and which of their partitions lack a leader or a copy."""

    brokers: int
    topics: dict[str, int]
    leaderless: tuple[str, ...]
    short_of_copies: tuple[str, ...]
    copies: dict[str, int] = field(default_factory=dict)
    """Of how many copies each topic is, those included that are away."""
    enough: int = 1
    """How many a topic should have where nobody says it."""


@dataclass(frozen=True, slots=True)
class LogDir:
    """A folder in which a broker keeps its topics, and its disk in bytes; None where the broker does not say."""

    broker: int
    path: str
    free: int | None
    total: int | None


def look(bootstrap: str, timeout_ms: int = 10_000) -> Cluster:
    """The cluster as it is now. Raises TryLater."""
    with admin(bootstrap, timeout_ms) as client, answering("no cluster"):
        brokers, topics = client.describe_cluster()["brokers"], client.describe_topics()
    partitions = [(topic["name"], one) for topic in topics for one in topic["partitions"]]
    return Cluster(
        brokers=len(brokers),
        topics={topic["name"]: len(topic["partitions"]) for topic in topics},
        leaderless=_those(partitions, lambda one: one["leader_id"] < 0),
        short_of_copies=_those(partitions, lambda one: len(one["isr_nodes"]) < len(one["replica_nodes"])),
        copies={topic["name"]: copies(topic) for topic in topics},
        enough=enough((one["broker_id"] for one in brokers), topics),
    )


def log_dirs(bootstrap: str) -> list[LogDir]:
    """Where every broker keeps its topics. Raises TryLater."""
    with admin(bootstrap) as client, answering("no disks"):
        told = client.describe_log_dirs()
    return list(_dirs(told))


def _dirs(told: Any) -> Iterator[LogDir]:
    for broker in told:
        for one in broker["log_dirs"]:
            free, total = one.get("usable_bytes", -1), one.get("total_bytes", -1)
            # A broker before 3.3 does not know, and says -1; so does one whose disk failed.
            known = total > 0
            yield LogDir(broker["broker"], one["log_dir"], free if known else None, total if known else None)


def _those(partitions: list[tuple[str, Any]], are: Callable[[Any], bool]) -> tuple[str, ...]:
    return tuple(sorted(f"{topic}/{one['partition_index']}" for topic, one in partitions if are(one)))
