"""How far each group of our readers is behind, and which partitions stand still although there is more to read."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from connectors.broker.groups import members
from connectors.broker.lag import Lag, lags
from connectors.monitors.board import Sample

GROUPS = (
    "hoso-worker", "hoso-intake", "hoso-dispatch", "hoso-translate", "hoso-poll", "hoso-notify", "hoso-receipts",
    "hoso-project",
)  # fmt: skip
"""The groups of the pipeline: the edge reads nothing, the monitor commits nothing."""

Place = tuple[str, str, int]
"""A group, a topic, a partition."""


class Stillness:
    """Since when each partition has not moved although its group has records to handle, by what it was shown."""

    def __init__(self) -> None:
        self._since: dict[Place, tuple[int, float]] = {}

    def after(self, seen: Iterable[Lag], now: float) -> dict[Place, float]:
        """For how long each has stood still at `now` (monotonic seconds); 0 where nothing waits, or something moved.

        One that stands is found whether or not its siblings flow.
        """
        known, self._since = self._since, {}
        for one in seen:
            place = (one.group, one.topic, one.partition)
            committed, since = known.get(place, (one.committed, now))
            stands = one.records > 0 and one.committed == committed
            self._since[place] = (one.committed, since if stands else now)
        return {place: now - since for place, (_, since) in self._since.items()}


class Readers:
    """The look at the groups."""

    def __init__(self, bootstrap: str, groups: Sequence[str] = GROUPS) -> None:
        self._bootstrap, self._groups = bootstrap, groups
        self._stillness = Stillness()

    def look(self) -> list[Sample]:
        """Members, lag and stillness. Raises TryLater."""
        seen, there = lags(self._bootstrap, self._groups), members(self._bootstrap, self._groups)
        still = self._stillness.after(seen, time.monotonic())
        return [
            *(Sample("hoso_group_members", (group,), len(there.get(group, ()))) for group in self._groups),
            *_behind(seen),
            *(
                Sample("hoso_partition_still_seconds", (group, topic, str(partition)), seconds)
                for (group, topic, partition), seconds in still.items()
            ),
        ]


def _behind(seen: Iterable[Lag]) -> list[Sample]:
    """The records of all partitions of a topic, and the age of the oldest of them."""
    partitions: dict[tuple[str, str], list[Lag]] = defaultdict(list)
    for one in seen:
        partitions[one.group, one.topic].append(one)
    records = [Sample("hoso_group_lag_records", at, sum(one.records for one in of)) for at, of in partitions.items()]
    ages = [Sample("hoso_group_lag_seconds", at, max(one.seconds for one in of)) for at, of in partitions.items()]
    return [*records, *ages]
