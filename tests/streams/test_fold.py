"""The step of a worker: what it keeps and what comes out; a bad release cannot drain a topic."""

import json

import pytest
from msgspec.structs import replace

from schemas.event import NotAnEvent
from streams.codec import decode, encode
from streams.engine import Record, TooLarge, Unfit
from streams.fold import NO_ROOM, Fold
from streams.guard import Guard, TooMuchParked
from tests.builders import CODE, REFERENCE, admitted, sample
from tests.rules.test_bounds import a_large_one, a_parked_one, filled


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
    fold = Fold(REFERENCE)
    with pytest.raises(NotAnEvent) as found:
        fold.step(None, record)

    [letter] = fold.poison(record, found.value, None).letters
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
        Fold(REFERENCE).poison(a_record(b"{}"), RuntimeError("a bug"), None)


def test_a_record_without_a_key_goes_to_the_dead_letters_and_does_not_stop_its_partition_for_ever() -> None:
    record = a_record(b"{}")._replace(key=b"")

    stepped = Fold(REFERENCE).poison(record, Unfit("no key"), None)

    assert stepped.state is None
    assert [letter.topic for letter in stepped.letters] == ["dead.letters"]


def test_a_fact_whose_consequences_no_topic_can_hold_parks_its_dossier() -> None:
    fold, raw = Fold(REFERENCE), admitted(sample(2)).encode()
    before = fold.step(None, a_record(admitted(sample(1)).encode())).state

    stepped = fold.poison(a_record(raw, 1), TooLarge("900000 > 800000 bytes"), before)

    kept = decode(stepped.state)
    assert [one.raw for one in kept.parked] == [raw]
    assert kept.why.startswith("TooLarge")
    [(topic, said)] = stepped.outputs
    assert (topic, json.loads(said)["data"]["parked"]["why"]) == ("dossier.state", kept.why)


def test_a_fact_whose_public_state_cannot_be_drawn_parks_its_dossier(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> dict[str, object]:
        raise OverflowError("no such day")

    fold, record = Fold(REFERENCE), a_record(admitted(sample(2)).encode())
    monkeypatch.setattr("rules.reactions.shown", fails)

    stepped = fold.step(None, record)

    kept = decode(stepped.state)
    assert [one.raw for one in kept.parked] == [record.value]
    assert kept.why == "Unsayable: OverflowError: no such day"


def test_what_waits_behind_a_parked_fact_and_no_longer_fits_goes_to_the_dead_letters_and_all_after_it() -> None:
    fold, kept = Fold(REFERENCE), filled(a_parked_one())
    small = a_record(admitted(sample(2)).encode(), 1)

    stepped = fold.step(encode(replace(kept, lettered=0)), a_record(a_large_one(9).encode()))
    after = fold.step(stepped.state, small)

    letters = [json.loads(letter.value)["data"] for letter in (*stepped.letters, *after.letters)]
    assert [(one["offset"], one["reason"]) for one in letters] == [(0, NO_ROOM), (1, NO_ROOM)]
    assert decode(after.state) == replace(kept, lettered=2)


def test_what_follows_from_a_parked_dossiers_fact_and_fits_no_topic_leaves_no_hole_either() -> None:
    fold, raw = Fold(REFERENCE), admitted(sample(2)).encode()
    parked = fold.poison(a_record(raw), TooLarge("too large"), None).state

    stepped = fold.poison(a_record(raw, 1), TooLarge("the state is too large"), parked)

    assert decode(stepped.state).lettered == 1 and [one.topic for one in stepped.letters] == ["dead.letters"]


def test_a_worker_ends_when_most_of_a_partitions_recent_records_are_no_events() -> None:
    fold = Fold(REFERENCE)
    for number in range(Guard.ENOUGH - 1):
        fold.poison(a_record(b"\xff", number), NotAnEvent("no JSON"), None)

    with pytest.raises(TooMuchParked):
        fold.poison(a_record(b"\xff", Guard.ENOUGH), NotAnEvent("no JSON"), None)


def test_a_type_of_a_newer_release_parks_the_dossier_and_is_no_dead_letter() -> None:
    raw = sample(1) | {"type": "vn.hoso.dossier.submitted.v9"}

    stepped = Fold(REFERENCE).step(None, a_record(json.dumps(raw).encode()))

    assert [one.raw for one in decode(stepped.state).parked] == [json.dumps(raw).encode()]
