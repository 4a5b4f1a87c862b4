"""The step of a worker: what it keeps and what comes out; a bad release cannot drain a topic."""

import json

import pytest

from schemas.event import NotAnEvent
from streams.codec import decode
from streams.engine import Record
from streams.fold import Fold, Guard, TooMuchParked, poison
from tests.builders import CODE, REFERENCE, admitted, sample


def a_record(raw: bytes, offset: int = 0) -> Record:
    return Record(CODE.encode(), raw, offset, 0, 1_762_045_200_000)


def test_a_step_keeps_the_dossier_and_puts_each_fact_on_its_topic() -> None:
    stepped = Fold(REFERENCE).step(None, a_record(admitted(sample(2)).encode()))

    kept = decode(stepped.state)
    assert kept.dossier is not None and str(kept.dossier.clock.due_on) == "2026-11-05"
    assert [topic for topic, _ in stepped.outputs] == ["dossier.deadlines", "agency.notices", "dossier.state"]
    assert stepped.next_due == kept.dossier.ladder[0].at.timestamp()
    assert all(json.loads(value)["codeversion"] for _, value in stepped.outputs)


def test_a_repetition_keeps_everything_as_it_is() -> None:
    fold, raw = Fold(REFERENCE), admitted(sample(2)).encode()
    first = fold.step(None, a_record(raw))

    again = fold.step(first.state, a_record(raw, 1))

    assert (again.state, again.outputs) == (None, ())


def test_bytes_that_no_schema_reads_go_to_the_dead_letters_with_their_place() -> None:
    record = a_record(b"\xff")
    with pytest.raises(NotAnEvent) as found:
        Fold(REFERENCE).step(None, record)

    [letter] = poison(record, found.value, None).letters
    assert letter.topic == "dead.letters"
    assert json.loads(letter.value)["data"] | {"reason": ""} == {
        "topic": "dossier.events",
        "partition": 0,
        "offset": 0,
        "reason": "",
        "key": CODE,
        "bytes": "/w==",
    }


def test_any_other_failure_stops_the_worker_before_it_commits() -> None:
    with pytest.raises(RuntimeError):
        poison(a_record(b"{}"), RuntimeError("a bug"), None)


def test_a_type_of_a_newer_release_parks_the_dossier_and_is_no_dead_letter() -> None:
    raw = sample(1) | {"type": "vn.hoso.dossier.submitted.v9"}

    stepped = Fold(REFERENCE).step(None, a_record(json.dumps(raw).encode()))

    assert [one.raw for one in decode(stepped.state).parked] == [json.dumps(raw).encode()]


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
