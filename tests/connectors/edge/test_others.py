"""The other doors: carriers' webhooks, the feed, the contract."""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from connectors.carrier_settings import CarrierSettings, Signature, may_call
from connectors.seal import Evidence
from connectors.store import feed
from connectors.store.feed import Told
from schemas.contract import json_schemas
from schemas.event import TYPES
from schemas.postal import WEBHOOKS, WebhookReceived, WebhookVerdict
from tests.builders import ROOT
from tests.connectors.edge.conftest import Rig
from tests.connectors.edge.test_events import a_sample, is_a_problem

WEBHOOK = (ROOT / "tests/connectors/carriers/myvnpost/webhook_delivered.json").read_bytes()


def test_a_carriers_bytes_are_kept_sealed_before_it_is_answered(rig: Rig) -> None:
    answers = [rig.client.post("/v1/webhooks/myvnpost", content=WEBHOOK) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    kept, again = rig.producer.on(WEBHOOKS)[-2:]
    assert isinstance(kept, WebhookReceived)
    assert (kept.id, kept.subject) == (again.id, sha256(WEBHOOK).hexdigest())
    assert kept.data.verdict is WebhookVerdict.NONE
    assert rig.door.evidence.open(kept.data.body) == WEBHOOK
    assert WEBHOOK[:40] not in kept.encode()


def test_nothing_is_kept_of_what_no_carrier_says(rig: Rig) -> None:
    before = len(rig.producer.rows)

    assert rig.client.post("/v1/webhooks/myvnpost", content=b"nonsense").status_code == 400
    is_a_problem(rig.client.post("/v1/webhooks/unheard_of", content=WEBHOOK), 404)
    is_a_problem(rig.client.post("/v1/webhooks/myvnpost", content=b" " * 70_000), 413)
    assert len(rig.producer.rows) == before


def test_a_forged_webhook_gets_401_and_leaves_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(rig.producer.rows)
    strict = rig.door.settings.myvnpost.model_copy(update={"signature": Signature.REQUIRED})
    monkeypatch.setitem(rig.door.settings.__dict__, "myvnpost", strict)

    answer = rig.client.post("/v1/webhooks/myvnpost/some-secret", content=WEBHOOK)

    assert answer.status_code == 401
    assert len(rig.producer.rows) == before


@pytest.mark.parametrize(
    ("allowed", "status"), [("", 200), ("203.0.113.0/24", 403), ("203.0.113.0/24, 127.0.0.0/8", 200)]
)
def test_where_there_is_a_list_of_addresses_nobody_else_calls(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, allowed: str, status: int
) -> None:
    listed = rig.door.settings.myvnpost.model_copy(update={"allowed_addresses": allowed})
    monkeypatch.setitem(rig.door.settings.__dict__, "myvnpost", listed)
    before = len(rig.producer.rows)

    assert rig.client.post("/v1/webhooks/myvnpost", content=WEBHOOK).status_code == status
    assert (len(rig.producer.rows) > before) == (status == 200)


def test_a_caller_without_an_address_is_on_no_list() -> None:
    assert may_call(CarrierSettings(), "") and not may_call(CarrierSettings(allowed_addresses="127.0.0.0/8"), "")
    assert not may_call(CarrierSettings(allowed_addresses="127.0.0.0/8"), "testclient")
    with pytest.raises(ValidationError):
        CarrierSettings(allowed_addresses="the office")


def test_a_webhook_is_not_taken_while_the_broker_is_away(rig: Rig) -> None:
    rig.producer.away = True
    answer = rig.client.post("/v1/webhooks/myvnpost", content=WEBHOOK)
    rig.producer.away = False

    assert answer.status_code == 503


def a_row(number: int, agency: str, body: bytes | None = None) -> Told:
    said = body or json.dumps({"specversion": "1.0", "id": f"{agency}-{number}"}).encode()
    return Told(agency, f"{agency}-{number}", "agency.notices", 0, number, said)


def test_the_feed_gives_an_agency_its_own_in_order_page_by_page(rig: Rig) -> None:
    box: Evidence = rig.door.feed_box
    sealed = box.seal(b'{"specversion":"1.0","id":"H29.12-3"}').model_dump_json().encode()
    with rig.door.store.begin() as transaction:
        feed.put(transaction, [a_row(1, "H29.12"), a_row(1, "H29.99"), a_row(2, "H29.12"), a_row(3, "H29.12", sealed)])
        feed.put(transaction, [a_row(1, "H29.12")])

    first = rig.client.get("/v1/feed", params={"limit": 2}, headers=rig.auth()).json()
    second = rig.client.get("/v1/feed", params={"limit": 2, "after": first["next"]}, headers=rig.auth()).json()
    third = rig.client.get("/v1/feed", params={"after": second["next"]}, headers=rig.auth()).json()

    assert [one["id"] for one in first["events"] + second["events"]] == ["H29.12-1", "H29.12-2", "H29.12-3"]
    assert (first["more"], second["more"]) == (True, False)
    assert third == {"events": [], "next": second["next"], "more": False}
    is_a_problem(rig.client.get("/v1/feed", params={"after": "x"}, headers=rig.auth()), 422)


def test_the_feed_lists_what_one_change_brought_page_by_page(rig: Rig) -> None:
    rows = [replace(a_row(number, "H29.99"), change="change-1" if number % 2 else None) for number in range(51, 57)]
    with rig.door.store.begin() as transaction:
        feed.put(transaction, [*rows, replace(a_row(57, "H29.12"), change="change-1")])

    def page(after: str) -> dict[str, Any]:
        params = {"limit": "2", "after": after, "change": "change-1"}
        found: dict[str, Any] = rig.client.get("/v1/feed", params=params, headers=rig.auth("H29.99")).json()
        return found

    first = page("0")
    second = page(first["next"])

    assert [one["id"] for one in first["events"]] == ["H29.99-51", "H29.99-53"]
    assert [one["id"] for one in second["events"]] == ["H29.99-55"]
    assert (first["more"], second["more"]) == (True, False)


def test_the_contract_is_served_to_anyone(rig: Rig) -> None:
    openapi = rig.client.get("/openapi.json").json()

    assert "/v1/events" in openapi["paths"]
    assert rig.client.get("/asyncapi.json").json()["asyncapi"] == "3.0.0"
    assert set(rig.client.get("/schemas/").json()["types"]) == set(TYPES)
    received = rig.client.get("/schemas/vn.hoso.dossier.received.v1.json").json()
    assert received["additionalProperties"] is False
    is_a_problem(rig.client.get("/schemas/vn.hoso.dossier.invented.v1.json"), 404)


def test_every_reference_in_the_openapi_document_leads_somewhere(rig: Rig) -> None:
    text = rig.client.get("/openapi.json").text
    known = rig.client.get("/openapi.json").json()["components"]["schemas"]

    wanted = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}

    assert wanted <= known.keys()
    assert "sealed" not in json.dumps(known["Received"])


