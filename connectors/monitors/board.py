"""What the monitor saw last, as metrics: each look replaces all that it had shown, at once.

So whoever scrapes sees one moment, and nothing of a lane, a topic or an agency that is no more.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.telemetry import BY_NAME

HEARTBEAT = "hoso_heartbeat_timestamp_seconds"
LOOKED = "hoso_look_timestamp_seconds"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a gauge; `labels` are the values of its row's labels, in their order."""

    name: str
    labels: tuple[str, ...]
    value: float


class Board(Collector):
    """Shows what each look saw last. Threads share it."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, Sequence[Sample]]] = {}
        self._heartbeat_at = time.time()

    def shows(self, look: str, samples: Sequence[Sample]) -> None:
        """From now on these are what this look saw, and nothing else is."""
        self._seen[look] = (time.time(), samples)

    def beats(self) -> None:
        """The monitor lives."""
        self._heartbeat_at = time.time()

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing in advance: a lane in the same process may show a metric of the same name."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family a metric."""
        families: dict[str, GaugeMetricFamily] = {}
        for sample in self._samples():
            row = BY_NAME[sample.name]
            if row.name not in families:
                families[row.name] = GaugeMetricFamily(row.name, row.says, labels=row.labels)
            assert len(sample.labels) == len(row.labels), f"{row.name} has the labels {row.labels}"
            families[row.name].add_metric(sample.labels, sample.value)
        yield from families.values()

    def _samples(self) -> Iterator[Sample]:
        yield Sample(HEARTBEAT, (), self._heartbeat_at)
        for look, (at, samples) in sorted(self._seen.items()):
            yield Sample(LOOKED, (look,), at)
            yield from samples
