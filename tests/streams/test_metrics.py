"""What a worker shows of itself: the engine's own numbers, read when somebody asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from schemas.dossier import LOG
from schemas.instant import aware
from schemas.telemetry import BY_NAME, Kind
from streams.codec import decode
from streams.engine import Record, Stepped, TooLarge, Unfit
from streams.fold import Firing, Fold
from streams.holds import Holds
from streams.metrics import COUNTED, EngineMetrics
from tests.builders import CODE, REFERENCE, admitted, sample
from tests.streams.engine.doubles import bare
from tests.streams.test_holds import WAS, the_library

KEY = CODE.encode()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[EngineMetrics, CollectorRegistry]]:
    engine, _ = bare(tmp_path, lambda state, record: Stepped(b"state"))
    engine.counters.events, engine.counters.fired, engine.counters.fire_failures = 7, 3, 1
    part = engine.table.held[0]
    part.put(b"one", b"12345")
    part.put(b"two", b"1")
    part.end, part.committed = 12, 9
    registry, metrics = CollectorRegistry(), EngineMetrics(engine)
    registry.register(metrics)
    yield metrics, registry
    registry.unregister(metrics)


def test_a_worker_shows_what_its_engine_counts_and_what_it_holds_of_each_partition_of_its_own(
    shown: tuple[EngineMetrics, CollectorRegistry],
) -> None:
    metrics, registry = shown

    assert registry.get_sample_value("hoso_worker_folded_total") == 7
    assert registry.get_sample_value("hoso_timers_fired_total") == 3
    assert registry.get_sample_value("hoso_timers_failed_total") == 1
    assert registry.get_sample_value("hoso_worker_dossiers", {"partition": "0"}) == 2
    assert registry.get_sample_value("hoso_worker_lag_records", {"partition": "0"}) == 3
    assert registry.get_sample_value("hoso_worker_memory_bytes") == 12
    metrics._engine.table.held[0].owned = False
    assert registry.get_sample_value("hoso_worker_dossiers", {"partition": "0"}) is None


def test_every_number_of_the_engine_that_is_shown_is_a_counter_of_the_table() -> None:
    assert {BY_NAME[name].kind for name in COUNTED} == {Kind.COUNTER}


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def a_record(raw: bytes) -> Record:
    return Record(KEY, raw, 0, 0, 1_762_045_200_000)


def test_a_timer_shows_how_late_it_fires() -> None:
    state = Fold(REFERENCE).step(None, a_record(admitted(sample(2)).encode())).state
    assert state is not None
    kept = decode(state)
    assert kept.dossier is not None
    due = kept.dossier.ladder[0].at
    before, seconds = counted("hoso_timer_late_seconds_count"), counted("hoso_timer_late_seconds_sum")
    firing = Firing(the_library(WAS), Holds())

    nothing = firing.fire(KEY, state, due.timestamp() - 1)
    facts = firing.fire(KEY, state, due.timestamp() + 7)

    assert (len(nothing), len(facts)) == (0, 1)
    assert counted("hoso_timer_late_seconds_count") == before + 1
    assert counted("hoso_timer_late_seconds_sum") - seconds == pytest.approx(7)
    assert aware(due.timestamp()) == due


def test_a_dossier_that_is_parked_and_bytes_that_nobody_reads_are_counted() -> None:
    parked, letters = counted("hoso_worker_parked_total"), counted("hoso_dead_letters_total", topic=LOG)
    fold, raw = Fold(REFERENCE), admitted(sample(2)).encode()
    state = fold.step(None, a_record(raw)).state

    fold.poison(a_record(raw), TooLarge("900000 > 800000 bytes"), state)
    fold.poison(a_record(b"{}"), Unfit("no key"), None)

    assert counted("hoso_worker_parked_total") == parked + 1
    assert counted("hoso_dead_letters_total", topic=LOG) == letters + 1
