"""Whether a dossier will make it: by cases that stood where it stands, by its procedure's, by the default; and never
before what it waits for is there.
"""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.deadlines.calendar import LAST_DAY
from rules.deadlines.forecast import Awaited, Forecast, RestsOn, forecast, further_days
from rules.reference import reference_of
from schemas.event import Event
from schemas.reference import SHARES, CaseHistory
from tests.builders import VERSION, a_bundle, a_fact, fold, received, result_ready
from tests.rules.deadlines.living import at

PROCEDURE = "1.004873"
MONDAY, TUESDAY, WEDNESDAY = "2026-11-02", "2026-11-03", "2026-11-04"
# Received on Monday with three working days: due on Thursday.
RECEIVED = received(f"{MONDAY} 09:00")
ASSIGNED = a_fact("assigned", f"{MONDAY} 14:00", agency="H29.12", officer_ref="cb-1")
SLOW = (1, 2, 2, 3, 3, 4, 5, 6, 8, 10, 12, 15, 20)
QUICK = (0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4)


def a_row(days: tuple[int, ...], stage: str | None = None, cases: int = 100) -> dict[str, Any]:
    return {"procedure": PROCEDURE, "stage": stage, "cases": cases, "days": days}


def judged(*events: Event, now: str = f"{TUESDAY} 07:30", history: Any = (), **judging: Any) -> Forecast:
    """What is forecast of these facts by this history."""
    reference = reference_of(a_bundle(forecast=judging | {"history": history}))
    dossier, _ = fold([RECEIVED, *events], reference=reference)
    found = forecast(dossier, dossier.view(), reference.at(VERSION), at(now))
    assert found is not None
    return found


# ---------------------------------------------------------------- how long cases like it took


def test_cases_of_the_stage_speak_first_then_the_procedures_then_the_default() -> None:
    rows = [a_row(QUICK, "IN_PROCESS", 30), a_row(SLOW, None, 500)]

    assert judged(ASSIGNED, history=rows).usual.rests_on is RestsOn.STAGE
    assert (judged(history=rows).usual.rests_on, judged(history=rows).usual.cases) == (RestsOn.PROCEDURE, 500)
    assert judged(history=rows[:1]).usual.rests_on is RestsOn.DEFAULT


def test_fewer_cases_than_asked_for_are_no_history() -> None:
    row = a_row(SLOW, "RECEIVED", 19)

    assert judged(history=[row]).usual == judged().usual
    assert judged(history=[row], least_cases=19).usual.rests_on is RestsOn.STAGE


def test_the_default_is_what_the_reference_data_says() -> None:
    found = judged()

    assert (found.working_days_needed, found.working_days_left, found.will_make_it) == (1, 2, True)
    assert not judged(default_days=3).will_make_it


def test_a_local_variant_has_its_procedures_history() -> None:
    local = received(f"{MONDAY} 09:00", procedure_code=f"{PROCEDURE}.000.00.00.H29")
    reference = reference_of(a_bundle(forecast={"history": [a_row(SLOW)]}))
    dossier, _ = fold([local], reference=reference)

    found = forecast(dossier, dossier.view(), reference.at(VERSION), at(f"{TUESDAY} 07:30"))

    assert found is not None and found.usual.rests_on is RestsOn.PROCEDURE


@pytest.mark.parametrize(
    ("days", "spent", "share", "needed"),
    [
        (QUICK, 0, 50, 1),
        (QUICK, 0, 90, 2),
        # Of the 70 that took a day or more half were done when 65 were: within the first day.
        (QUICK, 1, 50, 0),
        # Of the 20 that took two or more half were done when 90 were: on the second.
        (QUICK, 2, 50, 0),
        (QUICK, 3, 50, 0),
        (QUICK, 4, 50, 0),
        (SLOW, 1, 50, 2),
        (SLOW, 6, 50, 2),
        # No case ever lasted as long: as many days again.
        (QUICK, 5, 50, 5),
        (QUICK, 7, 10, 7),
    ],
)
def test_so_many_days_more_as_half_of_those_that_lasted_as_long(
    days: tuple[int, ...], spent: int, share: int, needed: int
) -> None:
    assert further_days(CaseHistory.model_validate(a_row(days)), spent, share) == needed


TABLES = st.lists(st.integers(0, 60), min_size=len(SHARES), max_size=len(SHARES)).map(sorted).map(tuple)


