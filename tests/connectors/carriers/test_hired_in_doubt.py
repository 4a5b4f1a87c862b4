"""One order, one parcel, although its answer was lost: each hired carrier in the way its own page allows."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.carrier_settings import Ghn, Ghtk, Viettelpost
from connectors.carriers import InDoubt, carriers
from schemas import instant
from tests.connectors.carriers.hired import sample
from tests.connectors.carriers.one_parcel import a_counter, a_desk, a_move
from tests.connectors.carrying import AT, a_request, settings_in


@pytest.fixture(autouse=True)
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), 100.0, time.time()),)))


def test_ghtk_is_told_again_and_names_the_parcel_it_has(tmp_path: Path) -> None:
    parcels: list[str] = []

    def serves(asked: Any) -> Any:
        if asked["order"]["id"] in parcels:
            return sample("ghtk", "create_reply_duplicate.json")
        parcels.append(asked["order"]["id"])
        return sample("ghtk", "create_reply_ok.json")

    with a_counter(serves, lost=1) as counter:
        settings = settings_in(tmp_path, ghtk=Ghtk(url=counter.url, rate_per_second=1000))
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="ghtk"))
            fact = desk.accepted()

    assert carriers()["ghtk"].in_doubt is InDoubt.RESEND
    assert (len(parcels), len(counter.calls)) == (1, 2)
    assert (fact.data.duplicate, fact.data.item_code) == (True, "S1.A1.10000001")


def test_a_collection_asks_for_the_same_day_in_every_try_although_that_day_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is Monday; the first answer is lost, and the next try falls on Tuesday, the day that was asked for."""

    def serves(asked: Any) -> Any:
        if counter.calls:
            return sample("ghtk", "create_reply_duplicate.json")
        tuesday = (AT + timedelta(days=1)).timestamp()
        monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(tuesday, 100.0, time.time()),)))
        return sample("ghtk", "create_reply_ok.json")

    with a_counter(serves, lost=1) as counter:
        settings = settings_in(tmp_path, ghtk=Ghtk(url=counter.url, rate_per_second=1000))
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, leg="C1", carrier="ghtk", receiver_agency="H29.12"))
            desk.accepted()

    assert [call["order"]["pick_date"] for call in counter.calls] == ["2026-10-27", "2026-10-27"]


def test_a_delivery_asks_for_no_day(tmp_path: Path) -> None:
    with a_counter(lambda _: sample("ghtk", "create_reply_ok.json")) as counter:
        settings = settings_in(tmp_path, ghtk=Ghtk(url=counter.url, rate_per_second=1000))
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="ghtk"))
            desk.accepted()

    assert "pick_date" not in counter.calls[0]["order"]


def test_ghn_is_asked_and_told_nothing_again(tmp_path: Path) -> None:
    parcels: list[str] = []

    def serves(asked: Any) -> Any:
        if "to_name" in asked:
            parcels.append(asked["client_order_code"])
            return sample("ghn", "create_reply_ok.json")
        return sample("ghn", "query_by_client_code_reply.json")

    with a_counter(serves, lost=1) as counter:
        settings = settings_in(tmp_path, ghn=Ghn(url=counter.url, rate_per_second=1000))
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="ghn"))
            fact = desk.accepted()

    assert carriers()["ghn"].in_doubt is InDoubt.ASK_FIRST
    assert (len(parcels), len(counter.calls)) == (1, 2)
    assert (fact.data.duplicate, fact.data.item_code) == (True, "LMAU01")


def test_ghn_that_has_such_an_order_already_is_asked_for_its_number(tmp_path: Path) -> None:
    def serves(asked: Any) -> Any:
        if "to_name" in asked:
            return {"code": 400, "message": "client_order_code already exists", "data": None}
        return sample("ghn", "query_by_client_code_reply.json")

    with a_counter(serves) as counter:
        settings = settings_in(tmp_path, ghn=Ghn(url=counter.url, rate_per_second=1000))
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="ghn"))
            fact = desk.accepted()

    assert (fact.data.duplicate, fact.data.item_code) == (True, "LMAU01")


def test_ghn_that_plainly_has_no_such_order_is_told_again(tmp_path: Path) -> None:
    parcels: list[str] = []

    def serves(asked: Any) -> Any:
        if "to_name" in asked:
            if len(counter.calls) == 0:
                return {}
            parcels.append(asked["client_order_code"])
            return sample("ghn", "create_reply_ok.json")
        return {"code": 400, "message": "order not found", "data": None}

    with a_counter(serves, lost=1) as counter:
        settings = settings_in(tmp_path, ghn=Ghn(url=counter.url, rate_per_second=1000))
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="ghn"))
            fact = desk.accepted()

    assert len(parcels) == 1
    assert (fact.data.duplicate, fact.data.item_code) == (False, "LMAU01")


def test_viettel_post_is_never_told_again_its_webhook_says_what_it_has(tmp_path: Path) -> None:
    with a_counter(lambda _: sample("viettelpost", "create_reply_ok.json"), lost=1) as counter:
        contract = Viettelpost(url=counter.url, rate_per_second=1000, access_token=SecretStr("made"))
        settings = settings_in(tmp_path, viettelpost=contract)
        with a_desk(settings) as desk:
            desk.takes(a_request(settings, carrier="viettelpost"))
            desk.until(lambda: any(row.last_error == "its webhook is awaited" for row in desk.waits()))

            desk.takes(a_move("viettelpost", "100000000001"))
            fact = desk.accepted()

    assert carriers()["viettelpost"].in_doubt is InDoubt.NEVER
    assert len(counter.calls) == 1
    assert (fact.data.duplicate, fact.data.item_code) == (True, "100000000001")
