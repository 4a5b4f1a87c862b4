"""An item code's form and its check digit, as the Universal Postal Union has them (S10)."""

import pytest

from rules.post.item_code import check_digit, is_s10


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("RR473124829GB", "9"),
        ("RX000000014VN", "4"),
        ("RX000000120VN", "0"),
        ("RX000000005VN", "5"),
        ("RX000000010VN", "4"),
    ],
    ids=["S10's own example", "one", "10 becomes 0", "11 becomes 5", "whatever stands there"],
)
def test_the_check_digit_is_that_of_the_weighted_sum(code: str, right: str) -> None:
    assert check_digit(code) == right


@pytest.mark.parametrize(
    ("code", "is_one"),
    [("RX000000014VN", True), ("RX000000010VN", True), ("rx000000014vn", False), ("RX00000014VN", False), ("", False)],
)
def test_a_code_is_two_letters_nine_digits_two_letters(code: str, is_one: bool) -> None:
    assert is_s10(code) is is_one
