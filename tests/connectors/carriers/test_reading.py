"""What every carrier reads with: it is bounded, and ends in a value or a verdict."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.carriers.reading import MOST_MONEY, MOST_TEXT, amount_of, clean, knows, ours, parsed, text_of, told_as
from connectors.verdicts import Unreadable
from schemas.event import DOSSIER

REFERENCES = st.builds(
    lambda dossier, leg: f"{dossier}/{leg}",
    st.from_regex(rf"\A(?:{DOSSIER})\Z"),
    st.from_regex(r"\A[CDRT][1-9][0-9]?\Z"),
)
SIGNS = st.sampled_from(["/", "-", "_", "."])


@given(REFERENCES, SIGNS)
def test_a_reference_with_another_sign_is_read_back(reference: str, sign: str) -> None:
    assert ours(told_as(reference, sign)) == reference


@given(REFERENCES, REFERENCES, SIGNS, st.integers(24, 60))
def test_a_reference_fits_its_field_and_two_never_share_one(one: str, other: str, sign: str, most: int) -> None:
    told = told_as(one, sign, most)

    assert len(told) <= most
    assert (told == told_as(other, sign, most)) is (one == other)


@pytest.mark.parametrize("told", ["", "H29.12-261008-0107", "SOMEBODY-D1", "x/D1", "H29.12-261008-0107-D0"])
def test_a_reference_that_is_not_ours_stays_as_it_is(told: str) -> None:
    assert ours(told) == told


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        (35000, 35000),
        (35000.0, 35000),
        ("35000", 35000),
        (0, None),
        (-1, None),
        (True, None),
        ("35.000", None),
        ("-1", None),
        ("", None),
        (None, None),
        ([1], None),
        (math.inf, None),
        (math.nan, None),
        (MOST_MONEY + 1, None),
        ("9" * 5000, None),
    ],
)
def test_a_sum_is_a_number_of_dong_or_nothing(said: Any, amount: int | None) -> None:
    assert amount_of(said) == amount


def test_text_is_bounded_and_can_be_stored() -> None:
    assert clean("a\x00\ud800 ") == "a??"
    assert len(clean("x" * 10 * MOST_TEXT)) == MOST_TEXT
    assert clean(7) == "7"


@pytest.mark.parametrize("nothing", [None, "", " ", [], {}, ["x"], {"x": 1}])
def test_the_first_field_that_says_something_is_read(nothing: Any) -> None:
    assert text_of({"a": nothing, "b": 0, "c": "x"}, "a", "b", "c") == "0"


def test_a_value_that_parses_can_be_read_however_deep_it_is() -> None:
    for depth in range(1, 1200, 7):
        body = f'{{"a": {"[" * depth}{"]" * depth}}}'.encode()
        try:
            said = parsed(body)
        except Unreadable:
            break
        assert text_of(said, "a") == ""
    else:
        pytest.fail("nothing was too deep")


@given(st.binary(max_size=50))
def test_any_bytes_are_json_or_unreadable(body: bytes) -> None:
    try:
        said = parsed(body)
    except Unreadable:
        return

    assert json.dumps(said)


@pytest.mark.parametrize(
    ("given_", "known"), [("s", True), ("S", False), ("", False), (None, False), ("\ud800", False)]
)
def test_a_secret_is_known_by_its_very_signs(given_: str | None, known: bool) -> None:
    assert knows(given_, SecretStr("s")) is known


@pytest.mark.parametrize("said", ["", None, "x"])
def test_nobody_knows_a_secret_that_is_not_set(said: str | None) -> None:
    assert knows(said, SecretStr("")) is False
