"""A life at every carrier, over real HTTP: ordered, ordered again, asked for, cancelled, heard of until it rests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.customers import BUYERS, Buyer
from tests.sandbox.street import REFERENCE, Street, a_street

DELIVERED = {
    "myvnpost": "1 2 4 6 7 10 11 12 14 21",
    "vnpost_hcc": "20 70 100 110 120",
    "ems": "1 2 9110 9112 4 4 9113 9114 9101",
    "viettelpost": "103 104 200 202 300 400 500 501",
    "ghn": "ready_to_pick picking picked storing transporting delivering delivered update_cod",
    "ghtk": "2 12 3 4 45 5 6",
}
"""The codes of an envelope that is delivered at the first try, its fee with it."""
RETURNED = {
    "myvnpost": "15 12 15 12 15 16 17 18 19",
    "vnpost_hcc": "91 91 91 70 170",
    "ems": "9102 9114 9102 9114 9102 9115 9116 9117 9103",
    "viettelpost": "506 500 506 500 506 505 515 400 504",
    "ghn": "delivery_fail delivering delivery_fail waiting_to_return return returning returned",
    "ghtk": "49 9 4 49 9 4 49 9 20 21",
}
"""The last codes of one that nobody takes."""
CANCELLED = {"myvnpost": "9", "ems": "9118", "viettelpost": "107", "ghn": "cancel", "ghtk": "-1"}
GIVEN_UP = {
    "myvnpost": "8",
    "vnpost_hcc": "60",
    "ems": "9111",
    "viettelpost": "101",
    "ghn": "cancel",
    "ghtk": "7",
}
"""The last code of one that nobody hands over."""
WHO_ASKS = [kind for kind in BUYERS if kind.asks]
WHO_CANCELS = [kind for kind in BUYERS if kind.cancels]


def named(kind: type[Buyer]) -> str:
    return kind.name


@pytest.fixture(params=BUYERS, ids=named)
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Street]:
    with a_street(tmp_path, request.param) as found:
        yield found


def test_an_envelope_is_heard_of_from_the_order_to_the_door_in_the_carrier_s_own_codes(street: Street) -> None:
    answer = street.buyer.order(REFERENCE, "0900000901")

    street.ends()

    assert street.buyer.made(answer)
    assert sorted(street.codes()) == sorted(DELIVERED[street.buyer.name].split())
    assert {one.reference for one in street.told()} <= {REFERENCE, None}
    assert {one.item for one in street.told()} == {street.buyer.item(answer)}
    assert {hook.path.split("?")[0].split("/")[3] for hook in street.hooks()} == {street.buyer.name}


def test_the_ledger_shows_each_parcel_with_its_carrier_its_codes_and_the_steps_they_mean(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000901")

    street.ends()

    ledger = street.ledger()
    (parcel,) = ledger["parcels"]
    assert (parcel["carrier"], parcel["reference"], parcel["leg"]) == (street.buyer.name, REFERENCE, "D1")
    assert [str(scan["status"]) for scan in parcel["scans"]] == DELIVERED[street.buyer.name].split()
    assert "PICKED_UP" in [scan["step"] for scan in parcel["scans"]]
    assert (parcel["final_step"], parcel["cash"], ledger["open"], ledger["lapses"]) == ("DELIVERED", 35000, 0, {})
    assert all(webhook["taken"] and len(webhook["tries"]) == 1 for webhook in parcel["webhooks"])


def test_what_nobody_takes_comes_back_in_the_carrier_s_own_codes(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000903")

    street.ends()

    expected = RETURNED[street.buyer.name].split()
    shown = street.ledger()["parcels"][0]
    assert [str(scan["status"]) for scan in shown["scans"]][-len(expected) :] == expected
    assert shown["final_step"] == "RETURNED_TO_SENDER"


def test_a_reference_that_comes_again_is_known_or_makes_a_second_parcel_that_the_ledger_shows(street: Street) -> None:
    first = street.buyer.order(REFERENCE, "0900000901")
    again = street.buyer.order(REFERENCE, "0900000901")

    ledger = street.ledger()
    if street.buyer.recognises:
        assert street.buyer.known(again)
        assert street.buyer.item(again) == street.buyer.item(first)
        assert (len(ledger["parcels"]), ledger["duplicates"], ledger["repeated"]) == (1, {}, {REFERENCE: 1})
    else:
        assert street.buyer.made(again)
        items = [street.buyer.item(first), street.buyer.item(again)]
        assert ledger["duplicates"] == {REFERENCE: items}
        assert items[0] != items[1]


def test_an_order_whose_answer_never_came_is_one_parcel(street: Street) -> None:
    with pytest.raises(requests.ConnectionError):
        street.buyer.order(REFERENCE, "0900000905")

    (parcel,) = street.post.parcels
    assert street.post.ledger()["lapses"] == {"create: taken and held": 1}
    if street.buyer.recognises:
        assert street.buyer.known(street.buyer.order(REFERENCE, "0900000905"))
        assert len(street.post.parcels) == 1
    elif street.buyer.asks and street.buyer.name != "ems":
        # The others that can be asked find it by our reference.
        assert street.buyer.ask("", REFERENCE) == str(parcel.code(parcel.last).code)


def test_an_address_may_be_refused_and_makes_no_parcel(street: Street) -> None:
    answer = street.buyer.order(REFERENCE, "0900000904")

    assert not street.buyer.made(answer)
    assert not street.buyer.known(answer)
    assert street.post.parcels == []


def test_an_order_without_a_telephone_number_is_refused(street: Street) -> None:
    answer = street.buyer.order(REFERENCE, "")

    assert not street.buyer.made(answer)
    assert street.post.parcels == []


def test_nobody_is_served_without_credentials(street: Street) -> None:
    street.buyer.session.headers.clear()
    street.buyer.session.params = {}
    if street.buyer.name == "ems":
        answer = street.buyer.call("/api/v1/orders/create-v2", {}, params={"merchant_token": "somebody else's"})
    else:
        answer = street.buyer.order(REFERENCE, "0900000901")

    assert answer.status_code == 401
    assert street.post.parcels == []


def test_a_collection_that_nobody_hands_over_ends_in_the_carrier_s_own_word_for_it(street: Street) -> None:
    form = street.buyer.order("H29.12-261102-0002/D1", "0900000901").request.body
    order = form.decode() if isinstance(form, bytes) else str(form)
    collects = order.replace("H29.12-261102-0002/D1", "H29.12-261102-0003/C1").replace("0280000001", "0900000903")
    path = {
        "myvnpost": "/CreateOrder",
        "vnpost_hcc": "/order",
        "ems": "/api/v1/orders/create-v2?merchant_token=sandbox",
        "viettelpost": "/v2/order/createOrder",
        "ghn": "/v2/shipping-order/create",
        "ghtk": "/services/shipment/order/?ver=1.5",
    }[street.buyer.name]
    made = street.buyer.session.post(
        f"{street.buyer.base}{path}",
        data=collects.encode(),
        headers={"content-type": "application/json"},
        timeout=10,
    )
    assert street.buyer.made(made)
    parcel = street.post.parcels[-1]
    street.passes(parcel.plan[-1].at - street.stage.timers.clock.seconds() + 1)

    shown = street.ledger()["parcels"][-1]
    assert (shown["leg"], str(shown["final"])) == ("C1", GIVEN_UP[street.buyer.name])
    assert "PICKED_UP" not in [scan["step"] for scan in shown["scans"]]


@pytest.mark.parametrize("kind", WHO_ASKS, ids=named)
def test_who_can_be_asked_says_where_an_item_stands(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind) as street:
        item = street.buyer.item(street.buyer.order(REFERENCE, "0900000901")) or ""
        before = street.buyer.ask(item, REFERENCE)
        street.ends()
        after, nobody = street.buyer.ask(item, REFERENCE), street.buyer.ask("NOBODY", "nobody/D1")

    delivered = {"myvnpost": "14", "ems": "9101", "ghn": "delivered", "ghtk": "5"}
    assert before == DELIVERED[kind.name].split()[0]
    assert after == delivered[kind.name]
    assert nobody is None


@pytest.mark.parametrize("kind", WHO_CANCELS, ids=named)
def test_an_order_is_let_go_until_the_postman_has_it(kind: type[Buyer], tmp_path: Path) -> None:
    with a_street(tmp_path, kind) as street:
        first = street.buyer.order(REFERENCE, "0900000901")
        late = street.buyer.order("H29.12-261102-0002/D1", "0900000901")
        gone = street.buyer.cancel(first)
        street.passes(1800)
        street.quiet()
        final = street.post.parcels[0].shown()["final"]
        pickup = next(scan.at for scan in street.post.parcels[1].plan if scan.status == "PICKED_UP")
        moved = pickup + 1 - street.stage.timers.clock.seconds()
        street.passes(moved)
        too_late = street.buyer.cancel(late)

    assert (gone, str(final), too_late) == (True, CANCELLED[kind.name], False)
    assert CANCELLED[kind.name] in [one.code for one in street.told() if one.item == kind.item(street.buyer, first)]
