"""Stories on the whole pipeline, each told by those who live it: an agency, a citizen, a postman."""

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.broker import read_all
from schemas.notice import REJECTIONS
from tests.builders import SAMPLES, sample
from tests.e2e.house import FIRST_TRY, NEVER, NO_ANSWER, House, a_contact
from tests.e2e.test_dead_letters import kept

SAMPLE_CODE = "H29.12-261102-0001"
DOCUMENTS = [{"name": "Tờ khai", "kind": "ORIGINAL", "copies": 1}]


def test_the_eight_samples_on_kafka_end_at_the_citizens_door_and_the_agency_hears_of_each_step(house: House) -> None:
    for path in sorted(SAMPLES.glob("0[1-8]-*.json")):
        house.publish("H29.12", SAMPLE_CODE, path.read_bytes())

    house.wait_told(SAMPLE_CODE, "result_delivered")

    heard = [(one["kind"], (one["payload"] or {}).get("due_on")) for one in house.told(SAMPLE_CODE)]
    owed = [("deadline_set", "2026-11-05"), ("deadline_moved", "2026-11-11"), ("deadline_moved", "2026-11-17"),
            ("delivery_accepted", None), ("result_delivered", None)]  # fmt: skip
    assert [one for one in heard if one in owed] == owed
    assert house.ledger("agencies/H29.12")["refused_signatures"] == []
    assert len(house.parcels(SAMPLE_CODE, "D1")) == 1


def test_an_online_dossier_returned_by_post_is_known_to_its_agency_alone(house: House) -> None:
    code = house.a_code()
    house.received(code, return_mode="POST", contact=a_contact(FIRST_TRY), documents=DOCUMENTS)
    house.state(code, "result_ready", outcome="APPROVED", physical=True, fee=20000)

    house.wait_told(code, "result_delivered")

    shown = house.get(f"/v1/dossiers/{code}")
    assert shown.status == 200 and shown.body["state"]["status"] == "RESULT_RETURNED"
    assert house.get(f"/v1/dossiers/{code}", agency="H29.64").status == 404
    assert house.get(f"/v1/dossiers/{code}/timeline").status == 200
    assert house.get(f"/v1/dossiers/{code}/deadline").status == 200


def test_a_collected_dossier_has_its_clock_from_the_minutes_and_not_from_the_pickup(house: House) -> None:
    code = house.a_code()
    house.state(code, "collection_registered", contact=a_contact(FIRST_TRY), documents=DOCUMENTS,
                procedure_code="1.004873", receiving_agency="H29.12")  # fmt: skip
    house.wait("the post brings it to the counter", lambda: 14 in house.scans(code, "C1"))
    house.wait_told(code, "dossier_collected")
    assert "deadline_set" not in house.kinds(code)

    signed = house.state(
        code, "handover_signed", leg="C1", direction="POST_TO_AGENCY", minutes_no="BB-1", documents=DOCUMENTS
    )

    notice = house.wait_told(code, "deadline_set")
    started = house.shown(code)["clock"]["started_at"]
    assert started[:16] == signed["time"][:16]
    assert notice["payload"]["basis"] == "45/2016/QĐ-TTg art. 7(4)"


def test_a_refused_reception_has_no_deadline_and_a_refusal_after_appraisal_is_a_result(house: House) -> None:
    refused, declined = house.a_code(), house.a_code()
    house.state(refused, "submitted", procedure_code="1.004873", channel="ONLINE", receiving_agency="H29.12")
    house.state(refused, "reception_refused", reason="Không thuộc thẩm quyền")
    house.received(declined)
    house.state(declined, "result_ready", outcome="REFUSED", physical=False)

    house.wait("both states are known", lambda: house.shown(declined).get("status") == "RESULT_READY")

    assert house.shown(refused)["status"] == "RECEPTION_REFUSED"
    assert house.kinds(refused) == []
    assert house.shown(declined)["clock"]["outcome"] == "EARLY"


