"""Wrong tracking codes are counted: of each address, and of all together; and who calls is told from who says so."""

from typing import Any

import pytest
from starlette.requests import Request

from connectors.edge.caller import address_of, home_of
from connectors.edge.guesses import MOST_ADDRESSES, Guesses


class Clock:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_an_address_has_so_many_guesses_and_gets_them_back_evenly() -> None:
    clock = Clock()
    guesses = Guesses(6, 1000, clock)

    assert [guesses.take("192.0.2.1") for _ in range(6)] == [0.0] * 6
    assert guesses.take("192.0.2.1") == pytest.approx(10.0)
    assert guesses.take("192.0.2.2") == 0.0

    clock.at += 10.0
    assert guesses.take("192.0.2.1") == 0.0
    assert guesses.take("192.0.2.1") > 0


def test_addresses_without_number_have_one_budget_together() -> None:
    clock = Clock()
    guesses = Guesses(10, 60, clock)

    taken = [guesses.take(f"192.0.2.{number}") for number in range(100)]

    assert (taken.count(0.0), taken[60] > 0) == (60, True)
    clock.at += 60.0
    assert guesses.take("192.0.2.200") == 0.0


def test_a_guess_that_must_wait_costs_nothing() -> None:
    clock = Clock()
    guesses = Guesses(1, 60, clock)
    guesses.take("192.0.2.1")

    for _ in range(100):
        guesses.take("192.0.2.1")

    others = [guesses.take(f"192.0.2.{number}") for number in range(2, 62)]
    assert (others.count(0.0), others[-1] > 0) == (59, True)


def test_a_code_that_is_one_costs_nothing() -> None:
    guesses = Guesses(1, 1, Clock())

    for _ in range(10):
        assert guesses.take("192.0.2.1") == 0.0
        guesses.give_back("192.0.2.1")
    assert guesses.take("192.0.2.1") == 0.0
    assert guesses.take("192.0.2.1") > 0


def test_of_a_pair_of_codes_only_the_addresss_budget_is_taken() -> None:
    guesses = Guesses(2, 1, Clock())

    assert [guesses.take("192.0.2.1", together=False) for _ in range(2)] == [0.0, 0.0]
    assert guesses.take("192.0.2.1", together=False) > 0
    assert guesses.take("192.0.2.2") == 0.0


def test_only_so_many_addresses_are_remembered() -> None:
    guesses = Guesses(1, 10**6, Clock())

    for number in range(MOST_ADDRESSES + 500):
        guesses.take(str(number))

    assert len(guesses._addresses) == MOST_ADDRESSES
    assert guesses.take(str(MOST_ADDRESSES + 499)) > 0


# ---------------------------------------------------------------- who calls


def called(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    scope: dict[str, Any] = {"type": "http", "headers": headers, "client": (peer, 1234) if peer else None}
    return Request(scope)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("192.0.2.1", ["198.51.100.7"], "", "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "10.0.0.0/8", "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
        # What the caller itself said stands before what our proxy added.
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7, 10.0.0.2"], "10.0.0.0/8", "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.0/8", "10.0.0.3"),
        ("2001:db8::1", ["198.51.100.7"], "10.0.0.0/8, 2001:db8::/32", "198.51.100.7"),
        ("10.0.0.1", ["who knows"], "10.0.0.0/8", "who knows"),
        ("", ["198.51.100.7"], "10.0.0.0/8", ""),
    ],
)
def test_only_our_own_proxies_are_believed(peer: str, forwarded: list[str], trusted: str, address: str) -> None:
    assert address_of(called(peer, *forwarded), trusted) == address


def test_of_ipv6_a_whole_network_is_one_caller() -> None:
    assert home_of("2001:db8:1:2::3") == home_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert home_of("2001:db8:1:3::3") != home_of("2001:db8:1:2::3")
    assert home_of("::ffff:192.0.2.1") == home_of("192.0.2.1") == "192.0.2.1"
    assert home_of("who knows") == ""