@given(TABLES, st.integers(0, 70), st.integers(1, 99))
def test_the_days_needed_are_those_that_a_walk_through_the_table_finds(
    days: tuple[int, ...], spent: int, share: int
) -> None:
    def done_within(limit: int) -> int:
        return max([0, *(of for of, one in zip(SHARES, days, strict=True) if one <= limit)])

    open_still = 100 - done_within(spent - 1)
    day, needed = spent, spent
    while open_still and (done_within(day) - done_within(spent - 1)) * 100 < open_still * share:
        day += 1
    if open_still:
        needed = day - spent

    assert further_days(CaseHistory.model_validate(a_row(days)), spent, share) == needed


@given(TABLES, st.integers(0, 70), st.integers(1, 98))
def test_to_be_surer_takes_no_fewer_days(days: tuple[int, ...], spent: int, share: int) -> None:
    row = CaseHistory.model_validate(a_row(days))

    assert 0 <= further_days(row, spent, share) <= further_days(row, spent, share + 1)


def test_days_are_counted_from_the_stage_or_from_a_count_that_began_later() -> None:
    rows = [a_row((0,) * 4 + (2,) * 9, "IN_PROCESS")]
    asked = a_fact("supplement_requested", f"{TUESDAY} 09:00", stage="APPRAISAL", documents=["x"], reason="x")
    given_back = a_fact("supplement_received", f"{WEDNESDAY} 09:00", complete=True)

    later = judged(ASSIGNED, asked, given_back, now="2026-11-06 07:30", history=rows)
    from_assigned = judged(ASSIGNED, now=f"{WEDNESDAY} 07:30", history=rows)

    assert (from_assigned.working_days_needed, later.working_days_needed) == (0, 0)
    assert judged(ASSIGNED, now="2026-11-05 07:30", history=rows).working_days_needed == 3


def test_days_in_a_stage_before_the_count_began_are_not_counted() -> None:
    # Fetched by the post: registered on Monday, and the clock starts with the minutes on Wednesday.
    papers: dict[str, Any] = {
        "documents": [{"name": "x", "kind": "ORIGINAL", "copies": 1}],
        "procedure_code": PROCEDURE,
    }
    registered = a_fact(
        "collection_registered", f"{MONDAY} 08:00", contact={"name": "x"}, receiving_agency="H29.12", **papers
    )
    minutes = a_fact(
        "handover_signed", f"{WEDNESDAY} 09:00", leg="C1", direction="POST_TO_AGENCY", minutes_no="1", **papers
    )
    reference = reference_of(a_bundle(forecast={"history": [a_row((3,) * 13, "SUBMITTED")]}))
    dossier, _ = fold([registered, minutes], reference=reference)

    found = forecast(dossier, dossier.view(), reference.at(VERSION), at("2026-11-05 07:30"))

    assert found is not None and found.usual.rests_on is RestsOn.STAGE
    assert found.working_days_needed == 2


# ---------------------------------------------------------------- what it waits for


def a_question(limit_on: str) -> Event:
    return a_fact("consultation_requested", f"{MONDAY} 15:00", consultation_id="c1", agency="H29.99", limit_on=limit_on)


ANSWER = a_fact("consultation_answered", f"{MONDAY} 16:00", by="H29.99", consultation_id="c1", agency="H29.99")
STEPS = [{"step": "s1", "agency": "H29.99", "due_on": "2026-11-09"}, {"step": "s2", "agency": "H29.12"}]
FORWARDED = a_fact("forwarded", f"{MONDAY} 10:00", to_agency="H29.99", steps=STEPS)
DONE = a_fact("step_completed", f"{MONDAY} 16:00", by="H29.99", step="s1", agency="H29.99")


@pytest.mark.parametrize(
    ("events", "waits", "needed"),
    [
        ([a_question("2026-11-10")], [("CONSULTATION", "c1", "H29.99", date(2026, 11, 10))], 6),
        ([a_question("2026-11-10"), ANSWER], [], 1),
        ([a_question("2026-10-30")], [("CONSULTATION", "c1", "H29.99", date(2026, 10, 30))], 1),
        (
            [FORWARDED],
            [("STEP", "s1", "H29.99", date(2026, 11, 9)), ("STEP", "s2", "H29.12", None)],
            5,
        ),
        ([FORWARDED, DONE], [("STEP", "s2", "H29.12", None)], 1),
        ([a_fact("payment_requested", f"{MONDAY} 10:00", amount=5000)], [("PAYMENT", None, None, None)], 1),
        (
            [
                a_fact("payment_requested", f"{MONDAY} 10:00", amount=5000),
                a_fact("payment_received", f"{MONDAY} 11:00", amount=5000, receipt_no="1"),
            ],
            [],
            1,
        ),
    ],
    ids=["asked", "answered", "answer overdue", "steps", "a step done", "to be paid", "paid"],
)
def test_no_result_comes_before_what_it_waits_for(events: list[Event], waits: list[Any], needed: int) -> None:
    found = judged(*events)

    assert [(one.what, one.about, one.agency, one.until) for one in found.waits_for] == waits
    assert found.working_days_needed == needed


