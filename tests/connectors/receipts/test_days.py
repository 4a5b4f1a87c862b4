"""The end of a day: one root over its receipts, said once in effect, chained, and never another one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from connectors.certificates import fingerprint, public_pem
from connectors.receipts.days import Days, midnight_after
from connectors.receipts.making import Making
from connectors.store import receipts
from connectors.store.tables import RECEIPT_DAYS
from connectors.verdicts import TryLater
from hoso.receipt.verify import check
from rules.receipts.tree import GENESIS, root_of
from schemas.event import canonical
from schemas.receipts import ROOTS
from tests.builders import CODE
from tests.connectors.receipts.conftest import KEY, PUBLIC, Office, roots_file
from tests.connectors.receipts.states import a_code, a_result, corrected, returned, states


def hand_over(office: Office, *numbers: int) -> None:
    """These results are handed over now."""
    for number in numbers:
        office.hears(*states([*a_result(a_code(number)), returned(a_code(number))]))


def test_a_day_that_is_not_over_has_no_root_and_its_receipts_no_proof(office: Office) -> None:
    hand_over(office, 1)
    office.clock.at = midnight_after(date.fromisoformat(office.today)).timestamp() - 1
    office.days.turn()

    assert office.roots() == [] and "proof" not in office.shown(a_code(1))


def test_at_midnight_in_viet_nam_the_day_is_closed(office: Office) -> None:
    hand_over(office, 1, 2, 3)
    day = office.today
    office.days.turn()
    office.clock.at = midnight_after(date.fromisoformat(day)).timestamp()
    office.days.turn()

    (root,) = office.roots()
    assert (root.subject, root.data.day.isoformat(), root.data.count) == (day, day, 3)
    assert root.data.previous == GENESIS
    assert root.time == midnight_after(date.fromisoformat(day))
    with office.store.read() as connection:
        leaves = [leaf for _, leaf in receipts.leaves(connection, root.data.day)]
    assert root.data.root == root_of(leaves).hex()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_receipt_of_a_closed_day_proves_its_place(office: Office, count: int) -> None:
    hand_over(office, *range(1, count + 1))
    office.lives_until(1)

    documents = [office.shown(a_code(number)) for number in range(1, count + 1)]
    assert sorted(document["proof"]["place"] for document in documents) == list(range(count))
    assert [office.faults(document) for document in documents] == [[]] * count


def test_days_are_chained_and_a_day_without_receipts_has_no_root(office: Office) -> None:
    hand_over(office, 1)
    first = office.today
    office.lives_until(1)
    office.lives_until(1)
    hand_over(office, 2, 3)
    third = office.today
    office.lives_until(1)

    one, other = office.roots()
    assert [root.subject for root in (one, other)] == [first, third]
    assert other.data.previous == one.data.chain
    assert [office.faults(office.shown(a_code(number))) for number in (1, 2, 3)] == [[]] * 3


def test_several_days_that_are_over_are_closed_at_once_in_their_order(office: Office) -> None:
    for number in (1, 2, 3):
        hand_over(office, number)
        office.clock.at += 86_400
    office.days.turn()

    days = [root.data for root in office.roots()]
    assert [one.day for one in days] == sorted(one.day for one in days) and len(days) == 3
    assert [one.previous for one in days] == [GENESIS, days[0].chain, days[1].chain]


def test_a_statement_made_later_leaves_the_closed_root_as_it_was(office: Office) -> None:
    history = [*a_result(), returned(id="back"), corrected("back")]
    *handed_over, taken_back = states(history)
    office.hears(*handed_over)
    office.lives_until(1)
    (before,) = office.roots()

    office.hears(taken_back)
    office.lives_until(1)

    first, second = office.roots()
    assert first == before and second.data.previous == first.data.chain
    assert [office.faults(office.shown(CODE, number)) for number in (1, 2)] == [[], []]


def test_a_root_is_published_once_however_often_the_process_looks(office: Office) -> None:
    hand_over(office, 1)
    office.lives_until(1)
    for _ in range(3):
        office.again()
        office.days.turn()

    assert len(office.roots()) == 1


def test_a_root_that_could_not_be_published_is_the_same_when_it_can(office: Office) -> None:
    hand_over(office, 1)
    office.producer.away = True
    with pytest.raises(TryLater):
        office.lives_until(1)
    with office.store.read() as connection:
        (kept,) = receipts.unpublished(connection)
    with pytest.raises(TryLater):
        office.days.turn()
    office.producer.away = False

    office.days.turn()

    assert [value for topic, _, value in office.producer.rows if topic == ROOTS] == [kept.body]


def test_whoever_died_before_it_could_note_that_it_was_published_says_the_same_bytes_again(office: Office) -> None:
    hand_over(office, 1)
    office.lives_until(1)
    with office.store.begin() as connection:
        connection.execute(update(RECEIPT_DAYS).values(published_at=None))
    office.again()
    office.days.turn()

    values = [value for topic, _, value in office.producer.rows if topic == ROOTS]
    assert len(values) == 2 and values[0] == values[1]
    assert check(canonical(office.shown(a_code(1))), PUBLIC, roots_file(office.roots())) == []


def test_several_processes_that_close_at_once_say_one_root(office: Office) -> None:
    hand_over(office, *range(1, 6))
    office.clock.at += 86_400
    closers = [Days(office.store, office.producer, KEY) for _ in range(6)]

    with ThreadPoolExecutor(len(closers)) as pool:
        list(pool.map(lambda closer: closer.turn(), closers))

    values = {value for topic, _, value in office.producer.rows if topic == ROOTS}
    assert len(values) == 1
    assert [office.faults(office.shown(a_code(number))) for number in range(1, 6)] == [[]] * 5


def test_a_key_that_was_replaced_still_checks_what_it_signed(office: Office) -> None:
    hand_over(office, 1)
    day = office.today
    new = Ed25519PrivateKey.from_private_bytes(b"n" * 32)
    office.making, office.days = Making(office.store, office.producer, new), Days(office.store, office.producer, new)
    hand_over(office, 2)
    office.lives_until(1)

    both, document = PUBLIC + public_pem(new).encode(), canonical(office.shown(a_code(1)))
    assert check(document, both, roots_file(office.roots())) == []
    unknown = f"the root of {day} was signed by another key than those given: {fingerprint(new)}"
    assert check(document, PUBLIC) == [unknown]
