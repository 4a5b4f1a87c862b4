"""Absence is an event: what had to be heard by now is asked about, then said, and in the end somebody decides."""

from datetime import datetime, timedelta

from rules.dossier import Dossier
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.postal import ParcelStatus
from tests.builders import CODE, VERSION, a_fact, a_move, a_postal_fact, fold, notices, of, received, result_ready

LONG_AFTER = datetime(2026, 11, 30, 8, tzinfo=VIETNAM)


def at_the_post(*moves: Event) -> list[Event]:
    """A result that the post took on Monday 9 November, in the agency's own province: two working days."""
    return [
        received("2026-11-02 09:00", return_mode="POST"),
        result_ready("2026-11-05 09:00"),
        a_postal_fact("order_accepted", "2026-11-05 09:01", leg="D1", item_code="EA000000011VN", reference="x"),
        a_move("PICKED_UP", "2026-11-09 10:00"),
        *moves,
    ]


def silences(dossier: Dossier) -> list[tuple[str, str]]:
    return [(one.about, f"{one.at:%m-%d %H:%M}") for one in dossier.limits if one.limit == "silence"]


def fired(dossier: Dossier, until: datetime = LONG_AFTER) -> list[Event]:
    return [one for one in due(dossier, VERSION, until) if "limit_reached" in one.type and one.data.limit == "silence"]


def aged_out(leg: str = "D1") -> Event:
    return Event.decode(
        b'{"specversion":"1.0","id":"o-1","source":"/hoso/operators","type":"vn.hoso.ops.aged_out.v1","subject":"%s",'
        b'"time":"2026-11-27T08:00:00+07:00","recordedtime":"2026-11-27T08:00:00+07:00","refversion":"%s",'
        b'"datacontenttype":"application/json","data":{"leg":"%s","why":"searched in vain","by":"operator-1"}}'
        % (CODE.encode(), VERSION.encode(), leg.encode())
    )


def test_a_silent_item_is_said_six_hours_after_its_carrier_could_be_asked() -> None:
    dossier, _ = fold(at_the_post())

    assert silences(dossier) == [("D1", "11-12 05:59")]
    [leg] = dossier.legs
    assert leg.expected_by is not None
    assert leg.expected_by + timedelta(hours=6) == fired(dossier)[0].time


def test_the_silence_names_what_was_expected_by_when_and_what_was_seen_last() -> None:
    dossier, _ = fold(at_the_post())
    _, said = fold([*fired(dossier), *fired(dossier)], dossier)

    [fact] = of(said, "postal.silence_detected")
    assert fact.data.model_dump(mode="json") == {
        "leg": "D1",
        "carrier": "myvnpost",
        "expected": "DELIVERED",
        "by": "2026-11-11T23:59:59+07:00",
        "seen": "PICKED_UP",
    }
    assert notices(said).count("postal_silence") == 1


def test_a_word_in_time_breaks_the_silence_and_the_next_is_waited_for() -> None:
    dossier, _ = fold(at_the_post(a_move("IN_TRANSIT", "2026-11-11 08:00")))

    assert silences(dossier) == [("D1", "11-14 05:59")]


def test_a_firing_that_a_word_overtook_is_void() -> None:
    dossier, _ = fold(at_the_post())
    old = fired(dossier)
    heard, _ = fold([a_move("IN_TRANSIT", "2026-11-11 08:00")], dossier)

    _, said = fold(old, heard)

    assert of(said, "postal.silence_detected") == []


def test_what_has_ended_is_silent_for_good() -> None:
    dossier, _ = fold(at_the_post(a_move("DELIVERED", "2026-11-11 10:00")))

    assert silences(dossier) == []


def test_an_item_that_ages_out_is_waited_for_no_longer_and_its_agency_told_by_whose_decision() -> None:
    dossier, said = fold([*at_the_post(), aged_out()])

    [leg] = dossier.legs
    assert (leg.open(), silences(dossier), dossier.undelivered) == (False, [], True)
    assert leg.known.status is ParcelStatus.PICKED_UP, "what is known of it stays as it is"
    [told] = [one for one in said if one.topic == "agency.notices" and one.data.kind == "result_undeliverable"]
    assert told.data.payload["phase"] == "aged out"


def test_after_that_a_corrected_address_makes_a_second_leg() -> None:
    again = a_fact("return_registered", "2026-11-28 08:00", contact={"name": "x"})

    dossier, said = fold([*at_the_post(), aged_out(), again])

    assert [leg.name for leg in dossier.legs] == ["D1", "D2"]
    assert [one.data.leg for one in of(said, "postal.delivery_requested")] == ["D1", "D2"]