def test_a_result_that_nobody_takes_goes_back_and_the_dossier_stays_ready(house: House) -> None:
    code = house.a_code()
    house.received(code, return_mode="POST", contact=a_contact(NEVER))
    house.state(code, "result_ready", outcome="APPROVED", physical=True)

    with house.hurried():
        house.wait("it is back with the agency", lambda: 19 in house.scans(code, "D1"), seconds=150)
    house.wait(
        "the agency is told that it ended",
        lambda: [one for one in house.told(code) if one["payload"] and one["payload"].get("phase") == "ended"],
    )

    kinds, shown = house.kinds(code), house.shown(code)
    assert kinds.count("delivery_failed") >= 2
    assert (shown["status"], shown["undelivered"]) == ("RESULT_READY", True)
    assert shown["clock"]["outcome"] == "EARLY"


def test_an_order_whose_answer_never_came_is_asked_for_and_ends_as_one_parcel(house: House) -> None:
    code = house.a_code()
    house.received(code, return_mode="POST", contact=a_contact(NO_ANSWER))
    house.state(code, "result_ready", outcome="APPROVED", physical=True)

    house.wait_told(code, "delivery_accepted")

    assert len(house.parcels(code, "D1")) == 1


def test_an_agency_that_is_down_hears_everything_in_order_when_it_is_back(house: House) -> None:
    code, agency = house.a_code("H29.07"), "H29.07"
    back_at = house.clock.clock.now() + timedelta(hours=12)
    house.sandbox_post(f"/agencies/{agency}/down?until={back_at.isoformat().replace('+', '%2B')}", {})
    house.received(code, agency=agency)
    house.state(
        code, "supplement_requested", agency=agency, stage="APPRAISAL", documents=["Bản sao"], reason="Thiếu bản sao"
    )
    house.state(code, "supplement_received", agency=agency, complete=True)
    house.state(code, "result_ready", agency=agency, outcome="APPROVED", physical=False)

    house.wait_told(code, "deadline_set", agency, seconds=90)

    assert house.ledger(f"agencies/{agency}")["turned_away"] > 0
    sequences = [one["sequence"] for one in house.told(code, agency)]
    assert sequences == sorted(sequences)


def test_a_worker_killed_in_the_middle_loses_nothing_and_says_nothing_twice(house: House) -> None:
    codes = [house.a_code() for _ in range(120)]
    for number, code in enumerate(codes):
        event = house.event(code, "received", procedure_code="1.004873", channel="ONLINE", receiving_agency="H29.12",
                            competent_agency="H29.12", return_mode="COUNTER")  # fmt: skip
        house.publish("H29.12", code, json.dumps(event).encode())
        if number in (40, 80):
            house.kill("worker")

    house.wait("each dossier's date is told", lambda: set(codes) <= _told_codes(house, "deadline_set"), seconds=90)

    notices = [
        one
        for one in house.ledger("agencies/H29.12")["notices"]
        if one["dossier"] in codes and one["kind"] == "deadline_set"
    ]
    assert len(notices) == len(codes)


@pytest.mark.storm  # the thirty blows of tests/faults/test_storm.py strike every process at every run
@pytest.mark.parametrize("process", ["notify", "dispatch", "translate", "intake"])
def test_any_connector_killed_in_the_middle_delivers_once_in_effect(house: House, process: str) -> None:
    codes = [house.a_code() for _ in range(6)]
    for number, code in enumerate(codes):
        for fact, data in (("received", _by_post()), ("result_ready", {"outcome": "APPROVED", "physical": True})):
            house.publish("H29.12", code, json.dumps(house.event(code, fact, **data)).encode())
        if number == 3:
            house.kill(process)

    house.wait(
        "each result is delivered and told", lambda: set(codes) <= _told_codes(house, "result_delivered"), seconds=120
    )

    for code in codes:
        assert len(house.parcels(code, "D1")) == 1
        assert house.kinds(code).count("result_delivered") == 1


# ---------------------------------------------------------------- what bad input gets


