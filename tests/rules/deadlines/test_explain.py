"""The working of a due date: what every day counted for, from the code that computes it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from rules.deadlines import articles
from rules.deadlines.clock import project
from rules.deadlines.days_off import in_vietnamese
from rules.deadlines.explain import Line, explain
from rules.deadlines.heard import heard
from rules.deadlines.phrases import VIOLATIONS, CountedAs, Effect
from schemas.clock import ClockFact, SupplementPolicy, Term, Unit, Violation
from tests.rules.deadlines.builders import (
    CALENDAR,
    CASES_PATH,
    FIVE_DAYS,
    TABLE,
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
    assert lines[2].basis_vi == "hoán đổi với ngày làm bù 10/01/2026 (12729/VPCP-KGVX ngày 25/12/2025)"
    assert lines[2].text_vi == f"nghỉ: {lines[2].basis_vi}"


def test_a_rolled_due_date_names_the_day_it_was_rolled_from() -> None:
    lines = working(received("2024-02-01 10:00"), term=Term(10, Unit.CALENDAR_DAYS))

    assert lines[10].text_en == "calendar day 10 of 10"
    assert lines[-1].counted_as is CountedAs.ROLLED
    assert lines[-1].text_en.startswith("rolled from 2024-02-11, no working day; due 2024-02-15")


def test_an_extension_that_rolls_names_the_day_that_was_promised() -> None:
    lines = working(received("2025-03-03 09:00"), extended("2025-03-06 09:00", to="2025-03-16"))

    assert "extended to 2025-03-16, 09:00 (a new due date, 61/2018/NĐ-CP art. 19(9))" in lines[3].text_en
    assert "hẹn lại đến ngày 16/03/2025, 09:00 (ngày hẹn mới, khoản 9 Điều 19" in lines[3].text_vi
    assert lines[-1].text_en.startswith("rolled from 2025-03-16, no working day; due 2025-03-17")
    assert lines[-1].basis == "61/2018/NĐ-CP art. 19(9); Civil Code art. 147-148"


def test_suspended_days_say_since_when_and_the_supplement_is_a_new_day_zero() -> None:
    lines = working(received("2025-03-03 09:00"), asked("2025-03-05 10:00"), completed("2025-03-07 10:00"))

    assert "supplement requested, 10:00 (the clock is suspended, 61/2018/NĐ-CP art. 19(4))" in lines[2].text_en
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
    assert "violation: extended after the last working day before the due date" in lines[-1].text_en
    assert "vi phạm: hẹn lại sau ngày làm việc cuối cùng trước hạn" in lines[-1].text_vi


def test_a_stop_is_told_with_its_outcome_and_the_days_run_on_to_the_due_date() -> None:
    lines = working(received("2025-03-03 09:00"), stopped("2025-03-05 09:00"))

    assert "result ready, 09:00 (the clock stops, early)" in lines[2].text_en
    assert lines[-1].day == date(2025, 3, 10)


def test_a_provisional_date_says_so() -> None:
    lines = working(received("2026-12-31 09:00"))

    assert lines[-1].text_en.endswith("; provisional")
    assert lines[-1].text_vi.endswith("; tạm tính")


def test_a_numbered_day_has_its_number_and_a_day_that_points_at_another_has_that_day() -> None:
    lines = working(received("2025-03-03 09:00"), asked("2025-03-05 10:00"), completed("2025-03-07 10:00"))

    assert [(line.k, line.n) for line in lines[:6]] == [
        (None, None),
        (1, 5),
        (2, 5),
        (None, None),
        (None, None),
        (None, None),
    ]
    assert [line.from_on for line in lines[2:5]] == [None, date(2025, 3, 5), None]
    assert (lines[-1].k, lines[-1].n) == (5, 5)


SAME_DAY = Term(1, Unit.SAME_DAY)


def test_a_term_of_the_same_day_says_on_which_side_of_fifteen_oclock_it_began() -> None:
    in_time = working(received("2025-03-03 15:00"), term=SAME_DAY)
    after = working(received("2025-03-03 15:00:01"), term=SAME_DAY)

    assert [line.counted_as for line in in_time] == [CountedAs.SAME_DAY]
    assert in_time[0].text_en.startswith("due on this very day; received, 15:00 ")
    assert [line.counted_as for line in after] == [CountedAs.DAY_ZERO, CountedAs.WORKING_DAY]
    assert after[0].text_en.startswith(
        "day 0, not counted: after 15:00, so due the next working day; received, 15:00:01"
    )
    assert "sau 15:00" in after[0].text_vi


@pytest.mark.parametrize("unit", [Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.WORKING_HOURS])
def test_a_term_of_which_nothing_was_left_is_due_on_the_very_day_of_the_supplement(unit: Unit) -> None:
    due_on = {Unit.WORKING_DAYS: "2025-03-04 17:00", Unit.CALENDAR_DAYS: "2025-03-04 17:00"}
    lines = working(
        received("2025-03-03 17:00"),
        asked(due_on.get(unit, "2025-03-04 08:30")),
        completed("2025-03-06 10:00"),
        term=Term(1, unit),
        policy=SupplementPolicy.PAUSE_RESUME,
    )

    assert lines[-1].counted_as is CountedAs.SAME_DAY
    assert lines[-1].text_en.startswith(
        "due on this very day: nothing was left of the term; supplement received, 10:00"
    )
    assert "sector law" in lines[-2].basis and lines[-2].counted_as is CountedAs.SUSPENDED


def test_every_fact_is_listed_with_what_it_did_the_date_after_it_and_its_article() -> None:
    facts = [
        received("2025-02-28 09:00"),
        signed("2025-03-03 09:00"),
        asked("2025-03-05 10:00"),
        completed("2025-03-06 10:00", complete=False),
        completed("2025-03-07 10:00"),
        extended("2025-03-10 09:00", to="2025-03-20"),
        extended("2025-03-11 09:00", to="2025-03-28", id="again"),
        stopped("2025-03-21 09:00"),
        asked("2025-03-24 09:00", id="too late"),
    ]
    told = heard(FIVE_DAYS, SupplementPolicy.RESTART, reversed(facts), CALENDAR)

    assert [fact.at for fact in told] == [fact.at for fact in facts]
    assert [(fact.effect, str(fact.due_on), fact.basis) for fact in told] == [
        (Effect.NONE, "None", ""),
        (Effect.STARTED, "2025-03-10", "45/2016/QĐ-TTg art. 7(4)"),
        (Effect.SUSPENDED, "None", "61/2018/NĐ-CP art. 19(4)"),
        (Effect.NONE, "None", ""),
        (Effect.RESTARTED, "2025-03-14", "61/2018/NĐ-CP art. 19(4)"),
        (Effect.EXTENDED, "2025-03-20", "61/2018/NĐ-CP art. 19(9)"),
        (Effect.NONE, "2025-03-20", ""),
        (Effect.STOPPED, "2025-03-20", ""),
        (Effect.NONE, "2025-03-20", ""),
    ]
    assert told[6].violations == (Violation.EXTENSION_REPEATED,)
    assert told[7].text_vi == "đã có kết quả, 09:00 (ngừng tính thời hạn, quá hạn)"
    assert told[3].text_en == "supplement received (incomplete), 10:00 (changes nothing)"


def test_the_last_fact_of_every_case_leaves_the_date_that_the_clock_has() -> None:
    for case in all_cases():
        (term, policy, hours), facts = rule_of(case), facts_of(case)
        clock = project(term, policy, facts, CALENDAR, hours)
        told = heard(term, policy, facts, CALENDAR, hours)

        assert (told[-1].due_on if told else None) == clock.due_on
        assert tuple(code for fact in told for code in fact.violations) == clock.codes


def test_every_reason_of_the_official_calendar_is_said_in_vietnamese() -> None:
    reasons = {CALENDAR.why(row.day) for row in (*TABLE.closed, *TABLE.worked)}

    said = {in_vietnamese(why) for why in reasons}

    assert len(said) > 20
    assert [why for why in said if re.search(r"[Dd]ay\b|Year|Eve|\bof\b|\bwith\b|\bfor\b|observed", why)] == []
    assert in_vietnamese("Day off (substituted from 05/04/2019)") == "hoán đổi với ngày làm bù 04/05/2019"
    assert in_vietnamese("announced late") == "announced late"


def test_every_article_and_violation_has_its_words_in_both_languages() -> None:
    ours = {words for name, words in vars(articles).items() if name.isupper() and isinstance(words, str)}

    assert ours == set(articles.IN_VIETNAMESE)
    assert set(Violation) - set(VIOLATIONS) == {Violation.STATED_AFTER_DUE, Violation.RETURNED_TOO_EARLY}


@pytest.mark.parametrize("facts", [(), (asked("2025-03-03 09:00"),)])
def test_what_has_not_started_has_no_working(facts: tuple[ClockFact, ...]) -> None:
    assert working(*facts) == ()
    assert working(received("2025-03-03 09:00"), term=None) == ()
