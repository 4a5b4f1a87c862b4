"""Form II.06a: which column a dossier is in, as stated and as known then; and the identities, for any town."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from rules.deadlines.clock import Rule
from rules.reports.form06a import Form, Line, Practice, form06a
from rules.reports.period import A_DAY, Period, end_of
from rules.reports.position import Adoption, Case, Fate, position
from schemas.clock import ClockFact, ClockKind, Outcome, SupplementPolicy, Term, Unit
from schemas.dossier import Channel
from tests.rules.deadlines.builders import asked, at, extended, received, signed, stopped
from tests.rules.reports.made import BEGIN, RULE, a_case, cases, november, of_one_agency, periods, stated, towns

ENTERED = received("2026-11-02 09:00")
"""Three working days: due on 2026-11-05."""


def the_line(*town: Case, **asked_for: Any) -> Line:
    form = form06a(town, november(), **asked_for)
    return form.total(form.stated)


def figures(line: Line) -> dict[str, int]:
    """What is not zero, without the sums that are counted apart."""
    names = ("online", "direct", "postal", "carried_over", "early", "on_time", "late", "in_time", "overdue")
    return {name: value for name in names if (value := getattr(line, name))}


@pytest.mark.parametrize(
    ("facts", "column"),
    [
        pytest.param([stopped("2026-11-04 10:00")], "early", id="the day before it was due"),
        pytest.param([stopped("2026-11-05 16:59")], "on_time", id="on the day"),
        pytest.param([stopped("2026-11-06 08:00")], "late", id="the day after"),
        pytest.param([stopped("2026-11-06 08:00", ClockKind.RESOLUTION_REFUSED)], "late", id="a refusal is a result"),
        pytest.param([stopped("2026-11-20 08:00", ClockKind.WITHDRAWN)], "on_time", id="withdrawn, however late"),
        pytest.param([stopped("2026-11-20 08:00", ClockKind.PROCESSING_STOPPED)], "in_time", id="stopped: pending"),
        pytest.param([asked("2026-11-03 08:00")], "in_time", id="papers are awaited"),
        pytest.param([asked("2026-11-03 08:00"), stopped("2026-11-25 08:00")], "on_time", id="decided meanwhile"),
        pytest.param([extended("2026-11-04 08:00", "2026-11-30")], "in_time", id="due on the period's last day"),
        pytest.param([extended("2026-11-04 08:00", "2026-12-01")], "in_time", id="due after it"),
        pytest.param([], "overdue", id="nothing happened"),
    ],
)  # fmt: skip
def test_a_dossier_received_in_the_period_is_in_one_column_by_what_became_of_it(
    facts: list[ClockFact], column: str
) -> None:
    line = the_line(a_case(ENTERED, *facts))

    assert figures(line) == {"direct": 1, column: 1}
    assert line.problems() == []


@pytest.mark.parametrize(
    ("case", "columns"),
    [
        pytest.param(a_case(ENTERED, channel=Channel.ONLINE), {"online": 1, "overdue": 1}, id="online"),
        pytest.param(
            a_case(signed("2026-11-03 09:00"), channel=Channel.POSTAL), {"postal": 1, "overdue": 1}, id="by post"
        ),
        pytest.param(
            a_case(received("2026-10-30 09:00")), {"carried_over": 1, "overdue": 1}, id="received the month before"
        ),
        pytest.param(
            a_case(received("2026-10-30 09:00"), stopped("2026-10-31 09:00")), {}, id="resolved the month before"
        ),
        pytest.param(a_case(received("2026-12-01 00:00")), {}, id="received the month after"),
        pytest.param(
            a_case(ENTERED, stopped("2026-12-01 00:00")), {"direct": 1, "overdue": 1}, id="resolved the month after"
        ),
        pytest.param(a_case(ENTERED, rule=None), {"direct": 1, "in_time": 1}, id="no term, open"),
        pytest.param(
            a_case(ENTERED, stopped("2026-11-29 09:00"), rule=None), {"direct": 1, "on_time": 1}, id="no term, resolved"
        ),
        pytest.param(a_case(), {}, id="never received"),
        pytest.param(
            a_case(signed("2026-11-03 09:00"), stated(stopped("2026-11-04 09:00"), refuses=True)),
            {},
            id="refused at reception, even after the minutes",
        ),
        pytest.param(
            a_case(adopted=Adoption(at("2026-11-03 09:00"), at("2026-11-03 09:00"), date(2026, 11, 10))),
            {"carried_over": 1, "overdue": 1},
            id="adopted, its promise in the past",
        ),
        pytest.param(
            a_case(stopped("2026-11-10 09:00"), adopted=Adoption(at("2026-11-03 09:00"), at("2026-11-03 09:00"))),
            {"carried_over": 1, "on_time": 1},
            id="adopted without a promise, resolved",
        ),
    ],
)
def test_a_dossier_of_another_way_or_time_is_where_the_form_has_it(case: Case, columns: dict[str, int]) -> None:
    line = the_line(case)

    assert figures(line) == columns
    assert line.problems() == []


def test_where_practice_says_so_a_stopped_dossier_is_resolved() -> None:
    case = a_case(ENTERED, stopped("2026-11-20 08:00", ClockKind.PROCESSING_STOPPED))

    line = the_line(case, practice=Practice(stopped_is_pending=False))

    assert figures(line) == {"direct": 1, "on_time": 1}


def test_a_result_recorded_late_was_overdue_as_known_then_and_is_in_time_as_stated() -> None:
    case = a_case(ENTERED, stated(stopped("2026-11-05 10:00"), recorded=at("2026-12-03 10:00")))

    form = form06a([case], november())

    assert figures(form.total(form.stated)) == {"direct": 1, "on_time": 1}
    assert figures(form.total(form.known)) == {"direct": 1, "overdue": 1}


def test_a_result_taken_back_later_was_in_time_as_known_then_and_is_overdue_as_stated() -> None:
    case = a_case(ENTERED, stated(stopped("2026-11-05 10:00"), retracted_at=at("2026-12-03 10:00")))

    then, later = form06a([case], november()), form06a([case], november(), known_at=end_of(date(2026, 12, 3)))

    assert figures(then.total(then.stated)) == {"direct": 1, "overdue": 1}
    assert figures(then.total(then.known)) == {"direct": 1, "on_time": 1}
    assert figures(later.total(later.known)) == {"direct": 1, "overdue": 1}


def test_a_dossier_without_a_channel_does_not_add_up_and_is_said() -> None:
    form = form06a([a_case(ENTERED, channel=None)], november(), by=("agency",))

    assert "H29.12 as stated: received = online + direct + postal: 1 is not 0" in form.problems()


def test_a_dossier_whose_rules_are_not_known_is_said() -> None:
    form = form06a([a_case(ENTERED, problem="the reference data x is not here")], november())

    assert form.problems() == ["the reference data x is not here"]


def test_2019_of_the_city_adds_up() -> None:
    line = Line(
        to_handle=12_470_769,
        online=1_073_323,
        direct=11_180_931,
        carried_over=216_515,
        pending_before=216_515,
        received=12_254_254,
        resolved=12_063_009,
        on_time=12_063_009,
        pending=407_760,
        in_time=407_760,
    )

    assert line.problems() == []
    assert (line.shares()["completion"], line.shares()["online"]) == (0.9673, 0.0876)


@pytest.mark.parametrize("name", ["to_handle", "online", "carried_over", "resolved", "early", "pending", "overdue"])
def test_one_dossier_too_many_in_any_column_is_found(name: str) -> None:
    line = the_line(a_case(ENTERED), a_case(received("2026-10-30 09:00")))
    assert line.problems() == []

    setattr(line, name, getattr(line, name) + 1)

    assert line.problems()


@settings(max_examples=50)
@given(towns, periods)
def test_the_identities_hold_for_any_town_and_period_as_stated_and_as_known_then(
    town: list[Case], period: Period
) -> None:
    form = form06a(town, period)

    assert form.problems() == []


@settings(max_examples=50)
@given(towns, periods)
def test_what_is_pending_at_the_end_is_carried_over_into_the_next_period(town: list[Case], period: Period) -> None:
    known_at = period.ends + 100 * A_DAY
    following = Period(period.last + A_DAY, period.last + 30 * A_DAY)

    this, following_form = (form06a(town, one, known_at, ("agency",)) for one in (period, following))

    for lines, next_lines in ((this.stated, following_form.stated), (this.known, following_form.known)):
        for group in {*lines, *next_lines}:
            carried = next_lines.get(group, Line()).carried_over - next_lines.get(group, Line()).adopted
            assert lines.get(group, Line()).pending == carried


@settings(max_examples=50)
@given(towns, periods)
def test_the_agencies_lines_add_up_to_the_form_of_all(town: list[Case], period: Period) -> None:
    whole = form06a(town, period)

    apart = [form06a(of_one_agency(town, agency), period) for agency in ("H29.12", "H29.99")]

    assert whole.total(whole.stated).to_handle == sum(form.total(form.stated).to_handle for form in apart)
    assert {**apart[0].stated, **apart[1].stated} == whole.stated


@settings(max_examples=50)
@given(cases())
def test_at_the_end_of_time_a_dossier_stands_as_the_workers_said(case: Case) -> None:
    at_the_end = position(case, datetime(2100, 1, 1, tzinfo=at("2026-11-02 09:00").tzinfo))

    if case.rule is not None and case.adopted is None and at_the_end.fate in (Fate.RESULT, Fate.WITHDRAWN):
        assert at_the_end.outcome == case.clock.outcome


@settings(max_examples=50)
@given(cases(), periods)
def test_what_all_facts_are_known_by_is_what_is_stated_but_for_those_taken_back(case: Case, period: Period) -> None:
    standing = [one for one in case.facts if one.retracted_at is None]
    plain = a_case(*standing, rule=case.rule, adopted=case.adopted)

    assert position(plain, period.ends) == position(plain, period.ends, known_at=end_of(date(2100, 1, 1)))


@settings(max_examples=50)
@given(towns, periods)
def test_that_all_of_a_dossier_was_known_by_then_changes_no_form(town: list[Case], period: Period) -> None:
    told = [replace(case, recorded_at=last_recorded(case)) for case in town]

    assert form06a(told, period) == form06a(town, period)


def last_recorded(case: Case) -> datetime:
    """When the last was taken in that is known of it."""
    known = [one.recorded_at for one in case.facts] + [one.retracted_at for one in case.facts if one.retracted_at]
    return max([BEGIN, *known, *([case.adopted.recorded_at] if case.adopted else [])])


def test_a_dossier_is_overdue_from_the_first_instant_after_its_due_date() -> None:
    case = a_case(ENTERED, stopped("2026-11-06 08:00"))

    assert position(case, at("2026-11-06 00:00")).overdue is False
    assert position(case, at("2026-11-06 00:00") + timedelta(microseconds=2)).overdue is True
    assert position(case, at("2026-11-07 00:00")).outcome is Outcome.LATE


def test_a_term_in_hours_is_overdue_from_the_minute_after_its_last() -> None:
    case = a_case(ENTERED, rule=Rule(Term(4, Unit.WORKING_HOURS), SupplementPolicy.RESTART, RULE.office))

    assert position(case, at("2026-11-02 14:31")).overdue is False
    assert position(case, at("2026-11-02 14:32")).overdue is True


def test_a_form_of_no_dossiers_is_empty_and_adds_up() -> None:
    form = form06a([], november())

    assert form == Form(november(), november().ends)
    assert form.total(form.stated) == Line()
    assert form.problems() == []
