"""Who is told what by which way: callback, feed, results topic."""

import json

import pytest

from connectors.lane import LanePolicy
from connectors.notify.guard import Forbidden, check
from connectors.notify.owing import REMINDER, RESULT
from connectors.notify.results import results_lane
from connectors.notify.retry import TABLE, Outcome, RetryTable, outcome
from schemas.event import Event
from schemas.notice import NoticeKind
from schemas.reference import Callback
from tests.builders import CODE
from tests.connectors.notify.conftest import Rig, a_notice, a_rejection


def test_what_comes_twice_is_owed_and_fed_once(rig: Rig) -> None:
    for _ in range(2):
        rig.owes([a_notice(1), a_rejection()])

    assert len(rig.states()) == 2
    assert len(rig.fed()) == 2


def test_the_feed_has_all_and_the_callback_what_is_wanted(rig: Rig) -> None:
    rig.owes([a_notice(1, kind=NoticeKind.NEAR_DUE), a_notice(2, kind=NoticeKind.MISSED)])

    assert list(rig.states()) == [a_notice(2, kind=NoticeKind.MISSED).id]
    assert [json.loads(row.body)["data"]["kind"] for row in rig.fed()] == ["near_due", "missed"]


def test_an_agency_in_shadow_hears_of_its_mistakes_only(rig: Rig) -> None:
    rig.owes([a_notice(1, agency="H29.99"), a_rejection("H29.99")])

    assert rig.states() == {}
    assert [json.loads(row.body)["id"] for row in rig.fed("H29.99")] == [a_rejection("H29.99").id]


def test_an_agency_without_a_callback_is_fed(rig: Rig) -> None:
    rig.owes([a_notice(1, agency="H29.05")])

    assert rig.states() == {}
    assert len(rig.fed("H29.05")) == 1


def test_an_alias_leads_to_the_agency_that_answers_to_it(rig: Rig) -> None:
    rig.owes([a_notice(1, agency="000.00.12.H29")])

    assert len(rig.states()) == len(rig.fed("H29.12")) == 1
    assert list(rig.queue.counts()) == ["H29.12"]


def test_an_agency_that_asked_for_it_finds_its_notices_on_its_topic(rig: Rig) -> None:
    rig.owes([a_notice(1), a_notice(2), a_notice(1, agency="H29.05")])

    lane = results_lane("H29.12", rig.store, rig.producer, "test", rig.broken.append, LanePolicy())
    lane.start()
    while len(rig.producer.rows) < 2:
        rig.producer.grew.wait(20)
        rig.producer.grew.clear()
    lane.close()

    rows = [(topic, key, Event.decode(value)) for topic, key, value in rig.producer.rows]
    assert [(topic, key) for topic, key, _ in rows] == [("results.H29.12", CODE.encode())] * 2
    assert [event.data.sequence for _, _, event in rows] == [1, 2]


def test_results_are_urgent_and_so_is_what_stands_before_them(rig: Rig) -> None:
    result = a_notice(2, kind=NoticeKind.RESULT_DELIVERED)
    rig.owes([a_notice(1), a_notice(1, "H29.12-261102-0009")])
    rig.owes([result])

    with rig.store.begin() as transaction:
        urgencies = {row.order_no: row.urgency for row in rig.queue.waiting(transaction, f"H29.12|{CODE}")}
        other = rig.queue.waiting(transaction, "H29.12|H29.12-261102-0009")
    assert urgencies == {1: RESULT, 2: RESULT}
    assert [row.urgency for row in other] == [REMINDER]


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (301, Outcome.FAILED),
        (400, Outcome.REFUSED),
        (410, Outcome.GONE),
        (429, Outcome.THROTTLED),
        (500, Outcome.FAILED),
        (503, Outcome.THROTTLED),
        (None, Outcome.THROTTLED),
    ],
)
def test_a_status_means_one_thing(status: int | None, means: Outcome) -> None:
    assert outcome(status) is means


def test_the_table_is_the_contracts(rig: Rig) -> None:
    hours = [seconds / 3600 for seconds in TABLE[3:]]

    assert TABLE[:3] == (5, 300, 1800)
    assert hours == [2, 5, 10, 14, 20, 24]
    assert RetryTable().next_at(10, 0, rig.tools.chance) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:192.168.1.1]/",
        "https://[64:ff9b:1::1]/",
        "https://localhost/",
        "https://no-such-host.invalid/",
    ],
)
def test_a_callback_goes_to_the_open_net_by_https_only(url: str) -> None:
    with pytest.raises(Forbidden):
        check(Callback(url=url))
    check(Callback(url=url, development=True))


def test_an_address_of_the_open_net_may_be_called() -> None:
    check(Callback(url="https://93.184.216.34/callback"))