def test_the_document_knows_no_answer_that_is_not_ours(rig: Rig) -> None:
    said = rig.client.get("/openapi.json").json()
    operations = {f"{verb} {path}": one for path, here in said["paths"].items() for verb, one in here.items()}

    assert "HTTPValidationError" not in json.dumps(said)
    assert {name for name, one in operations.items() if "422" in one["responses"]} == {
        "post /v1/events",
        "get /v1/feed",
        "get /v1/dossiers/{code}/receipt",
        "post /track/{tracking}",
    }


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/schemas/{name}", 404, "application/problem+json"),
        ("/track/app/{name}", 404, "application/problem+json"),
        ("/track/app/{name}", 200, "image/png"),
        ("/track/{tracking}/app.webmanifest", 404, "application/problem+json"),
        ("/track/{tracking}/app.webmanifest", 200, "application/manifest+json"),
        ("/track/{tracking}/qr.svg", 404, "application/problem+json"),
        ("/track/{tracking}/qr.svg", 200, "image/svg+xml"),
        ("/v1/webhooks/{carrier}", 400, "application/json"),
        ("/v1/webhooks/{carrier}/{secret}", 401, "application/json"),
        ("/v1/webhooks/{carrier}", 503, "application/json"),
    ],
)
def test_the_document_says_what_was_once_left_out(rig: Rig, path: str, status: int, kind: str) -> None:
    [operation] = rig.client.get("/openapi.json").json()["paths"][path].values()

    assert kind in operation["responses"][str(status)]["content"]


def test_an_event_is_described_as_the_gate_reads_it(rig: Rig) -> None:
    said = rig.client.get("/openapi.json").json()
    event = said["components"]["schemas"]["Submitted"]
    one, many = said["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    bare = a_sample(dataschema={}, recordedtime=7)
    del bare["specversion"]

    assert rig.client.post("/v1/events", json=bare, headers=rig.auth()).status_code == 202
    assert "specversion" not in event["required"]
    assert not {"dataschema", "recordedtime"} & event["properties"].keys(), "what is said under our names is not heard"
    assert event["properties"]["datacontenttype"]["const"] == "application/json"
    assert (many["items"], many["minItems"]) == (one, 1)


def test_a_result_by_post_needs_a_contact_in_the_published_schema_too() -> None:
    said, schema = a_sample("02"), json_schemas()["vn.hoso.dossier.received.v1"]
    data = {name: value for name, value in said["data"].items() if name != "contact"}

    jsonschema.validate(data | {"return_mode": "COUNTER"}, schema)
    for without in (data, data | {"contact": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(without, schema)


def test_405_names_every_method_of_its_address(rig: Rig) -> None:
    assert rig.client.options("/track/0").headers["allow"] == "GET, POST"
    assert rig.client.delete("/v1/events").headers["allow"] == "POST"
    assert rig.client.put("/track").headers["allow"] == "GET"


def test_a_code_that_is_none_is_not_there(rig: Rig) -> None:
    is_a_problem(rig.client.get("/v1/dossiers/nonsense", headers=rig.auth()), 404)


def test_a_sample_fits_the_published_schema() -> None:
    for number in ("01", "02", "03", "06", "07", "21"):
        said = a_sample(number)
        jsonschema.validate(said["data"], json_schemas()[said["type"]])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(a_sample("32")["data"], json_schemas()[a_sample("32")["type"]])
