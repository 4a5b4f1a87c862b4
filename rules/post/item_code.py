"""The number on an envelope as the Universal Postal Union writes it (UPU S10): RX 00000001 5 VN."""

import re

FORM = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
"""Two letters for the service, eight digits, one that checks them, the country."""
WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def is_s10(code: str) -> bool:
    """Whether a code has the form; its check digit may be wrong."""
    return FORM.fullmatch(code) is not None


def check_digit(code: str) -> str:
    """The digit that would be right for a code of the form. Domestic codes are issued with others: it warns."""
    left = 11 - sum(int(digit) * weight for digit, weight in zip(code[2:10], WEIGHTS, strict=True)) % 11
    return {10: "0", 11: "5"}.get(left, str(left))
