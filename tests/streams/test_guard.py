"""A bad release cannot drain a topic: the guard ends the worker, and a restart does not make it forget."""

import json
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from schemas.event import NotAnEvent
from schemas.release import RELEASE
from streams.engine import Record
from streams.fold import Fold
from streams.guard import Guard, TooMuchParked
from tests.builders import CODE, REFERENCE, admitted, sample

GOOD = admitted(sample(2)).encode()
BAD = GOOD.replace(b"received.v1", b"received.v9")


def a_record(raw: bytes, number: int = 0) -> Record:
    return Record(f"{CODE}{number}".encode(), raw, number, 0, 1_762_045_200_000)


def tripped(folder: Path) -> None:
    """A worker folds bad facts in this folder, of one dossier each, until it ends."""
    fold = Fold(REFERENCE, Guard(folder))
    for number in range(Guard.ENOUGH - 1):
        fold.step(None, a_record(BAD, number))
    with pytest.raises(TooMuchParked):
        fold.step(None, a_record(BAD, Guard.ENOUGH))


def shown() -> float:
    return REGISTRY.get_sample_value("hoso_worker_guard_tripped") or 0.0


def test_a_worker_ends_when_most_of_a_partitions_recent_facts_park() -> None:
    guard = Guard()
    for _ in range(Guard.ENOUGH - 1):
        guard.saw(0, went_wrong=True)

    with pytest.raises(TooMuchParked):
        guard.saw(0, went_wrong=True)


def test_a_few_parked_facts_among_many_end_nobody() -> None:
    guard = Guard()
    for number in range(1000):
        guard.saw(0, went_wrong=number % 10 == 0)


def test_started_again_with_the_same_release_it_ends_at_the_next_bad_fact(tmp_path: Path) -> None:
    tripped(tmp_path)

    for number in range(3):
        with pytest.raises(TooMuchParked):
            Fold(REFERENCE, Guard(tmp_path)).step(None, a_record(BAD, number))


def test_bytes_that_are_no_event_end_it_as_soon(tmp_path: Path) -> None:
    tripped(tmp_path)

    with pytest.raises(TooMuchParked):
        Fold(REFERENCE, Guard(tmp_path)).poison(a_record(b"x"), NotAnEvent("no JSON"), None)


def test_another_release_begins_anew(tmp_path: Path) -> None:
    tripped(tmp_path)

    stepped = Fold(REFERENCE, Guard(tmp_path, release="0.0.9")).step(None, a_record(BAD))

    assert stepped.state is not None


def test_another_partition_is_not_blamed(tmp_path: Path) -> None:
    tripped(tmp_path)

    stepped = Fold(REFERENCE, Guard(tmp_path)).step(None, a_record(BAD)._replace(partition=1))

    assert stepped.state is not None


def test_as_many_good_facts_begin_anew_for_good(tmp_path: Path) -> None:
    tripped(tmp_path)
    guard = Guard(tmp_path)
    guard.own(0)
    fold = Fold(REFERENCE, guard)

    before = shown()
    for number in range(Guard.ENOUGH):
        fold.step(None, a_record(GOOD, number))
    fold.step(None, a_record(BAD, 1))

    assert (before, shown()) == (1, 0)
    assert Fold(REFERENCE, Guard(tmp_path)).step(None, a_record(BAD)).state is not None


def test_it_is_shown_by_whoever_holds_the_partition(tmp_path: Path) -> None:
    tripped(tmp_path)
    guard = Guard(tmp_path)

    seen = [shown()]
    for look in (lambda: guard.own(1), lambda: guard.own(0), lambda: guard.leave(0)):
        look()
        seen.append(shown())

    assert seen == [0, 0, 1, 0]


def test_what_is_left_names_its_release_and_what_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    tripped(tmp_path)
    [file] = tmp_path.iterdir()
    left = json.loads(file.read_text())
    file.write_text("{")

    stepped = Fold(REFERENCE, Guard(tmp_path)).step(None, a_record(BAD))

    assert (left["release"], sum(left["recent"]["0"])) == (RELEASE, Guard.ENOUGH)
    assert stepped.state is not None


def test_where_nothing_can_be_left_it_ends_all_the_same_and_says_so(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "nowhere")
    for _ in range(Guard.ENOUGH - 1):
        guard.saw(0, went_wrong=True)

    with pytest.raises(TooMuchParked, match="not remembered"):
        guard.saw(0, went_wrong=True)
