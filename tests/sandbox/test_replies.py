"""What each carrier's counter answers: in the shape of its samples, and in its own words where something is wrong."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sandbox.customers import (
    BUYERS,
    Buyer,
    EmsBuyer,
    GhnBuyer,
    GhtkBuyer,
    MyVNPostBuyer,
    ViettelPostBuyer,
    VNPostHccBuyer,
)
from tests.sandbox.stage import sample, shape
from tests.sandbox.street import REFERENCE, a_street


def named(kind: type[Buyer]) -> str:
    return kind.name


def papers(kind: type[Buyer], name: str) -> Any:
    return msgspec.json.decode(sample(name, kind.name))


@pytest.mark.parametrize("kind", BUYERS, ids=named)
def test_the_answers_to_an_order_have_the_shapes_of_the_carrier_s_samples(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind) as street:
        taken = street.buyer.order(REFERENCE, "0900000901").json()
        refused = street.buyer.order("H29.12-261102-0002/D1", "0900000904").json()

    assert shape(taken) == shape(papers(kind, "create_reply_ok.json"))
    assert shape(refused) == shape(papers(kind, "create_reply_refused.json"))


@pytest.mark.parametrize("kind", [VNPostHccBuyer, GhtkBuyer], ids=named)
def test_a_known_reference_is_answered_as_in_the_sample(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind) as street:
        street.buyer.order(REFERENCE, "0900000901")
        again = street.buyer.order(REFERENCE, "0900000901").json()

    assert shape(again) == shape(papers(kind, "create_reply_duplicate.json"))


@pytest.mark.parametrize(
    ("kind", "busy", "down"),
    [
        (MyVNPostBuyer, ("status", 429), ("status", 500)),
        (VNPostHccBuyer, ("Status", "429"), ("Status", None)),
        (EmsBuyer, ("code", "error"), ("code", "error")),
        (ViettelPostBuyer, ("error", True), ("error", True)),
        (GhnBuyer, ("code", 429), ("code", None)),
        (GhtkBuyer, ("success", False), ("success", False)),
    ],
)
def test_a_carrier_that_is_busy_or_down_says_so_in_its_own_form(
    tmp_path: Path, kind: type[Buyer], busy: tuple[str, object], down: tuple[str, object]
) -> None:
    with a_street(tmp_path, kind) as street:
        first = street.buyer.order(REFERENCE, "0900000908").json()
        second = street.buyer.order("H29.12-261102-0002/D1", "0900000909")

    field, value = down
    assert first[busy[0]] == busy[1]
    assert second.json()[field] in (value, second.status_code, str(second.status_code))


def test_carriers_are_now_500_and_now_503_and_myvnpost_is_500(tmp_path: Path) -> None:
    seen: dict[str, Counter[int]] = {}
    for kind in (MyVNPostBuyer, GhnBuyer):
        (tmp_path / kind.name).mkdir()
        with a_street(tmp_path / kind.name, kind) as street:
            orders = [street.buyer.order(f"H29.12-261102-{n:04d}/D1", "0900000909") for n in range(20)]
        seen[kind.name] = Counter(answer.status_code for answer in orders)

    assert set(seen["myvnpost"]) == {500}
    assert set(seen["ghn"]) == {500, 503}


@pytest.mark.parametrize("kind", BUYERS, ids=named)
def test_an_impolite_carrier_fails_some_first_calls_and_no_second_one(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind, sandbox_manners="rude") as street:
        first = [street.post.lapse("create", f"order-{n}") for n in range(500)]
        second = [street.post.lapse("create", f"order-{n}") for n in range(500)]

    assert 80 < sum(lapse != "none" for lapse in first) < 220
    assert set(second) == {"none"}


@pytest.mark.parametrize("kind", [MyVNPostBuyer, VNPostHccBuyer, ViettelPostBuyer], ids=named)
def test_a_token_is_good_for_a_while(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind, sandbox_token_seconds=0.000001) as street:
        late = street.buyer.order(REFERENCE, "0900000901")

    assert late.status_code == 401
    assert street.post.parcels == []


def test_viettel_post_takes_a_token_of_its_portal(tmp_path: Path) -> None:
    with a_street(tmp_path, ViettelPostBuyer) as street:
        street.buyer.session.headers["Token"] = "sandbox"
        assert street.buyer.made(street.buyer.order(REFERENCE, "0900000901"))


def test_viettel_post_misleads_where_the_order_number_is_missing(tmp_path: Path) -> None:
    with a_street(tmp_path, ViettelPostBuyer) as street:
        answer = street.buyer.order("", "0900000901")

    assert (answer.status_code, answer.json()) == (200, papers(ViettelPostBuyer, "create_reply_refused.json"))


def test_viettel_post_takes_places_in_words_as_well(tmp_path: Path) -> None:
    with a_street(tmp_path, ViettelPostBuyer) as street:
        order = street.buyer.paper("create_request.json") | {"RECEIVER_PHONE": "0900000901"}
        answer = street.buyer.call("/v2/order/createOrderNlp", order)

    assert street.buyer.made(answer)


def test_an_impolite_viettel_post_lets_some_orders_go_only_when_asked_again(tmp_path: Path) -> None:
    with a_street(tmp_path, ViettelPostBuyer, sandbox_manners="impolite") as street:
        orders = [street.buyer.order(f"H29.12-261102-{n:04d}/D1", "0900000901") for n in range(20)]
        first = [street.buyer.cancel(answer) for answer in orders]
        second = [street.buyer.cancel(answer) for answer, gone in zip(orders, first, strict=True) if not gone]

    assert 1 <= first.count(False) <= 15
    assert all(second)


def test_ghn_finds_an_order_by_our_code_as_in_the_sample_and_says_clearly_that_there_is_none(tmp_path: Path) -> None:
    with a_street(tmp_path, GhnBuyer) as street:
        street.buyer.order(REFERENCE, "0900000901")
        found = street.buyer.call("/v2/shipping-order/detail-by-client-code", {"client_order_code": REFERENCE}).json()
        nobody = street.buyer.call("/v2/shipping-order/detail-by-client-code", {"client_order_code": "nobody"})

    expected = papers(GhnBuyer, "query_by_client_code_reply.json")
    assert set(found["data"]) == set(expected["data"])
    assert found["data"]["status"] == expected["data"]["status"]
    assert (nobody.status_code, nobody.json()["message"]) == (400, "Order not found")


def test_an_impolite_ghn_answers_some_questions_with_a_list(tmp_path: Path) -> None:
    with a_street(tmp_path, GhnBuyer, sandbox_manners="impolite") as street:
        kinds = Counter[str]()
        for n in range(20):
            code = f"H29.12-261102-{n:04d}/D1"
            street.buyer.order(code, "0900000901")
            said = street.buyer.call("/v2/shipping-order/detail-by-client-code", {"client_order_code": code}).json()
            kinds[type(said["data"]).__name__] += 1

    assert set(kinds) == {"dict", "list"}


def test_ghn_refuses_a_code_of_more_than_fifty_signs(tmp_path: Path) -> None:
    with a_street(tmp_path, GhnBuyer) as street:
        fits = street.buyer.order("H29.12-261102-0001".rjust(47, "0") + "/D1", "0900000901")
        long = street.buyer.order("H29.12-261102-0001".rjust(48, "0") + "/D1", "0900000901")

    assert street.buyer.made(fits)
    assert (long.status_code, long.json()["message"]) == (400, "client_order_code is invalid")


def test_ghtk_refuses_an_id_of_250_signs(tmp_path: Path) -> None:
    with a_street(tmp_path, GhtkBuyer) as street:
        answer = street.buyer.order("0" * 247 + "/D1", "0900000901")

    assert (answer.status_code, answer.json()["error_code"]) == (422, "30102")


def test_ghtk_finds_and_cancels_by_our_id_and_says_that_it_is_cancelled_already(tmp_path: Path) -> None:
    with a_street(tmp_path, GhtkBuyer) as street:
        street.buyer.order(REFERENCE, "0900000901")
        found = street.buyer.ask("", REFERENCE)
        path = "/services/shipment/cancel/partner_id:H29.12-261102-0001%2FD1"
        first = street.buyer.call(path).json()
        street.passes(1)
        second = street.buyer.call(path).json()

    assert found == "2"
    assert (first["success"], second["success"]) == (True, False)
    assert "hủy" in second["message"]


def test_an_impolite_ghtk_says_that_it_has_an_order_now_under_this_http_status_now_under_that(tmp_path: Path) -> None:
    seen = Counter[int]()
    with a_street(tmp_path, GhtkBuyer, sandbox_manners="impolite") as street:
        for n in range(20):
            street.buyer.order(f"H29.12-261102-{n:04d}/D1", "0900000901")
            again = street.buyer.order(f"H29.12-261102-{n:04d}/D1", "0900000901")
            assert street.buyer.known(again)
            seen[again.status_code] += 1

    assert set(seen) == {200, 422}


def test_hcc_keeps_the_item_code_that_an_order_brings_and_refuses_it_to_another(tmp_path: Path) -> None:
    with a_street(tmp_path, VNPostHccBuyer) as street:
        assert isinstance(street.buyer, VNPostHccBuyer)
        street.buyer.order(REFERENCE, "0900000901", "RX000000015VN")
        again = street.buyer.order(REFERENCE, "0900000901", "RX000000029VN").json()
        other = street.buyer.order("H29.12-261102-0002/D1", "0900000901", "RX000000015VN").json()

    assert street.parcel.item == "RX000000015VN"
    assert (again["Status"], other["Status"]) == ("101", "199")


def test_ems_does_not_find_an_item_by_our_code(tmp_path: Path) -> None:
    with a_street(tmp_path, EmsBuyer) as street:
        street.buyer.order(REFERENCE, "0900000901")
        assert street.buyer.ask("", REFERENCE) is None


def test_ems_tells_all_that_happened_to_an_item(tmp_path: Path) -> None:
    with a_street(tmp_path, EmsBuyer) as street:
        item = street.buyer.item(street.buyer.order(REFERENCE, "0900000901"))
        street.ends()
        address = f"{street.buyer.base}/api/v1/orders/tracking/{item}"
        said = street.buyer.session.get(address, params={"merchant_token": "sandbox"}, timeout=60).json()

    steps = said["data"]["__get_status"]
    assert [step["status"] for step in steps] == [street.parcel.code(scan).code for scan in street.parcel.plan]
    assert steps[0]["tracedate"].startswith("2026-11-02 ")
