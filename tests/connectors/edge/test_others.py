"""The other doors: carriers' webhooks, the feed, the contract."""

import json
from hashlib import sha256

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


def test_a_code_that_is_none_is_not_there(rig: Rig) -> None:
    is_a_problem(rig.client.get("/v1/dossiers/nonsense", headers=rig.auth()), 404)


def test_a_sample_fits_the_published_schema() -> None:
    for number in ("01", "02", "03", "06", "07", "21"):
        said = a_sample(number)
        jsonschema.validate(said["data"], json_schemas()[said["type"]])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(a_sample("32")["data"], json_schemas()[a_sample("32")["type"]])
