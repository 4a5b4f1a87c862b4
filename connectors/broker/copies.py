"""How many copies of a topic there should be and are, and the settings that make a copy worth something."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ENOUGH = 3
"""With three, one may be lost and one be away for an upgrade."""


def copies(topic: Mapping[str, Any]) -> int:
    """Of how many copies a topic is, as the admin client describes it: those of the partition with the fewest."""
    return min((len(one["replica_nodes"]) for one in topic["partitions"]), default=0)


def enough(brokers: Iterable[int], topics: Sequence[Mapping[str, Any]]) -> int:
    """How many copies there should be where nobody says it: one a broker, three at most.

    A broker that is away and has copies counts: it comes back.
    """
    with_copies = {node for topic in topics for one in topic["partitions"] for node in one["replica_nodes"]}
    return min(ENOUGH, len(with_copies.union(brokers)))


def safe(number: int) -> dict[str, str]:
    """A topic's settings: with three copies two must have a record before it counts, and none that lacks it may lead.

    With two copies one is enough: with both needed, either broker away would stop everything.
    """
    least = 2 if number >= ENOUGH else 1
    return {"min.insync.replicas": str(least), "unclean.leader.election.enable": "false"}
