"""A carrier's statement against ours: one class an item, sums that add up, whatever the two sides hold."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.post.statement import Amount, Compared, Line, Ours, Sums, Verdict, compared, totals

COLLECTED, REMITTED, FEE = Amount


def sums(collected: int | None = None, remitted: int | None = None, fee: int | None = None) -> Sums:
    return {COLLECTED: collected, REMITTED: remitted, FEE: fee}


def ours(reference: str = "A/D1", *items: str, due: bool = True, **amounts: int | None) -> Ours:
    return Ours(reference, frozenset(items or (f"item of {reference}",)), sums(**amounts), due)


def line(item: str = "", reference: str = "", number: int = 2, **amounts: int | None) -> Line:
    return Line(number, item, reference, sums(**amounts))


MATCHED, DIFFERENT, HERE, THERE = Verdict
ONE = [ours("A/D1", "E1", collected=35_000, remitted=0, fee=22_000)]
CASES: dict[str, tuple[Sequence[Ours], Sequence[Line], list[tuple[Verdict, tuple[Amount, ...]]]]] = {
    "the same": (ONE, [line("E1", collected=35_000, remitted=0, fee=22_000)], [(MATCHED, ())]),
    "by our reference": (ONE, [line("", "A/D1", collected=35_000)], [(MATCHED, ())]),
    "by a number nobody knows and our reference": (ONE, [line("E9", "A/D1", collected=35_000)], [(MATCHED, ())]),
    "another sum": (ONE, [line("E1", collected=34_000, remitted=0, fee=22_000)], [(DIFFERENT, (COLLECTED,))]),
    "two other sums": (ONE, [line("E1", collected=0, remitted=35_000)], [(DIFFERENT, (COLLECTED, REMITTED))]),
    "an amount they do not state": (ONE, [line("E1", fee=22_000)], [(MATCHED, ())]),
    "an amount we do not know": ([ours("A/D1", "E1", collected=0)], [line("E1", fee=9)], [(MATCHED, ())]),
    "nothing is not an amount unstated": (ONE, [line("E1", collected=0)], [(DIFFERENT, (COLLECTED,))]),
    "in two lines": (ONE, [line("E1", collected=30_000), line("", "A/D1", collected=5_000)], [(MATCHED, ())]),
    "twice": (ONE, [line("E1", fee=22_000), line("E1", fee=22_000)], [(DIFFERENT, (FEE,))]),
    "taken back": (ONE, [line("E1", fee=30_000), line("E1", fee=-8_000)], [(MATCHED, ())]),
    "not named": (ONE, [], [(THERE, ())]),
    "nobody's": ([], [line("E1", collected=35_000)], [(HERE, ())]),
    "nobody's, in two lines": ([], [line("E1", fee=1), line("E1", fee=2)], [(HERE, ())]),
    "not due and not named": ([ours("A/D1", "E1", due=False, fee=1)], [], []),
    "not due and named": ([ours("A/D1", "E1", due=False, fee=1)], [line("E1", fee=1)], [(MATCHED, ())]),
    "a number of one, the reference of another": (
        [ours("A/D1", "E1", fee=1), ours("B/D1", "E2", fee=1)],
        [line("E1", "B/D1", fee=1)],
        [(THERE, ()), (THERE, ()), (HERE, ())],
    ),
    "a number that two bear": (
        [ours("A/D1", "E1", fee=1), ours("B/D1", "E1", fee=1)],
        [line("E1", fee=1)],
        [(THERE, ()), (THERE, ()), (HERE, ())],
    ),
    "a number that two bear, and the reference of one": (
        [ours("A/D1", "E1", fee=1), ours("B/D1", "E1", fee=1)],
        [line("E1", "B/D1", fee=1)],
        [(THERE, ()), (MATCHED, ())],
    ),
}


@pytest.mark.parametrize(("mine", "theirs", "wanted"), CASES.values(), ids=CASES)
def test_every_item_is_in_the_class_that_both_sides_make_of_it(
    mine: Sequence[Ours], theirs: Sequence[Line], wanted: list[tuple[Verdict, tuple[Amount, ...]]]
) -> None:
    found = compared(mine, theirs)

    assert [(one.verdict, one.differs) for one in found] == wanted


def test_an_item_whose_names_disagree_says_why_it_is_missing_here() -> None:
    found = compared([ours("A/D1", "E1"), ours("B/D1", "E2")], [line("E1", "B/D1", fee=1)])

    assert [one.why for one in found] == ["", "", "the number is of A/D1, the reference is another's"]


def test_a_class_that_nothing_is_in_has_sums_of_nothing() -> None:
    assert {verdict: total.items for verdict, total in totals([]).items()} == dict.fromkeys(Verdict, 0)


# ---------------------------------------------------------------- laws

NAMES = st.sampled_from(["", "E1", "E2", "E3"])
REFERENCES = st.sampled_from(["", "A/D1", "B/D1", "C/D1"])
AMOUNTS = st.builds(sums, *[st.none() | st.integers(-50_000, 50_000)] * 3)
OURS = st.lists(
    st.builds(Ours, REFERENCES.filter(bool), st.frozensets(NAMES.filter(bool), max_size=2), AMOUNTS, st.booleans()),
    max_size=3,
    unique_by=lambda one: one.reference,
)


@st.composite
def statements(draw: st.DrawFn) -> list[Line]:
    said = draw(st.lists(st.tuples(NAMES, REFERENCES, AMOUNTS), max_size=6))
    return [Line(number, *one) for number, one in enumerate(said, start=2) if one[0] or one[1]]


@given(OURS, statements())
def test_every_item_is_in_exactly_one_class(mine: list[Ours], theirs: list[Line]) -> None:
    found = compared(mine, theirs)

    known = Counter(one.reference for one in found if one.verdict is not HERE)
    assert set(known.values()) <= {1}
    assert {one.reference for one in mine if one.due} <= set(known) <= {one.reference for one in mine}
    assert all(one.lines for one in found if one.reference in {that.reference for that in mine if not that.due})
    assert Counter(number for one in found for number in one.lines) == Counter(one.number for one in theirs)
    assert sum(total.items for total in totals(found).values()) == len(found)


@given(OURS, statements())
def test_the_sums_of_the_classes_are_the_sums_of_both_sides(mine: list[Ours], theirs: list[Line]) -> None:
    found = compared(mine, theirs)
    shown = {one.reference for one in found if one.verdict is not HERE}

    for amount in Amount:
        classes = totals(found).values()
        assert sum(one.there[amount] for one in classes) == _sum(amount, [one.amounts for one in theirs])
        assert sum(one.here[amount] for one in classes) == _sum(
            amount, [one.amounts for one in mine if one.reference in shown]
        )


@given(OURS, statements())
def test_only_what_matches_in_every_stated_amount_is_matched(mine: list[Ours], theirs: list[Line]) -> None:
    for one in compared(mine, theirs):
        assert (one.verdict is Verdict.DIFFERENT) == bool(one.differs)
        assert all(_stated_alike(one, amount) for amount in Amount if one.verdict is MATCHED)


@given(OURS, statements())
def test_the_order_of_the_lines_changes_no_class(mine: list[Ours], theirs: list[Line]) -> None:
    turned = list(reversed(theirs))

    assert _classes(compared(mine, theirs)) == _classes(compared(mine, turned))


@given(OURS)
def test_a_statement_that_says_what_we_know_matches_whole(mine: list[Ours]) -> None:
    theirs = [Line(number, "", one.reference, one.amounts) for number, one in enumerate(mine, start=2)]

    assert {one.verdict for one in compared(mine, theirs)} <= {MATCHED}


def _sum(amount: Amount, sides: Sequence[Sums]) -> int:
    return sum(side.get(amount) or 0 for side in sides)


def _stated_alike(one: Compared, amount: Amount) -> bool:
    here, there = one.here.get(amount), one.there.get(amount)
    return here is None or there is None or here == there


def _classes(found: Sequence[Compared]) -> Counter[tuple[Verdict, frozenset[int]]]:
    return Counter((one.verdict, frozenset(one.lines)) for one in found)
