"""Six carriers as they are: each brings a result to the door, and whatever goes wrong ends in one parcel."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hoso import broker
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.postal import REQUESTS
from tests.e2e.house import FIRST_TRY, House, a_contact, built

PROCEDURES = {
    "myvnpost": "1.004873",
    "vnpost_hcc": "1.001193",
    "ems": "2.000488",
    "viettelpost": "2.001610",
    "ghn": "1.009994",
    "ghtk": "1.012753",
}
"""A procedure each, so that the policy sends its results by that carrier."""
CONFIRMED_BY_AN_OPERATOR = {"vnpost_hcc", "ems"}
"""No document backs their codes of a delivery: it is reported until somebody confirms it."""
IN_DOUBT = {"ghtk": "sent again", "ghn": "asked first", "ems": "never sent again"}
"""A carrier of each way to treat an order whose answer never came."""
HELD, BUSY, DOWN, TWICE, DISORDER, LATE = (f"09000009{n:02d}" for n in (5, 8, 9, 10, 11, 12))
NOBODY_TELLS, FORGED, UNKNOWN, LIED, SILENT, NEVER = (f"09000009{n:02d}" for n in (13, 14, 15, 16, 17, 3))
END_WELL = (HELD, BUSY, DOWN, TWICE, DISORDER, LATE, NOBODY_TELLS, FORGED)
TOLD_IN = 150.0
Says = Callable[..., "subprocess.CompletedProcess[str]"]


def policy() -> str:
    rules = [
        f'[[rules]]\ncarriers = ["{carrier}"]\nprocedures = ["{procedure}"]\nbecause = "a rehearsal with {carrier}"\n'
        for carrier, procedure in PROCEDURES.items()
    ]
    return "same_province_days = 2\nelsewhere_days = 4\n\n" + "\n".join(rules)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own Kafka, whose policy has a procedure for each carrier."""
    with broker.running() as kafka, built(kafka.bootstrap, tmp_path_factory.mktemp("six"), policy=policy()) as running:
        yield running


def sent(city: House, carrier: str, phone: str = FIRST_TRY) -> str:
    """A dossier whose result goes by this carrier to somebody with this number."""
    code = city.a_code()
    city.received(code, procedure_code=PROCEDURES[carrier], return_mode="POST", contact=a_contact(phone))
    city.state(code, "result_ready", outcome="APPROVED", physical=True)
    return code


def parcels(city: House, code: str) -> list[tuple[str, str]]:
    return [(one["carrier"], one["leg"]) for one in city.ledger("post")["parcels"] if one["dossier"] == code]


def reported(city: House, code: str, status: str) -> bool:
    legs = city.shown(code).get("legs", [])
    return any(leg.get("reported") == status for leg in legs)


def confirmed(city: House, carrier: str, code: str, says: Says) -> None:
    city.wait("the carrier reports it", lambda: reported(city, code, "DELIVERED"), TOLD_IN)
    done = says("confirm", carrier, "--dossier", code, "--leg", "D1", "--status", "DELIVERED", "--why", "telephoned")
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("carrier", PROCEDURES)
def test_a_result_goes_by_every_carrier_to_the_citizens_door(city: House, carrier: str) -> None:
    code = sent(city, carrier)

    if carrier in CONFIRMED_BY_AN_OPERATOR:
        confirmed(city, carrier, code, city.hoso)
    city.wait_told(code, "result_delivered", seconds=TOLD_IN)

    assert parcels(city, code) == [(carrier, "D1")]
    assert city.kinds(code).count("result_delivered") == 1
    [asked] = city.facts(REQUESTS, code, "postal.delivery_requested")
    assert (asked.data.carrier, asked.data.because) == (carrier, f"a rehearsal with {carrier}")


def test_whatever_goes_wrong_ends_in_one_parcel_that_is_delivered(city: House) -> None:
    cases = [(carrier, phone) for carrier in IN_DOUBT for phone in END_WELL if (carrier, phone) != ("ems", DOWN)]
    codes = {(carrier, phone): sent(city, carrier, phone) for carrier, phone in cases}

    for (carrier, _), code in codes.items():
        if carrier in CONFIRMED_BY_AN_OPERATOR:
            confirmed(city, carrier, code, city.says)
        city.wait_told(code, "result_delivered", seconds=TOLD_IN)

    assert {key: parcels(city, code) for key, code in codes.items()} == {key: [(key[0], "D1")] for key in codes}
    assert {key: city.kinds(code).count("result_delivered") for key, code in codes.items()} == dict.fromkeys(codes, 1)


def test_where_nothing_may_be_sent_again_somebody_has_to_find_out(city: House) -> None:
    code = sent(city, "ems", DOWN)

    told = city.wait_told(code, "order_refused", seconds=TOLD_IN)

    assert told["payload"]["carrier"] == "ems"
    [refused] = city.facts(LOG, code, "postal.order_refused")
    assert refused.data.verdict == "in_doubt"
    assert len(city.facts(REQUESTS, code, "postal.delivery_requested")) == 1


