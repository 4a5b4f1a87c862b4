"""A pool of item codes on either database: each code for one leg, one for each leg, none ever given back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from connectors.settings import REPOSITORY
from connectors.store import Store, item_codes, items, open_store
from connectors.store.item_codes import Pool
from connectors.store.items import Item
from connectors.store.tables import ITEM_CODES

HCC = "vnpost_hcc"
CODES = ["RX000000014VN", "RX000000028VN", "RX000000031VN"]


def leg(number: int) -> str:
    return f"H29.12-261102-{number:04d}/D1"


def filled(store: Store, *codes: str, carrier: str = HCC) -> None:
    with store.begin() as connection:
        assert item_codes.add(connection, carrier, codes) == set(codes)


def bind(store: Store, reference: str, carrier: str = HCC) -> str | None:
    with store.begin() as connection:
        return item_codes.bind(connection, carrier, reference)


def pool(store: Store) -> Pool:
    with store.read() as connection:
        (found,) = item_codes.pools(connection)
    return found


def test_codes_are_taken_in_the_order_in_which_they_were_added_until_none_is_left(store: Store) -> None:
    filled(store, *CODES)

    taken = [bind(store, leg(number)) for number in range(4)]

    assert taken == [*CODES, None]
    assert pool(store) == Pool(HCC, 0, 3, 0)


def test_a_leg_has_one_code_and_a_second_cannot_be_bound(store: Store) -> None:
    filled(store, *CODES)
    code = bind(store, leg(1))

    with pytest.raises(IntegrityError):
        bind(store, leg(1))

    with store.read() as connection:
        bound = item_codes.bound(connection, HCC, leg(1))
    assert bound is not None and bound.code == code
    assert pool(store) == Pool(HCC, 2, 1, 0)


def test_a_code_that_met_an_error_is_never_taken_again_and_its_leg_takes_another(store: Store) -> None:
    filled(store, *CODES)
    bind(store, leg(1))

    with store.begin() as connection:
        item_codes.spend(connection, HCC, leg(1))
        item_codes.spend(connection, HCC, leg(2))

    assert [bind(store, leg(1)), bind(store, leg(2))] == CODES[1:]
    assert pool(store) == Pool(HCC, 0, 2, 1)


def test_a_code_that_is_known_is_not_added_again_whatever_became_of_it(store: Store) -> None:
    filled(store, *CODES[:2])
    bind(store, leg(1))

    with store.begin() as connection:
        new = item_codes.add(connection, HCC, CODES)

    assert new == {CODES[2]}
    assert pool(store) == Pool(HCC, 2, 1, 0)


def test_a_code_that_a_parcel_bears_is_left_alone(store: Store) -> None:
    """As after a restored backup of the database, which knows of fewer orders than the log."""
    filled(store, *CODES)
    with store.begin() as connection:
        items.learn(connection, Item(HCC, CODES[0], leg(9), "H29.12-261102-0009", "D1"))
        pooled, borne = item_codes.known(connection, HCC, [*CODES, "RX000000045VN"])

    assert bind(store, leg(1)) == CODES[1]
    assert (pooled, borne) == (set(CODES), {CODES[0]})


def test_a_pool_is_one_carriers(store: Store) -> None:
    filled(store, *CODES)
    filled(store, CODES[0], carrier="pigeon")

    assert bind(store, leg(1), "pigeon") == CODES[0]
    assert bind(store, leg(1)) == CODES[0]
    with store.read() as connection:
        assert item_codes.is_set_up(connection, HCC)
        assert not item_codes.is_set_up(connection, "ems")


def test_legs_that_ask_at_the_same_time_never_share_a_code(store: Store, url: str) -> None:
    filled(store, *(f"RX{number:09d}VN" for number in range(40)))
    others = [open_store(url) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda number: bind(others[number % 4], leg(number)), range(40)))

    assert len(set(taken)) == 40 and None not in taken
    for one in others:
        one.close()


@pytest.mark.parametrize(("free", "is_low"), [(50, False), (49, True), (0, True)])
def test_a_pool_is_low_from_fifty_downwards(free: int, is_low: bool) -> None:
    assert Pool(HCC, free, 1).is_low is is_low
    assert not Pool(HCC).is_low


def test_the_alert_and_the_doctor_speak_at_the_same_figure() -> None:
    rules = (REPOSITORY / "deploy" / "alerts" / "hoso.yaml").read_text()

    assert f'(hoso_item_codes{{state="free"}}) < {item_codes.FEW}\n' in rules


def test_an_earlier_releases_tables_hold_no_pool(store: Store) -> None:
    ITEM_CODES.drop(store.engine)

    with store.read() as connection:
        assert item_codes.pools(connection) == []
