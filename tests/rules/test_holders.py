"""Every day of a dossier's life has one holder, and the days add up to the whole."""

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.dossier import Dossier
from rules.holders import Days
from rules.shown import days_of
from schemas.event import Event
from schemas.instant import date_of
from tests.builders import a_fact, a_move, a_postal_fact, fold, received, result_ready

TODAY = date(2026, 11, 20)
MONDAY = "2026-11-02"


def counted(*events: Event, as_of: date = TODAY) -> list[tuple[str, str | None, int]]:
    """Whose days, as of a day."""
    dossier, _ = fold(events)
    return [(row.holder, row.agency, row.days) for row in days_of(dossier, as_of)]


def supplement(asked: str, given: str) -> list[Event]:
    """Papers asked for, and brought."""
    return [
        a_fact("supplement_requested", asked, stage="APPRAISAL", documents=["x"], reason="x"),
        a_fact("supplement_received", given, complete=True),
    ]


FORWARDED = a_fact("forwarded", "2026-11-03 09:00", to_agency="H29.99")


def test_a_day_is_his_who_holds_it_at_its_end() -> None:
    rows = counted(received(f"{MONDAY} 09:00"), FORWARDED, as_of=date(2026, 11, 5))

    assert rows == [("one-stop", "H29.12", 1), ("competent", "H29.99", 3)]


def test_while_papers_are_awaited_the_days_are_the_citizens() -> None:
    events = [received(f"{MONDAY} 09:00"), FORWARDED, *supplement("2026-11-05 09:00", "2026-11-09 09:00")]

    rows = counted(*events, as_of=date(2026, 11, 10))

    assert rows == [("one-stop", "H29.12", 1), ("competent", "H29.99", 4), ("citizen", None, 4)]


@pytest.mark.parametrize(
    ("answered", "rows"),
    [
        ("2026-11-05 09:00", [("one-stop", "H29.12", 8)]),
        ("2026-11-08 09:00", [("one-stop", "H29.12", 6), ("consulted", "H29.99", 2)]),
        (None, [("one-stop", "H29.12", 4), ("consulted", "H29.99", 4)]),
    ],
    ids=["in time", "two days late", "never"],
)
def test_a_consulted_agency_owns_the_days_after_its_limit(
    answered: str | None, rows: list[tuple[str, str, int]]
) -> None:
    events = [
        received(f"{MONDAY} 09:00"),
        a_fact(
            "consultation_requested", "2026-11-03 09:00", consultation_id="c1", agency="H29.99", limit_on="2026-11-05"
        ),
    ]
    if answered:
        events.append(a_fact("consultation_answered", answered, by="H29.99", consultation_id="c1", agency="H29.99"))

    assert counted(*events, as_of=date(2026, 11, 9)) == rows


BY_POST = [
    received(f"{MONDAY} 09:00", return_mode="POST"),
    result_ready("2026-11-05 09:00"),
    a_postal_fact("order_accepted", "2026-11-05 09:01", leg="D1", item_code="EA000000011VN", reference="x"),
    a_move("PICKED_UP", "2026-11-06 10:00"),
]


def test_the_post_owns_the_days_on_which_it_has_the_envelope_and_delivery_ends_them() -> None:
    delivered = a_move("DELIVERED", "2026-11-09 10:00")
    sure, hearsay = (
        counted(*BY_POST, delivered),
        counted(*BY_POST, a_move("DELIVERED", "2026-11-09 10:00", certainty="REPORTED")),
    )

    assert sure == [("one-stop", "H29.12", 4), ("post", None, 4)]
    assert hearsay == [("one-stop", "H29.12", 4), ("post", None, 15)]


def test_an_envelope_that_came_back_is_the_one_stops_again() -> None:
    rows = counted(*BY_POST, a_move("RETURNED_TO_SENDER", "2026-11-16 10:00"))

    assert rows == [("one-stop", "H29.12", 9), ("post", None, 10)]


def test_late_days_are_counted_apart() -> None:
    dossier, _ = fold([received(f"{MONDAY} 09:00"), FORWARDED])

    assert dossier.clock.due_on == date(2026, 11, 5)
    assert days_of(dossier, date(2026, 11, 9)) == (Days("one-stop", "H29.12", 1, 0), Days("competent", "H29.99", 7, 4))  # type: ignore[arg-type]


def test_its_life_ends_on_the_day_that_ends_it_and_has_at_least_one() -> None:
    assert counted(received(f"{MONDAY} 09:00"), a_fact("withdrawn", f"{MONDAY} 10:00", reason="x")) == [
        ("one-stop", "H29.12", 1)
    ]


LIFE = [
    a_fact("submitted", "2026-11-01 20:00", procedure_code="1.004873", channel="ONLINE", receiving_agency="H29.12"),
    received(f"{MONDAY} 09:00", return_mode="POST"),
    FORWARDED,
    a_fact("assigned", "2026-11-03 10:00", by="H29.99", agency="H29.99", officer_ref="x"),
    a_fact("consultation_requested", "2026-11-03 11:00", consultation_id="c1", agency="H29.99", limit_on="2026-11-04"),
    *supplement("2026-11-05 09:00", "2026-11-09 09:00"),
    a_fact("payment_requested", "2026-11-09 15:00", amount=1000),
    a_fact("payment_received", "2026-11-10 15:00", amount=1000, receipt_no="1"),
    a_fact("consultation_answered", "2026-11-11 09:00", by="H29.99", consultation_id="c1", agency="H29.99"),
    result_ready("2026-11-12 09:00"),
    *BY_POST[2:],
    a_move("RETURNED_TO_SENDER", "2026-11-16 10:00"),
    a_fact("result_returned", "2026-11-18 10:00", mode="COUNTER", receiver="x"),
]


def adds_up(dossier: Dossier, as_of: date) -> bool:
    """Whether the days from its first fact to its end, or to the day asked for, are each somebody's."""
    rows = days_of(dossier, as_of)
    first = date_of(dossier.life[0].at)
    last = min([as_of, *(date_of(fact.at) for fact in dossier.life if fact.kind == "result_returned")])
    return sum(row.days for row in rows) == max((last - first).days + 1, 0)


@given(st.permutations(LIFE), st.integers(1, len(LIFE)), st.integers(0, 30))
def test_the_days_add_up_to_the_whole_whatever_happened_in_whatever_order_it_came(
    order: list[Event], many: int, later: int
) -> None:
    dossier, _ = fold(order[:many])
    if dossier.life:
        last = max(date_of(fact.at) for fact in dossier.life)
        assert adds_up(dossier, last + timedelta(days=later))


def test_the_days_of_any_two_facts_add_up_too() -> None:
    for pair in combinations(LIFE, 2):
        dossier, _ = fold(pair)
        assert not dossier.life or adds_up(dossier, TODAY)