def test_a_dossier_that_is_not_with_the_competent_agency_yet_needs_its_time_there() -> None:
    elsewhere = received(f"{MONDAY} 09:00", competent_agency="H29.99")
    reference = reference_of(a_bundle())
    dossier, _ = fold([elsewhere], reference=reference)
    edition = reference.at(VERSION)

    ahead = forecast(dossier, dossier.view(), edition, at(f"{TUESDAY} 07:30"))
    near = forecast(dossier, dossier.view(), edition, at(f"{WEDNESDAY} 07:30"))
    there, _ = fold([a_fact("forwarded", f"{WEDNESDAY} 07:35", to_agency="H29.99")], dossier, reference)
    gone = forecast(there, there.view(), edition, at(f"{WEDNESDAY} 07:40"))

    assert ahead is not None and near is not None and gone is not None
    assert [one.what for one in ahead.waits_for] == [Awaited.TRANSFER]
    assert (ahead.will_make_it, near.will_make_it, gone.will_make_it) == (True, False, True)


def test_papers_under_a_rule_that_lets_the_clock_run_are_waited_for() -> None:
    procedure = {
        "code": PROCEDURE,
        "name": "x",
        "level": "ward",
        "amount": 3,
        "unit": "working_days",
        "supplement_policy": "KEEP_RUNNING",
    }
    reference = reference_of(a_bundle(procedures=[procedure]))
    asked = a_fact("supplement_requested", f"{MONDAY} 10:00", stage="APPRAISAL", documents=["x"], reason="x")
    dossier, _ = fold([RECEIVED, asked], reference=reference)

    found = forecast(dossier, dossier.view(), reference.at(VERSION), at(f"{TUESDAY} 07:30"))

    assert found is not None and [one.what for one in found.waits_for] == [Awaited.SUPPLEMENT]


# ---------------------------------------------------------------- the verdict


@pytest.mark.parametrize(
    ("now", "left", "new_on"),
    [
        (f"{TUESDAY} 07:30", 2, date(2026, 11, 11)),
        (f"{WEDNESDAY} 07:30", 1, date(2026, 11, 11)),
        # Asked when it is late already: the answer is awaited on its own day all the same.
        ("2026-11-06 09:00", -1, date(2026, 11, 11)),
    ],
)
def test_the_new_date_is_the_working_day_on_which_the_result_is_expected(now: str, left: int, new_on: date) -> None:
    found = judged(a_question("2026-11-10"), now=now)

    assert (found.working_days_left, found.new_on, found.will_make_it) == (left, new_on, False)


@given(st.integers(0, 40), st.dates(date(2026, 11, 2), date(2026, 12, 31)))
def test_it_will_make_it_exactly_if_no_more_is_needed_than_is_left_and_a_new_date_is_later(
    default_days: int, limit_on: date
) -> None:
    found = judged(a_question(limit_on.isoformat()), default_days=default_days)

    assert found.will_make_it == (found.working_days_needed <= found.working_days_left)
    assert found.new_on > date(2026, 11, 5)


def test_a_day_beyond_the_calendar_is_as_far_as_the_calendar_goes() -> None:
    found = judged(a_question("2150-01-01"))

    assert not found.will_make_it and found.new_on.year == LAST_DAY.year


@pytest.mark.parametrize(
    "events",
    [
        [result_ready(f"{TUESDAY} 07:00")],
        [a_fact("supplement_requested", f"{MONDAY} 10:00", stage="APPRAISAL", documents=["x"], reason="x")],
    ],
    ids=["done", "suspended"],
)
def test_where_no_date_is_in_force_nothing_is_forecast(events: list[Event]) -> None:
    dossier, _ = fold([RECEIVED, *events])
    edition = reference_of(a_bundle()).at(VERSION)

    assert forecast(dossier, dossier.view(), edition, at(f"{TUESDAY} 07:30")) is None


@pytest.mark.parametrize("days", [QUICK[:-1], (5, *QUICK[1:])], ids=["too few", "not rising"])
def test_a_row_of_history_that_cannot_be_is_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="days"):
        CaseHistory.model_validate(a_row(days))