def test_a_code_that_nobody_knows_moves_nothing_until_an_operator_maps_it(city: House) -> None:
    code = sent(city, "ghn", UNKNOWN)
    city.wait_told(code, "result_delivered", seconds=TOLD_IN)
    [strange] = [one for one in city.facts(LOG, code, "postal.item_moved") if one.data.status == "UNKNOWN"]

    listed = city.says("carrier", "unknown", "ghn")
    assert strange.data.carrier_code in listed.stdout
    done = city.hoso("carrier", "map", "ghn", strange.data.carrier_code, "IN_TRANSIT", "--why", "the carrier told us")
    assert done.returncode == 0, done.stderr + done.stdout

    def known() -> list[Any]:
        moves = city.facts(LOG, code, "postal.item_moved")
        return [
            one
            for one in moves
            if one.data.carrier_code == strange.data.carrier_code and one.data.status == "IN_TRANSIT"
        ]

    [mapped] = city.wait("what carried it is translated again", known, TOLD_IN)
    assert mapped.data.item_code == strange.data.item_code
    assert city.kinds(code).count("result_delivered") == 1


@pytest.mark.parametrize("carrier", ["ghtk", "ghn"])
def test_a_postman_who_lied_is_contradicted_in_public(city: House, carrier: str) -> None:
    code = sent(city, carrier, LIED)

    found = city.wait("the contradiction", lambda: city.facts(DEADLINES, code, "postal.contradiction_found"), TOLD_IN)

    assert found[0].data.expected == "DELIVERED"
    assert found[0].data.kind in ("MOVED_AFTER_ITS_END", "TWO_ENDS")


@pytest.mark.parametrize("carrier", ["ghtk", "ems"])
def test_silence_is_asked_about_and_then_said(city: House, carrier: str) -> None:
    code = sent(city, carrier, SILENT)

    with city.hurried():
        found = city.wait("the silence", lambda: city.facts(DEADLINES, code, "postal.silence_detected"), TOLD_IN)
        missed = city.wait("the standard", lambda: city.facts(DEADLINES, code, "postal.standard_missed"), TOLD_IN)

    silence = found[0]
    assert (silence.data.leg, silence.data.carrier) == ("D1", carrier)
    assert [one.data.expected for one in missed] == ["DELIVERY_ATTEMPT"]
    city.wait_told(code, "postal_silence", seconds=TOLD_IN)
    row = next(row for row in city.supervisor.state() if row.name == "poll")
    assert f'"dossier": "{code}"' in row.log.read_text(), "poll asked the carrier first"

    done = city.hoso("silent", "age-out", code, "D1", "--why", "searched for in vain")
    assert done.returncode == 0, done.stderr
    city.wait_told(code, "result_undeliverable", seconds=TOLD_IN)


def test_what_cannot_be_delivered_comes_back_and_a_corrected_address_sends_it_again(city: House) -> None:
    code = sent(city, "ghn", NEVER)
    with city.hurried():
        city.wait("it came back", lambda: city.shown(code).get("undelivered"), TOLD_IN)

    city.state(code, "return_registered", contact=a_contact(FIRST_TRY))
    city.wait_told(code, "result_delivered", seconds=TOLD_IN)

    assert parcels(city, code) == [("ghn", "D1"), ("ghn", "D2")]
    undeliverable = [one["payload"] for one in city.told(code) if one["kind"] == "result_undeliverable"]
    assert undeliverable[-1]["phase"] == "ended"
    assert undeliverable[-1]["borne_by"] == "CITIZEN"


@pytest.mark.parametrize("carrier", ["ghtk", "viettelpost"])
def test_an_order_is_withdrawn_in_time_and_too_late_it_is_said_so(city: House, carrier: str) -> None:
    with city.unhurried():
        early = sent(city, carrier)
        city.wait_told(early, "delivery_accepted", seconds=TOLD_IN)
        city.state(early, "return_cancelled", reason="the citizen comes herself")
        city.wait_told(early, "order_cancelled", seconds=TOLD_IN)

    late = sent(city, carrier)
    city.wait("the post has it", lambda: any(reported(city, late, at) for at in HELD_BY_IT), TOLD_IN)
    city.state(late, "return_cancelled", reason="the citizen comes herself")
    city.wait("the other goes on", lambda: "result_delivered" in city.kinds(late), TOLD_IN)
    assert "order_cancelled" not in city.kinds(late)


HELD_BY_IT = ("PICKED_UP", "IN_TRANSIT", "AT_DELIVERY_OFFICE", "OUT_FOR_DELIVERY", "DELIVERED")
