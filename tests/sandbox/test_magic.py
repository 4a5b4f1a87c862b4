"""Every magic telephone number does what it says, at every carrier."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.magic import SPELLS
from tests.sandbox.customers import BUYERS, Buyer
from tests.sandbox.street import DAY, REFERENCE, Street, a_street

NOBODY_KNOWS = {
    "myvnpost": "26",
    "vnpost_hcc": "85",
    "ems": "9199",
    "viettelpost": "510",
    "ghn": "partner_hold",
    "ghtk": "77",
}

HALF_AN_HOUR = 1800.0


def named(kind: type[Buyer]) -> str:
    return kind.name


@pytest.fixture(params=BUYERS, ids=named)
def street(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Street]:
    with a_street(tmp_path, request.param) as found:
        yield found


def planned(street: Street) -> list[str]:
    return [str(street.parcel.code(scan).code) for scan in street.parcel.plan]


def code_of(street: Street, step: str) -> str:
    scan = next(scan for scan in street.parcel.plan if scan.status == step)
    return str(street.parcel.code(scan).code)


def steps(street: Street) -> list[str]:
    return [scan["step"] for scan in street.ledger()["parcels"][0]["scans"]]


def test_the_numbers_follow_each_other_without_a_gap() -> None:
    assert sorted(SPELLS) == [f"0900000{n}" for n in range(901, 918)]


@pytest.mark.parametrize(("phone", "failures"), [("0900000901", 0), ("0900000902", 1), ("0900000907", 0)])
def test_901_and_907_are_delivered_at_the_first_try_and_902_at_the_second(
    street: Street, phone: str, failures: int
) -> None:
    street.buyer.order(REFERENCE, phone)

    street.ends()

    visits = [scan for scan in street.parcel.scans if scan.status == "DELIVERY_FAILED" and scan.detail == ""]
    assert len(visits) == failures
    assert street.ledger()["parcels"][0]["final_step"] == "DELIVERED"


def test_no_webhook_tells_of_a_delivery_to_906_and_the_ledger_does(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900 000 906")

    street.ends()

    delivered = code_of(street, "DELIVERED")
    assert sorted(street.codes()) == sorted(code for code in planned(street) if code != delivered)
    assert street.ledger()["parcels"][0]["final_step"] == "DELIVERED"


def test_the_first_two_calls_about_908_are_answered_429_with_a_time_to_wait(street: Street) -> None:
    answers = [street.buyer.order(REFERENCE, "0900000908") for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [429, 429]
    assert [answer.headers["retry-after"] for answer in answers[:2]] == ["1", "1"]
    assert street.buyer.made(answers[2])
    assert len(street.post.parcels) == 1


def test_the_carrier_is_down_for_the_first_three_calls_about_909_and_takes_nothing(street: Street) -> None:
    answers = [street.buyer.order(REFERENCE, "0900000909") for _ in range(3)]
    before = len(street.post.parcels)
    fourth = street.buyer.order(REFERENCE, "0900000909")

    assert {answer.status_code for answer in answers} <= {500, 503}
    assert before == 0
    assert street.buyer.made(fourth)


def test_every_webhook_about_910_comes_twice(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000910")

    street.arrives()
    street.passes(DAY)
    street.quiet()

    assert Counter(street.codes()) == Counter(planned(street) * 2)


def test_webhooks_about_911_come_three_by_three_the_newest_first(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000911")

    street.ends()

    came, plan = street.codes(), planned(street)
    first = {code: came.index(code) for code in came if came.count(code) == 1}
    groups = [plan[start : start + 3] for start in range(0, len(plan), 3)]
    pairs = [pair for group in groups for pair in pairwise(group) if set(pair) <= set(first)]
    assert sorted(came) == sorted(plan)
    assert len(pairs) >= 2
    assert all(first[earlier] > first[later] for earlier, later in pairs)


def test_webhooks_about_912_come_hours_late(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000912")

    street.arrives()
    street.passes(2 * DAY)
    street.quiet()

    assert all(webhook.tries[0].driven - webhook.scan.at > HALF_AN_HOUR for webhook in street.parcel.webhooks)
    assert sorted(street.codes()) == sorted(planned(street))


def test_no_webhook_tells_of_913(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000913")

    street.ends()

    assert street.hooks() == []
    assert {webhook.fate for webhook in street.parcel.webhooks} == {"missing"}
    assert street.parcel.ended


def test_somebody_else_says_that_914_is_delivered_and_can_be_told_from_the_carrier(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000914")

    street.ends()

    false = [hook for hook in street.hooks() if not street.buyer.trusts(hook)]
    assert [one.code for hook in false for one in street.buyer.told(hook)] == [code_of(street, "DELIVERED")]
    assert sorted(street.codes()) == sorted(planned(street))
    assert street.ledger()["forged"] == {"refused": 1}


def test_a_code_that_nobody_knows_comes_with_the_pickup_of_915(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000915")

    street.ends()

    assert sorted(street.codes()) == sorted([*planned(street), NOBODY_KNOWS[street.buyer.name]])


def test_916_is_said_to_be_delivered_and_then_given_back(street: Street) -> None:
    street.buyer.order(REFERENCE, "0900000916")

    street.ends()

    told, plan = street.codes(), steps(street)
    assert plan.index("DELIVERED") < plan.index("RETURNED_TO_SENDER")
    assert {code_of(street, "DELIVERED"), code_of(street, "RETURNED_TO_SENDER")} <= set(told)
    assert street.ledger()["parcels"][0]["final_step"] == "RETURNED_TO_SENDER"


def test_people_at_the_door_are_not_taken_in_by_the_postman_of_916(street: Street) -> None:
    met = list[str]()
    street.stage.houses.watchers.append(lambda _parcel, scan: met.append(scan.status))
    street.buyer.order(REFERENCE, "0900000916")

    street.ends()

    assert "DELIVERED" not in met
    assert "RETURNED_TO_SENDER" in met


def test_after_the_pickup_of_917_there_is_silence(street: Street) -> None:
    answer = street.buyer.order(REFERENCE, "0900000917")

    street.ends()
    street.passes(30 * DAY)
    street.quiet()

    picked_up = code_of(street, "PICKED_UP")
    assert picked_up in street.codes()
    assert steps(street)[-1] == "PICKED_UP"
    assert street.ledger()["open"] == 1
    if street.buyer.asks:
        assert street.buyer.ask(street.buyer.item(answer) or "", REFERENCE) == picked_up


@pytest.mark.parametrize("number", range(908, 918))
def test_what_is_forced_goes_wrong_in_no_other_way_even_where_all_are_rude(tmp_path: Path, number: int) -> None:
    with a_street(tmp_path, BUYERS[number % len(BUYERS)], sandbox_manners="rude") as street:
        calls = {908: 2, 909: 3}.get(number, 0)
        for _ in range(calls + 1):
            answer = street.buyer.order(REFERENCE, f"0900000{number}")
        lapses = street.post.ledger()["lapses"]
        street.arrives()
        fates = {str(webhook.fate) for webhook in street.parcel.webhooks}

    expected = {910: {"repeated"}, 911: {"held"}, 912: {"delayed"}, 913: {"missing"}, 915: {"straight", "unknown"}}
    assert street.buyer.made(answer)
    assert sum(lapses.values()) == calls
    assert fates == expected.get(number, {"straight"})
