"""The working of a due date: what every day counted for, from the code that computes it."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from rules.deadlines.clock import project
from rules.deadlines.explain import Line, explain
from rules.deadlines.phrases import CountedAs
from schemas.clock import ClockFact, SupplementPolicy, Term, Unit
from tests.rules.deadlines.builders import (
    CALENDAR,
    CASES_PATH,
    FIVE_DAYS,
    asked,
    completed,
    extended,
    facts_of,
    received,
    rule_of,
    signed,
    stopped,
    written,
)
from tests.rules.deadlines.histories import a_case

SEEDED = 1000


def working(
    *facts: ClockFact, term: Term | None = FIVE_DAYS, policy: SupplementPolicy = SupplementPolicy.RESTART
) -> tuple[Line, ...]:
    """The working of a procedure of five working days, unless said otherwise."""
    return explain(term, policy, facts, CALENDAR)


def all_cases() -> Iterator[dict[str, Any]]:
    """The worked cases and as many seeded ones as the test can afford."""
    yield from written(CASES_PATH)
    random = Random(20261124)
    yield from (a_case(random) for _ in range(SEEDED))


def test_the_last_line_is_the_due_date_of_every_case() -> None:
    for case in all_cases():
        (term, policy, hours), facts = rule_of(case), facts_of(case)
        clock = project(term, policy, facts, CALENDAR, hours)
        lines = explain(term, policy, facts, CALENDAR, hours)

        assert clock.due_on is None or (lines[-1].day == clock.due_on and f"due {clock.due_on}" in lines[-1].text_en)
        assert bool(lines) == (clock.started_at is not None)


def test_there_is_one_line_a_day_from_day_zero_on() -> None:
    for case in all_cases():
        (term, policy, hours), facts = rule_of(case), facts_of(case)
        lines = explain(term, policy, facts, CALENDAR, hours)
        started_at = project(term, policy, facts, CALENDAR, hours).started_at

        assert not lines or (started_at and lines[0].day == started_at.date())
        assert [line.day for line in lines] == [lines[0].day + timedelta(days=n) for n in range(len(lines))]


def test_working_days_are_numbered_and_the_last_number_is_the_term() -> None:
    lines = working(received("2025-04-25 10:00"))

    assert [line.counted_as for line in lines] == [
        CountedAs.DAY_ZERO,
        CountedAs.MADE_UP_DAY,
        CountedAs.WEEKEND,
        CountedAs.WORKING_DAY,
        CountedAs.WORKING_DAY,
        CountedAs.CLOSED,
        CountedAs.CLOSED,
        CountedAs.CLOSED,
        CountedAs.WEEKEND,
        CountedAs.WEEKEND,
        CountedAs.WORKING_DAY,
        CountedAs.WORKING_DAY,
    ]
    assert lines[-1].text_en.startswith("working day 5 of 5; due 2025-05-06 17:00, calendar vn-public-offices")
    assert lines[-1].text_vi.startswith("ngày làm việc 5/5; hạn trả 17:00 06/05/2025, lịch vn-public-offices")


def test_a_closed_day_names_its_basis_and_document() -> None:
    lines = working(received("2025-12-31 10:00"), term=Term(2, Unit.WORKING_DAYS))

    assert lines[2].counted_as is CountedAs.CLOSED
    assert lines[2].basis == "swapped with 2026-01-10 (12729/VPCP-KGVX of 2025-12-25)"


def test_a_rolled_due_date_names_the_day_it_was_rolled_from() -> None:
    lines = working(received("2024-02-01 10:00"), term=Term(10, Unit.CALENDAR_DAYS))

    assert lines[10].text_en == "calendar day 10 of 10"
    assert lines[-1].counted_as is CountedAs.ROLLED
    assert lines[-1].text_en.startswith("rolled from 2024-02-11, no working day; due 2024-02-15")


def test_an_extension_that_rolls_names_the_day_that_was_promised() -> None:
    lines = working(received("2025-03-03 09:00"), extended("2025-03-06 09:00", to="2025-03-16"))

    assert "extended to 2025-03-16, 09:00 (61/2018/NĐ-CP art. 19(9))" in lines[3].text_en
    assert lines[-1].text_en.startswith("rolled from 2025-03-16, no working day; due 2025-03-17")
    assert lines[-1].basis == "61/2018/NĐ-CP art. 19(9)"


def test_suspended_days_say_since_when_and_the_supplement_is_a_new_day_zero() -> None:
    lines = working(received("2025-03-03 09:00"), asked("2025-03-05 10:00"), completed("2025-03-07 10:00"))

    assert "supplement requested, 10:00 (61/2018/NĐ-CP art. 19(4))" in lines[2].text_en
    assert lines[3].text_en == "suspended since 2025-03-05 because a supplement is awaited"
    assert lines[4].counted_as is CountedAs.DAY_ZERO
    assert lines[-1].text_en.startswith("working day 5 of 5")


def test_without_a_due_date_the_last_line_is_the_day_of_the_last_fact() -> None:
    lines = working(received("2025-03-03 09:00"), asked("2025-03-05 10:00"), completed("2025-03-06 10:00", False))

    assert lines[-1].day == date(2025, 3, 6)
    assert lines[-1].counted_as is CountedAs.SUSPENDED


def test_minutes_are_counted_to_the_request_that_pauses_them() -> None:
    lines = working(
        received("2025-03-03 15:00"),
        asked("2025-03-04 08:30"),
        completed("2025-03-07 16:00"),
        term=Term(8, Unit.WORKING_HOURS),
        policy=SupplementPolicy.PAUSE_RESUME,
    )

    minutes = [line.text_en.split(";")[0] for line in lines if line.counted_as is CountedAs.OFFICE_MINUTES]
    assert minutes == [
        "120 of 480 office minutes",
        "180 of 480 office minutes",
        "60 of 300 office minutes",
        "300 of 300 office minutes",
    ]


def test_a_violation_and_a_fact_without_effect_are_told_on_their_day() -> None:
    lines = working(
        signed("2025-03-03 09:00"), completed("2025-03-04 09:00"), extended("2025-03-10 09:00", to="2025-03-20")
    )

    assert "45/2016/QĐ-TTg art. 7(4)" in lines[0].text_en
    assert "supplement received, 09:00 (changes nothing)" in lines[1].text_en
    assert "EXTENSION_LATE" in lines[-1].text_en


def test_a_stop_is_told_with_its_outcome_and_the_days_run_on_to_the_due_date() -> None:
    lines = working(received("2025-03-03 09:00"), stopped("2025-03-05 09:00"))

    assert "result ready, 09:00 (EARLY)" in lines[2].text_en
    assert lines[-1].day == date(2025, 3, 10)


def test_a_provisional_date_says_so() -> None:
    lines = working(received("2026-12-31 09:00"))

    assert lines[-1].text_en.endswith("; provisional")
    assert lines[-1].text_vi.endswith("; tạm tính")


@pytest.mark.parametrize("facts", [(), (asked("2025-03-03 09:00"),)])
def test_what_has_not_started_has_no_working(facts: tuple[ClockFact, ...]) -> None:
    assert working(*facts) == ()
    assert working(received("2025-03-03 09:00"), term=None) == ()
