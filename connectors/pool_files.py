"""A file of item codes that a carrier issued beforehand: read and judged line by line, put into the carrier's pool."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from connectors.store import Store, item_codes
from rules.post.item_code import check_digit, is_s10

MOST_SHOWN = 30


class WrongFile(ValueError):
    """This file holds no codes; the text says why."""


class Outcome(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """A line of the file. `says`: why it is refused, or what is odd about it."""

    line: int
    code: str
    outcome: Outcome = Outcome.ADDED
    says: str = ""


def read(path: Path) -> list[tuple[int, str]]:
    """The codes by line, in capitals without spaces; what is empty or begins with # is none. Raises WrongFile."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise WrongFile(f"{path.name} is not UTF-8: save it as text in UTF-8, one code a line") from error
    except OSError as error:
        raise WrongFile(f"{path.name} cannot be read: {error.strerror or error}") from error
    found = [(number, "".join(line.split()).upper()) for number, line in enumerate(lines, 1)]
    codes = [(number, code) for number, code in found if code and not code.startswith("#")]
    if not codes:
        raise WrongFile(f"{path.name} holds no codes: write one a line")
    return codes


def put(
    store: Store, carrier: str, codes: Sequence[tuple[int, str]], *, strict: bool = False, dry_run: bool = False
) -> list[Judged]:
    """Judge every line and put what is not refused into the pool, in its order; a dry run writes nothing.

    A wrong check digit is odd, and refused only if `strict`.
    """
    with store.begin() as connection:
        pooled, borne = item_codes.known(connection, carrier, [code for _, code in codes])
        judged = [_placed(one, pooled, borne) for one in _read(codes, strict)]
        if dry_run:
            return judged
        new = item_codes.add(connection, carrier, [one.code for one in judged if one.outcome is Outcome.ADDED])
    # Somebody who added the same list at the same time was quicker.
    return [_placed(one, pooled if one.code in new else {*pooled, one.code}, borne) for one in judged]


def _read(codes: Sequence[tuple[int, str]], strict: bool) -> Iterator[Judged]:
    """What a line says by itself, and beside those above it."""
    first = dict[str, int]()
    for line, code in codes:
        shown = code[:MOST_SHOWN]
        if not is_s10(code):
            yield Judged(line, shown, Outcome.REFUSED, "it is not two letters, nine digits, two letters")
        elif code in first:
            yield Judged(line, shown, Outcome.REFUSED, f"it stands in line {first[code]} already")
        elif (right := check_digit(code)) != code[10]:
            says = f"its check digit would be {right}"
            yield Judged(line, shown, Outcome.REFUSED if strict else Outcome.ADDED, says)
        else:
            yield Judged(line, shown)
        first.setdefault(code, line)


def _placed(one: Judged, pooled: set[str], borne: set[str]) -> Judged:
    """What a line says beside what there is."""
    if one.outcome is Outcome.REFUSED:
        return one
    if one.code in pooled:
        return replace(one, outcome=Outcome.REFUSED, says="it is in the pool already")
    if one.code in borne:
        return replace(one, outcome=Outcome.REFUSED, says="a parcel bears it already")
    return one
