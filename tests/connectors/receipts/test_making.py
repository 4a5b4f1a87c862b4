"""From public states to receipts: one in effect for a result handed over, never two."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import func, select

from connectors.broker import Message
from connectors.receipts.making import Making
from connectors.receipts.reading import heard
from connectors.store.tables import RESULT_RECEIPTS
from hoso.receipt.verify import check
from schemas.event import canonical
from schemas.ops import DEAD_LETTERS
from schemas.state import STATE
from tests.builders import CODE
from tests.connectors.receipts.conftest import DAY_SECONDS, KEY, PUBLIC, Office
from tests.connectors.receipts.states import a_code, a_result, corrected, records, returned, states

BACK = returned(id="back")
AGAIN = returned(time="2026-11-08 09:00", id="again")
HISTORY = [*a_result(), BACK, corrected("back"), AGAIN]


def test_a_result_handed_over_has_a_receipt_that_verifies_offline(office: Office) -> None:
    office.hears(*states([*a_result(), BACK]))

    receipt = office.shown(CODE)
    assert check(canonical(receipt), PUBLIC) == []
    assert (receipt["dossier"], receipt["number"], receipt["day"]) == (CODE, 1, office.today)
    assert receipt["handed_over"]["result_no"] == "KQ-1"
    assert receipt["handed_over"]["at"] == "2026-11-06T08:30:00+07:00"
    assert receipt["handed_over"]["manifest"]["documents"] == 1


def test_no_receipt_holds_a_name_or_anything_sealed(office: Office) -> None:
    office.hears(*states(HISTORY))

    bodies = b"".join(one.body for one in office.all_of(CODE))
    assert b"M\xe1\xba\xabu" not in bodies and b"sealed" not in bodies and b"box" not in bodies


def test_a_dossier_whose_result_is_with_nobody_has_none(office: Office) -> None:
    office.hears(*states(a_result()))

    assert office.all_of(CODE) == []


def test_states_that_come_again_whole_or_in_part_change_nothing(office: Office) -> None:
    said = states(HISTORY)
    for state in said:
        office.hears(state)
    once = office.all_of(CODE)

    for start in range(len(said)):
        office.again()
        office.clock.at += 60
        office.hears(*said[start:])
        for state in said[start:]:
            office.hears(state)

    assert office.all_of(CODE) == once


def test_a_hand_over_that_is_taken_back_and_stated_anew_has_three_statements_and_the_last_is_in_effect(
    office: Office,
) -> None:
    for state in states(HISTORY):
        office.hears(state)

    first, second, third = (json.loads(one.body) for one in office.all_of(CODE))
    assert (second["supersedes"], third["supersedes"]) == (first["id"], second["id"])
    assert (second["taken_back"], "handed_over" in second) == (True, False)
    assert third["handed_over"]["at"] == "2026-11-08T09:00:00+07:00"
    assert office.shown(CODE)["id"] == third["id"]
    assert office.shown(CODE, 1)["id"] == first["id"]
    assert [check(canonical(one), PUBLIC) for one in (first, second, third)] == [[], [], []]


def test_of_a_batch_only_what_is_so_at_its_end_is_stated(office: Office) -> None:
    office.hears(*states(HISTORY))

    (only,) = office.all_of(CODE)
    assert json.loads(only.body)["handed_over"]["evidence"]["returned"] == "/agencies/H29.12 again"


def test_a_fact_that_changes_nothing_of_the_hand_over_makes_no_other_receipt(office: Office) -> None:
    once_more = returned(time="2026-11-09 09:00", id="said once more")
    for state in states([*a_result(), BACK, once_more]):
        office.hears(state)

    assert len(office.all_of(CODE)) == 1


def test_many_dossiers_in_a_batch_have_one_each(office: Office) -> None:
    codes = [a_code(number) for number in range(1, 41)]
    office.hears(*(state for code in codes for state in states([*a_result(code), returned(code)])))

    assert [len(office.all_of(code)) for code in codes] == [1] * 40


def test_several_processes_that_hear_the_same_at_once_make_one_receipt(office: Office) -> None:
    codes = [a_code(number) for number in range(1, 9)]
    batch = records(*(state for code in codes for state in states([*a_result(code), returned(code)])))
    makers = [Making(office.store, office.producer, KEY) for _ in range(6)]

    with ThreadPoolExecutor(len(makers)) as pool:
        list(pool.map(lambda maker: maker.handle(batch), makers))

    assert [len(office.all_of(code)) for code in codes] == [1] * 8


def test_what_nobody_can_read_is_put_aside_and_the_rest_is_not_held_up(office: Office) -> None:
    good = states([*a_result(), BACK])
    wrong = good[-1].replace(b'"mode":"COUNTER"', b'"mode":"BALLOON"')
    broken = b'{"handed_over": '
    assert wrong != good[-1]

    office.making.handle([*records(wrong), *records(good[-1], first=1), _keyed(broken)])

    letters = office.producer.on(DEAD_LETTERS)
    assert sorted(letter.data.offset for letter in letters) == [0, 2]
    assert len(office.all_of(CODE)) == 1


def _keyed(raw: bytes | None) -> Message:
    return Message(STATE, 0, 2, CODE.encode(), raw)


def test_a_state_without_a_hand_over_is_not_even_decoded(office: Office) -> None:
    office.making.handle([_keyed(b"no JSON at all")])

    assert office.producer.rows == []


def test_a_tombstone_is_passed_over(office: Office) -> None:
    office.hears(*states([*a_result(), BACK]))

    office.making.handle([_keyed(None)])

    assert len(office.all_of(CODE)) == 1


def test_a_type_that_only_a_newer_release_knows_says_nothing() -> None:
    raw = states([*a_result(), BACK])[-1].replace(b"state_changed.v1", b"state_changed.v9")

    assert heard(raw) is None


def test_a_receipt_that_is_made_late_goes_into_the_day_it_is_made(office: Office) -> None:
    office.hears(*states([*a_result(a_code(1)), returned(a_code(1))]))
    yesterday = office.today
    office.lives_until(1)

    office.hears(*states([*a_result(a_code(2)), returned(a_code(2))]))

    assert office.all_of(a_code(1))[0].day == yesterday
    assert office.all_of(a_code(2))[0].day == office.today > yesterday
    assert office.shown(a_code(2))["handed_over"]["at"] < yesterday


def test_a_clock_that_is_set_back_opens_no_closed_day(office: Office) -> None:
    office.hears(*states([*a_result(a_code(1)), returned(a_code(1))]))
    closed = office.today
    office.lives_until(1)
    following = office.today
    office.clock.at -= DAY_SECONDS

    office.hears(*states([*a_result(a_code(2)), returned(a_code(2))]))

    (late,) = office.all_of(a_code(2))
    assert office.today == closed
    assert late.day == following
    assert datetime.fromisoformat(office.shown(a_code(2))["made_at"]).date().isoformat() == closed


@pytest.mark.parametrize("count", [0, 3])
def test_a_batch_that_owes_nothing_writes_nothing(office: Office, count: int) -> None:
    codes = [a_code(number) for number in range(1, count + 1)]
    office.hears(*(state for code in codes for state in states(a_result(code))))

    with office.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(RESULT_RECEIPTS)) == 0
