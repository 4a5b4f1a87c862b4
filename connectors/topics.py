"""Makes the topics of `schemas.topics` on a cluster, and sets right what somebody changed; nothing else makes any."""

from collections.abc import Iterable, Iterator

from connectors.broker import Made, Place, make_topics
from schemas.topics import TOPICS, Spread, Topic

FEW = 4
"""Partitions of a topic that only needs some."""


class WrongPartitions(ValueError):
    """A topic has another partition count than it should have: another count is another log."""


def wanted(agencies: Iterable[str], results: Iterable[str], log_partitions: int) -> Iterator[Place]:
    """Every topic as it should be: one for each agency where the row says so, `results` for those that asked."""
    asked = set(results)
    for row in TOPICS:
        partitions = {Spread.AS_THE_LOG: log_partitions, Spread.FEW: min(FEW, log_partitions), Spread.ONE: 1}[
            row.spread
        ]
        for name in _names(row, agencies, asked):
            yield Place(name, partitions, row.config())


def apply(
    bootstrap: str,
    agencies: Iterable[str],
    log_partitions: int = 8,
    replication: int | None = None,
    results: Iterable[str] = (),
) -> Made:
    """Make what is missing and correct the settings of what is there; what was made, and what has too few copies.

    Without `replication` a copy on each broker, on three at most. May be called again at any time. Raises
    WrongPartitions where a topic has another count, TryLater without a broker.
    """
    rows = list(wanted(list(agencies), results, log_partitions))
    made = make_topics(bootstrap, rows, replication)
    wrong = [f"{place.name} has {found} partitions, not {place.partitions}" for place, found in made.different]
    if wrong:
        raise WrongPartitions("; ".join(wrong) + ": HOSO_LOG_PARTITIONS must be what it was when the log was made")
    return made


def _names(row: Topic, agencies: Iterable[str], asked: set[str]) -> list[str]:
    if not row.per_agency:
        return [row.name]
    return [f"{row.name}.{agency}" for agency in agencies if row.name != "results" or agency in asked]
