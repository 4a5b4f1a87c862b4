"""A carrier's statement of money against what is known here: every item in one class, and sums that add up.

An amount is compared where both sides state it; None is not stated. Lines of one item are added together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Amount(StrEnum):
    """What a statement speaks of: the agency's fee taken from the citizen, and passed on; the carrier's own charge."""

    COLLECTED = "cash_collected"
    REMITTED = "cash_remitted"
    FEE = "fee"


class Verdict(StrEnum):
    """How an item stands."""

    MATCHED = "matched"
    DIFFERENT = "different"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"


Sums = Mapping[Amount, int | None]
"""Amounts in whole dong; None, or no entry, where a side does not state one."""


@dataclass(frozen=True, slots=True)
class Ours:
    """An item as it is known here. `due`: whether the statement has to name it."""

    reference: str
    items: frozenset[str] = frozenset()
    amounts: Sums = field(default_factory=dict)
    due: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement, which names an item by the carrier's number, by our reference, or by both."""

    number: int
    item: str
    reference: str
    amounts: Sums


@dataclass(frozen=True, slots=True)
class Compared:
    """An item in its class, with both sides' amounts and those that differ.

    `why` an item is missing here, where its names are known and disagree.
    """

    verdict: Verdict
    reference: str
    item: str
    here: Sums
    there: Sums
    differs: tuple[Amount, ...] = ()
    lines: tuple[int, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """How many items, and what they come to on each side."""

    items: int
    here: Mapping[Amount, int]
    there: Mapping[Amount, int]


def compared(ours: Iterable[Ours], lines: Iterable[Line]) -> list[Compared]:
    """Every item of either side, once: ours in their order, then those that only the statement has.

    What is not due and not named is no item of this statement.
    """
    known = list(ours)
    by_reference = {one.reference: one for one in known}
    by_item = _by_item(known)
    mine: dict[str, list[Line]] = {}
    theirs: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found, why = _found(line, by_item, by_reference)
        if found is not None:
            mine.setdefault(found.reference, []).append(line)
        else:
            theirs.setdefault((line.item or line.reference, why), []).append(line)
    return [
        *(_ours(one, mine.get(one.reference, [])) for one in known if one.due or one.reference in mine),
        *(_missing_here(group, why) for (_, why), group in theirs.items()),
    ]


def totals(found: Iterable[Compared]) -> dict[Verdict, Total]:
    """Every class with its sums, those that nothing is in as well."""
    groups: dict[Verdict, list[Compared]] = {verdict: [] for verdict in Verdict}
    for one in found:
        groups[one.verdict].append(one)
    return {
        verdict: Total(len(group), _added([one.here for one in group]), _added([one.there for one in group]))
        for verdict, group in groups.items()
    }


def _by_item(known: Sequence[Ours]) -> dict[str, Ours | None]:
    """Whose a carrier's number is; None where two of ours bear it."""
    found: dict[str, Ours | None] = {}
    for one in known:
        for item in one.items:
            found[item] = None if item in found else one
    return found


def _found(line: Line, by_item: Mapping[str, Ours | None], by_reference: Mapping[str, Ours]) -> tuple[Ours | None, str]:
    """The item of ours that a line names: by its number first, by our reference second; the two must agree."""
    named = by_reference.get(line.reference)
    if line.item in by_item:
        numbered = by_item[line.item]
        if numbered is None:
            return (named, "") if named and line.item in named.items else (None, "two parcels bear this number")
        if named is not None and named is not numbered:
            return None, f"the number is of {numbered.reference}, the reference is another's"
        return numbered, ""
    return named, ""


def _ours(one: Ours, lines: Sequence[Line]) -> Compared:
    item = next((line.item for line in lines if line.item), min(one.items, default=""))
    if not lines:
        return Compared(Verdict.MISSING_THERE, one.reference, item, one.amounts, {})
    there = _stated([line.amounts for line in lines])
    differs = tuple(amount for amount in Amount if _differ(one.amounts.get(amount), there[amount]))
    verdict = Verdict.DIFFERENT if differs else Verdict.MATCHED
    return Compared(verdict, one.reference, item, one.amounts, there, differs, tuple(line.number for line in lines))


def _differ(here: int | None, there: int | None) -> bool:
    return here is not None and there is not None and here != there


def _missing_here(lines: Sequence[Line], why: str) -> Compared:
    reference = next((line.reference for line in lines if line.reference), "")
    there = _stated([line.amounts for line in lines])
    numbers = tuple(line.number for line in lines)
    return Compared(Verdict.MISSING_HERE, reference, lines[0].item, {}, there, lines=numbers, why=why)


def _stated(sides: Sequence[Sums]) -> dict[Amount, int | None]:
    """The sum of what several lines state; None where none of them states it."""
    found: dict[Amount, int | None] = {}
    for amount in Amount:
        said = [value for side in sides if (value := side.get(amount)) is not None]
        found[amount] = sum(said) if said else None
    return found


def _added(sides: Sequence[Sums]) -> dict[Amount, int]:
    return {amount: value or 0 for amount, value in _stated(sides).items()}
