"""What finished dossiers teach: working days from each stage to the result, of cases whose clock ran to its end."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.deadlines.learning import Tally, passages, quantiles
from schemas.event import Event
from schemas.reference import SHARES
from tests.builders import REFERENCE, VERSION, a_fact, fold, received, result_ready

RECEIVED = received("2026-11-02 09:00")
ASSIGNED = a_fact("assigned", "2026-11-03 14:00", agency="H29.12", officer_ref="cb-1")
ASKED = a_fact("supplement_requested", "2026-11-04 09:00", stage="APPRAISAL", documents=["x"], reason="x")
COMPLETE = a_fact("supplement_received", "2026-11-06 09:00", complete=True)


def taught(*events: Event) -> list[tuple[str | None, int]]:
    dossier, _ = fold(events)
    return [(one.stage, one.working_days) for one in passages(dossier, REFERENCE.at(VERSION))]


def test_each_stage_of_a_case_and_the_whole_of_it_have_their_working_days() -> None:
    assert taught(RECEIVED, ASSIGNED, result_ready("2026-11-09 09:00")) == [
        (None, 5),
        ("RECEIVED", 5),
        ("IN_PROCESS", 4),
    ]


def test_a_result_on_the_day_took_no_day() -> None:
    assert taught(RECEIVED, result_ready("2026-11-02 16:00")) == [(None, 0), ("RECEIVED", 0)]


def test_days_before_a_restart_teach_nothing() -> None:
    assert taught(RECEIVED, ASSIGNED, ASKED, COMPLETE, result_ready("2026-11-10 09:00")) == [
        (None, 2),
        ("IN_PROCESS", 2),
    ]


def test_a_stage_entered_twice_is_two_cases() -> None:
    to_pay = a_fact("payment_requested", "2026-11-04 09:00", amount=5000)
    paid = a_fact("payment_received", "2026-11-05 09:00", amount=5000, receipt_no="1")

    assert taught(RECEIVED, ASSIGNED, to_pay, paid, result_ready("2026-11-06 09:00")) == [
        (None, 4),
        ("RECEIVED", 4),
        ("IN_PROCESS", 3),
        ("AWAITING_PAYMENT", 2),
        ("IN_PROCESS", 1),
    ]


@pytest.mark.parametrize(
    "events",
    [
        [RECEIVED, ASSIGNED],
        [RECEIVED, a_fact("withdrawn", "2026-11-03 09:00", reason="x")],
        [RECEIVED, ASKED, result_ready("2026-11-05 09:00")],
        [received("2026-11-02 09:00", procedure_code="1.003003"), result_ready("2026-11-05 09:00")],
    ],
    ids=["open", "withdrawn", "done while papers were awaited", "no term"],
)
def test_a_case_without_a_result_on_a_running_clock_teaches_nothing(events: list[Event]) -> None:
    assert taught(*events) == []


def test_a_table_has_a_row_for_each_procedure_and_stage_with_enough_cases() -> None:
    tally = Tally()
    for day in ("03", "04", "05", "06"):
        tally.add(fold([RECEIVED, result_ready(f"2026-11-{day} 09:00")])[0], REFERENCE.at(VERSION))
    tally.add(fold([RECEIVED, ASSIGNED, result_ready("2026-11-03 16:00")])[0], REFERENCE.at(VERSION))

    whole, stage = tally.history(5)

    assert (whole.procedure, whole.stage, whole.cases) == ("1.004873", None, 5)
    assert (stage.procedure, stage.stage, stage.cases, stage.days) == ("1.004873", "RECEIVED", 5, whole.days)
    assert dict(zip(SHARES, whole.days, strict=True)) == {
        10: 1, 20: 1, 30: 1, 40: 1, 50: 2, 60: 2, 70: 3, 80: 3, 90: 4, 95: 4, 98: 4, 99: 4, 100: 4
    }  # fmt: skip
    assert tally.dossiers == 5
    assert len(tally.history()) == 3


@given(st.lists(st.integers(0, 90), min_size=1, max_size=300))
def test_a_share_of_the_cases_was_done_within_its_days_and_not_a_day_sooner(cases: list[int]) -> None:
    for share, days in zip(SHARES, quantiles(Counter(cases)), strict=True):
        assert sum(one <= days for one in cases) * 100 >= share * len(cases)
        assert sum(one < days for one in cases) * 100 < share * len(cases)