def test_a_faulty_event_is_answered_with_every_faulty_field_and_found_in_the_feed(house: House) -> None:
    no_zone, bad_fields = house.post("/v1/events", sample(31)), house.post("/v1/events", sample(32))

    assert (no_zone.status, _fields(no_zone.body)) == (422, {"time"})
    assert (bad_fields.status, _fields(bad_fields.body)) == (
        422,
        {"data.procedure_code", "data.channel", "data.contact"},
    )
    ids = {"sample-31-bad-no-zone", "sample-32-bad-fields"}
    house.wait("both are on agency.rejections", lambda: ids <= _rejected_ids(house))
    house.wait("both are in the feed", lambda: ids <= _fed_ids(house))


def test_a_fact_about_somebody_elses_dossier_is_refused_by_the_fold_and_its_sender_told(house: House) -> None:
    code = house.a_code()
    house.received(code)
    stranger = house.event(code, "result_ready", agency="H29.99", outcome="APPROVED", physical=True)
    house.publish("H29.99", code, json.dumps(stranger).encode())

    notice = house.wait_told(code, "rejected", "H29.99")

    assert (notice["payload"]["id"], notice["payload"]["reason"]) == (stranger["id"], "NO_STANDING")
    assert house.shown(code)["status"] == "RECEIVED"


def test_bytes_that_are_no_event_are_kept_with_their_place_and_the_bytes(house: House) -> None:
    house.publish("H29.64", "x", b"\xff\x00 no event")

    [letter] = house.wait("a dead letter", lambda: kept(house, "x"))
    assert letter.kept.data.topic == "agency.events.H29.64"
    assert letter.raw == b"\xff\x00 no event"
    assert letter.kept.data.offset >= 0 and letter.kept.data.reason


def test_a_webhook_with_a_wrong_signature_is_not_let_in(house: House) -> None:
    body = {"data": [{"itemCode": "EA000000011VN", "status": 14, "updatedDate": "17/11/2026 10:00:00",
                      "saleOrderCode": "x/D1"}], "sendDate": "17/11/2026 10:00:00",
            "signature": "bm90LW91cnM="}  # fmt: skip

    assert house.post("/v1/webhooks/myvnpost", body, agency=None).status == 401
    assert house.post("/v1/webhooks/nobody", body, agency=None).status == 404


def test_a_wrong_key_is_401_and_another_agencys_name_is_403(house: House) -> None:
    event = house.event(
        house.a_code(), "submitted", procedure_code="1.004873", channel="ONLINE", receiving_agency="H29.12"
    )

    assert house.post("/v1/events", event, agency=None).status == 401
    assert house.post("/v1/events", event, agency="H29.64").status == 403


def test_what_an_agency_verified_came_signed_and_nothing_it_got_was_not(house: House) -> None:
    code = house.a_code()
    house.received(code)

    notice = house.wait_told(code, "deadline_set")
    forged = house.sandbox_post("/agencies/H29.21/callback", {"type": "vn.hoso.notice.missed.v1"})

    # The sandbox's agencies verify with the standardwebhooks package, which nobody here wrote.
    assert (notice["signature_ok"], forged.status) == (True, 401)
    assert house.ledger("agencies/H29.12")["refused_signatures"] == []


def _by_post() -> dict[str, Any]:
    return {"procedure_code": "1.004873", "channel": "ONLINE", "receiving_agency": "H29.12",
            "competent_agency": "H29.12", "return_mode": "POST", "contact": a_contact(FIRST_TRY)}  # fmt: skip


def _told_codes(house: House, kind: str) -> set[str]:
    return {one["dossier"] for one in house.ledger("agencies/H29.12")["notices"] if one["kind"] == kind}


def _fields(body: Any) -> set[str]:
    return {error["field"] for rejected in body["rejected"] for error in rejected["errors"]}


def _rejected_ids(house: House) -> set[str]:
    return {json.loads(m.value)["data"].get("id") for m in read_all(house.bootstrap, REJECTIONS) if m.value}


def _fed_ids(house: House) -> set[str]:
    """The ids of rejections in the whole feed, page by page."""
    found, cursor, more = set[str](), "0", True
    while more:
        page = house.get(f"/v1/feed?after={cursor}&limit=500").body
        found |= {one["data"].get("id") for one in page["events"]}
        cursor, more = page["next"], page["more"]
    return found
