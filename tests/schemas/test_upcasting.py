"""Readers before writers: a release reads every version there ever was, and writes one the release before reads until
the whole fleet is finalised.
"""

import json

import pytest

from schemas import upcasting
from schemas.dossier import SupplementReceived
from schemas.event import Event, NotAnEvent, UnknownType, type_of
from schemas.upcasting import NewVersion, NoNewer, Plain, Versions
from tests.builders import a_fact
from tests.schemas.versions import NEW, OLD, ROW, SINCE, SupplementReceivedAnew, a_new_one, down, the_next_release, up

BEFORE = a_fact("supplement_received", "2026-11-06 09:00", complete=True)


def test_what_stands_on_the_log_is_read_as_the_newest_version_with_all_else_as_it_was() -> None:
    raw = BEFORE.encode()

    with the_next_release():
        event = Event.decode(raw)

    assert isinstance(event, SupplementReceivedAnew) and event.data.papers == 0
    kept = ("id", "source", "subject", "time", "recordedtime", "digest", "refversion")
    assert [getattr(event, name) for name in kept] == [getattr(BEFORE, name) for name in kept]


def test_until_the_fleet_is_finalised_the_version_before_is_written_and_its_readers_read_it() -> None:
    with the_next_release():
        raw = a_new_one(BEFORE, papers=2).encode()

    event = Event.decode(raw)
    assert isinstance(event, SupplementReceived) and event.data.complete is True
    assert (event.id, event.digest) == (BEFORE.id, BEFORE.digest)


def test_once_it_is_finalised_the_new_version_is_written_and_the_release_before_parks_it() -> None:
    with the_next_release():
        upcasting.may_write(SINCE)
        raw = a_new_one(BEFORE, papers=2).encode()
        assert isinstance(Event.decode(raw), SupplementReceivedAnew)

    assert type_of(raw) == NEW
    with pytest.raises(UnknownType):
        Event.decode(raw)


@pytest.mark.parametrize(
    ("finalised", "written"), [("0.1.9", OLD), ("0.2.0", NEW), ("0.2.1", NEW), ("0.10.0", NEW), ("1.0.0", NEW)]
)
def test_releases_are_compared_by_their_numbers(finalised: str, written: str) -> None:
    with the_next_release(finalised):
        assert type_of(a_new_one(BEFORE, 0).encode()) == written


THIRD = NewVersion(
    NEW,
    NEW.replace("v2", "v3"),
    "0.3.0",
    lambda data: {"left": data["papers"]},
    lambda data: {"complete": True, "papers": data["left"]},
)


def test_old_bytes_are_led_up_step_by_step() -> None:
    with the_next_release("0.1.0", ROW, THIRD):
        read = json.loads(upcasting.newest(OLD, BEFORE.encode()))
        ids = upcasting.first(THIRD.new), upcasting.ever(THIRD.new)

    assert (read["type"], read["data"]) == (THIRD.new, {"left": 0})
    assert ids == (OLD, (THIRD.new, NEW, OLD))


def test_bytes_are_led_down_no_further_than_the_fleet_needs() -> None:
    raw = json.dumps(json.loads(BEFORE.encode()) | {"type": THIRD.new, "data": {"left": 2}}).encode()

    for finalised, expected in (("0.1.0", OLD), ("0.2.0", NEW), ("0.3.0", THIRD.new)):
        with the_next_release(finalised, ROW, THIRD):
            assert type_of(upcasting.said(THIRD.new, raw)) == expected


def test_a_row_that_stumbles_makes_the_event_wait_and_is_never_its_end() -> None:
    def stumbles(data: Plain) -> Plain:
        raise KeyError("complete")

    for bad in (stumbles, lambda data: data | {"papers": "many"}):
        with the_next_release("0.1.0", NewVersion(OLD, NEW, SINCE, bad, down)), pytest.raises(UnknownType):
            Event.decode(BEFORE.encode())


def test_a_type_that_nobody_knows_stays_unknown_and_rubbish_stays_rubbish() -> None:
    with the_next_release():
        with pytest.raises(NoNewer):
            upcasting.newest("vn.hoso.dossier.blessed.v9", b"{}")
        with pytest.raises(NotAnEvent):
            Event.decode(b'{"type": 7}')


def test_the_table_of_this_release_is_sound() -> None:
    """Each row leads to the next number of the same type; what `down` forgets, `up` need not bring back."""
    for row in upcasting.NEW_VERSIONS:
        born, number = row.old.rsplit(".v", 1)
        assert row.new == f"{born}.v{int(number) + 1}"
    table = Versions(upcasting.NEW_VERSIONS)
    assert len(table.up) == len(table.down) == len(upcasting.NEW_VERSIONS)


def test_the_test_row_keeps_the_rule_that_down_undoes_up() -> None:
    assert all(down(up({"complete": complete})) == {"complete": complete} for complete in (True, False))
