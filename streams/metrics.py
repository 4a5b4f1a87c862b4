"""A worker's metrics, from their rows in `schemas.telemetry`: what the engine counts is read when somebody scrapes.

Nothing is done for it while facts are folded.
"""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.telemetry import BY_NAME
from streams.engine import Counters, Engine

COUNTED = {
    "hoso_worker_folded_total": "events",
    "hoso_worker_skipped_total": "skipped",
    "hoso_worker_poisoned_total": "poisoned",
    "hoso_worker_said_total": "outputs",
    "hoso_worker_commits_total": "commits",
    "hoso_worker_repaired_total": "repaired",
    "hoso_timers_fired_total": "fired",
    "hoso_timers_failed_total": "fire_failures",
}
"""Which of the engine's numbers each counter is."""

Family = CounterMetricFamily | GaugeMetricFamily


class EngineMetrics(Collector):
    """What a running engine counts and holds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Family]:
        """Nothing in advance: its numbers are not there before the engine is."""
        return []

    def collect(self) -> Iterator[Family]:
        """The numbers as they are now; of partitions only those that are ours."""
        engine = self._engine
        yield from _counters(engine.counters)
        held = engine.table.held
        owned = [(str(number), held[number]) for number in engine.table.owned]
        yield _gauge("hoso_worker_ready", [((), float(engine.ready))])
        yield _gauge("hoso_worker_lag_records", [((number,), part.lag) for number, part in owned])
        yield _gauge("hoso_worker_dossiers", [((number,), len(part.states)) for number, part in owned])
        yield _gauge("hoso_worker_memory_bytes", [((), engine.table.bytes_held)])
        if engine.memory_budget_bytes is not None:
            yield _gauge("hoso_worker_memory_budget_bytes", [((), engine.memory_budget_bytes)])


def _counters(counters: Counters) -> Iterator[Family]:
    for name, field in COUNTED.items():
        row = BY_NAME[name]
        yield CounterMetricFamily(row.name, row.says, value=getattr(counters, field))


def _gauge(name: str, samples: Iterable[tuple[tuple[str, ...], float]]) -> Family:
    row = BY_NAME[name]
    family = GaugeMetricFamily(row.name, row.says, labels=row.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
