"""The other reports: late receptions, letters, the post, whose days, promises: cases, and what adds up."""

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines.apologies import DateSet
from rules.deadlines.apology_figures import Figures
from rules.deadlines.clock import Clock
from rules.reports.apologies import OwedAt, Owing, a_letter, apologies, problems
from rules.reports.holders import Ended, Held, holders
from rules.reports.period import Period, end_of
from rules.reports.post import Journey, carried
from rules.reports.promises import Promise, promises
from rules.reports.reception import Receptions, Submission, receptions
from schemas.clock import ClockState, Outcome
from schemas.postal import ParcelStatus
from tests.rules.deadlines.builders import CALENDAR, at, received
from tests.rules.reports.made import RULE, november

TODAY = date(2026, 11, 30)


def figures(line: object) -> dict[str, int]:
    """What of a line is not zero."""
    return {name: value for name in line.__slots__ if (value := getattr(line, name))}  # type: ignore[attr-defined]


def test_a_period_that_ends_before_it_begins_is_none() -> None:
    with pytest.raises(ValueError, match="does not end"):
        Period(date(2026, 11, 2), date(2026, 11, 1))


# ---------------------------------------------------------------- receptions


@pytest.mark.parametrize(
    ("answered", "column"),
    [
        pytest.param("2026-11-02 23:59", {"in_time": 1}, id="the next working day, after a weekend"),
        pytest.param("2026-11-03 00:00", {"late": 1, "late_as_known": 1}, id="the day after that"),
        pytest.param(None, {"late": 1, "late_as_known": 1, "unanswered": 1}, id="never"),
    ],
)
def test_an_online_submission_has_its_answer_by_the_end_of_the_next_working_day(
    answered: str | None, column: dict[str, int]
) -> None:
    answer = at(answered) if answered else None
    one = Submission("H29.12", at("2026-10-30 16:00"), answer, answer)

    report = receptions([one], Period(date(2026, 10, 1), date(2026, 11, 30)), CALENDAR, TODAY)

    assert figures(report.total()) == {"submitted": 1} | column
    assert report.problems() == []


def test_an_answer_whose_limit_is_ahead_is_waited_for() -> None:
    one = Submission("H29.12", at("2026-11-30 08:00"))

    report = receptions([one], november(), CALENDAR, TODAY)

    assert figures(report.total()) == {"submitted": 1, "waiting": 1}


def test_an_answer_told_late_was_late_as_known_then() -> None:
    one = Submission(
        "H29.12", at("2026-11-02 08:00"), at("2026-11-03 08:00"), at("2026-12-05 08:00"), at("2026-11-04 00:00")
    )

    report = receptions([one], november(), CALENDAR, TODAY)

    assert figures(report.total()) == {"submitted": 1, "in_time": 1, "late_as_known": 1, "announced": 1}


@pytest.mark.parametrize("name", ["submitted", "in_time", "late", "waiting"])
def test_a_reception_too_many_is_found(name: str) -> None:
    line = Receptions(submitted=3, in_time=1, late=1, waiting=1)
    assert line.problems() == []

    setattr(line, name, 2 if name != "submitted" else 4)

    assert line.problems()


# ---------------------------------------------------------------- letters

DUE = date(2026, 11, 5)
SET, SAID = DateSet(at("2026-11-02 09:00"), DUE), OwedAt(at("2026-11-03 07:30"), date(2026, 11, 4), drafted=True)
LATE = Clock(state=ClockState.STOPPED, due_on=DUE, outcome=Outcome.LATE, stopped_at=at("2026-11-09 09:00"))
IN_TIME = Clock(state=ClockState.STOPPED, due_on=DUE, outcome=Outcome.EARLY, stopped_at=at("2026-11-04 09:00"))


def letter(when: str, new_due_on: str | None = None) -> Owing:
    """A dossier that came late, a letter owed and sent."""
    return Owing("c", "H29.12", (SET, SAID), (a_letter(at(when), "x", new_due_on, "SMS"),), LATE)


@pytest.mark.parametrize(
    ("dossier", "says"),
    [
        pytest.param(letter("2026-11-04 17:00"), {"sent": 1, "signed": 1, "late_with_letter": 1}, id="in time"),
        pytest.param(
            letter("2026-11-05 09:00"),
            {"sent": 1, "signed": 1, "late_with_letter": 1, "late_by_decree": 1},
            id="on the due date",
        ),
        pytest.param(
            letter("2026-11-06 09:00"),
            {"sent": 1, "signed": 1, "late_with_letter": 1, "late_by_decree": 1, "late_by_city": 1},
            id="after it",
        ),
        pytest.param(Owing("c", "H29.12", (SET, SAID), (), LATE), {"outstanding": 1}, id="not sent"),
    ],
)
def test_a_letter_owed_for_a_late_dossier_is_sent_in_time_or_late_by_either_rule(
    dossier: Owing, says: dict[str, int]
) -> None:
    register = apologies([dossier], november(), CALENDAR, at("2026-11-30 09:00"))

    assert figures(register.total()) == {"owed": 1, "drafted": 1, "late_dossiers": 1} | says
    assert problems(register) == []


def test_a_letter_is_needless_where_the_result_came_in_time_after_all() -> None:
    one = Owing("c", "H29.12", (SET, SAID), (), IN_TIME)

    register = apologies([one], november(), CALENDAR, at("2026-11-30 09:00"))

    assert figures(register.total()) == {"owed": 1, "drafted": 1, "needless": 1}


def test_a_letter_for_another_months_due_date_is_another_months() -> None:
    register = apologies([letter("2026-11-04 17:00")], Period(date(2026, 12, 1), date(2026, 12, 31)), CALENDAR,
                         at("2026-12-31 09:00"))  # fmt: skip

    assert register.total() == Figures()


# ---------------------------------------------------------------- the post


def a_journey(status: ParcelStatus | None = ParcelStatus.DELIVERED, **fields: object) -> Journey:
    made: dict[str, object] = {"tried": status is ParcelStatus.DELIVERED}
    return Journey("myvnpost", "H29.12", "deliver_result", at("2026-11-05 09:00"), status, **(made | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("journey", "says"),
    [
        pytest.param(a_journey(), {"delivered": 1, "first_attempt_in_time": 1}, id="delivered"),
        pytest.param(
            a_journey(standard_missed=True),
            {"delivered": 1, "first_attempt_late": 1},
            id="delivered after the standard",
        ),
        pytest.param(
            a_journey(ParcelStatus.RETURNED_TO_SENDER, tried=True),
            {"returned": 1, "first_attempt_in_time": 1},
            id="back",
        ),
        pytest.param(
            a_journey(ParcelStatus.LOST, standard_missed=True), {"lost": 1, "first_attempt_late": 1}, id="lost"
        ),
        pytest.param(
            a_journey(ParcelStatus.IN_TRANSIT, damaged=True),
            {"under_way": 1, "first_attempt_ahead": 1, "damaged": 1},
            id="damaged on its way",
        ),
        pytest.param(a_journey(None), {"under_way": 1, "first_attempt_ahead": 1}, id="nothing heard"),
        pytest.param(a_journey(None, called_off=True), {"cancelled": 1}, id="called off"),
        pytest.param(
            a_journey(collected=50_000, remitted=30_000),
            {"delivered": 1, "first_attempt_in_time": 1, "collected": 50_000, "remitted": 30_000},
            id="a fee passed on in part",
        ),
    ],
)
def test_a_leg_is_in_one_column_by_its_end_and_in_one_by_its_first_attempt(
    journey: Journey, says: dict[str, int]
) -> None:
    report = carried([journey], november())

    assert figures(report.total()) == {"legs": 1} | says
    assert report.total().owed == journey.collected - journey.remitted
    assert report.problems() == []


def test_a_fee_passed_on_without_having_been_taken_does_not_add_up_although_another_makes_up_for_it() -> None:
    report = carried([a_journey(collected=50_000), a_journey(remitted=20_000)], november())

    assert report.total().owed == 30_000
    assert report.problems() == [
        "myvnpost deliver_result H29.12: 20000 dong were remitted of a leg beyond what was collected"
    ]


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            Journey,
            carrier=st.sampled_from(["myvnpost", "ems"]),
            agency=st.sampled_from(["H29.12", "H29.99"]),
            kind=st.sampled_from(["deliver_result", "collect_dossier"]),
            accepted_at=st.datetimes(datetime(2026, 10, 20), datetime(2026, 12, 10)).map(lambda one: at(str(one))),  # noqa: DTZ001 — `at` says the zone
            status=st.none() | st.sampled_from(ParcelStatus),
            tried=st.booleans(),
            standard_missed=st.booleans(),
            called_off=st.booleans(),
        ),
        max_size=20,
    )
)
def test_any_legs_add_up_to_the_volume(journeys: list[Journey]) -> None:
    report = carried(journeys, november())

    assert report.problems() == []
    assert report.total().legs == sum(november().begins <= one.accepted_at < november().ends for one in journeys)


# ---------------------------------------------------------------- days and promises


def test_the_days_of_those_that_ended_in_the_period_are_their_holders() -> None:
    town = [
        Ended("H29.12", date(2026, 11, 9), (Held("one-stop", "H29.12", 2, 0), Held("competent", "H29.99", 6, 2))),
        Ended("H29.12", date(2026, 11, 10), (Held("competent", "H29.99", 3, 0), Held("citizen", None, 4, 0))),
        Ended("H29.12", date(2026, 12, 1), (Held("competent", "H29.99", 30, 9),)),
    ]

    report = holders(town, november())

    assert {group: (line.dossiers, line.days, line.late) for group, line in report.lines.items()} == {
        ("one-stop", "H29.12"): (1, 2, 0),
        ("competent", "H29.99"): (2, 9, 2),
        ("citizen", ""): (1, 4, 0),
    }
    assert (report.dossiers, report.days, report.late) == (2, 15, 2)
    assert report.problems() == []


def test_more_late_days_than_days_do_not_add_up() -> None:
    report = holders([Ended("H29.12", date(2026, 11, 9), (Held("post", None, 1, 2),))], november())

    assert report.problems() == ["post : 2 late days of 1 days"]


@pytest.mark.parametrize(
    ("promised", "says"),
    [
        ("2026-11-05", {"same": 1}),
        ("2026-11-04", {"sooner": 1, "days_sooner": 1}),
        ("2026-11-09", {"later": 1, "days_later": 4}),
        (None, {"none": 1}),
    ],
)
def test_a_promise_is_laid_beside_the_date_that_the_rules_compute(promised: str | None, says: dict[str, int]) -> None:
    day = date.fromisoformat(promised) if promised else None
    one = Promise("c", "H29.12", "1.004873", day, received("2026-11-02 09:00"), RULE)

    report = promises([one], november())

    assert figures(report.total()) == {"dossiers": 1} | says
    assert [code for code, *_ in report.differing] == (["c"] if "same" not in says and promised else [])
    assert report.problems() == []


def test_a_promise_of_a_procedure_without_a_term_is_compared_with_nothing() -> None:
    one = Promise("c", "H29.12", "1.003003", date(2026, 11, 5), received("2026-11-02 09:00"), None)

    assert figures(promises([one], november()).total()) == {"dossiers": 1, "none": 1}


def test_a_day_ends_with_the_first_instant_of_the_next() -> None:
    assert end_of(date(2026, 11, 30)) == at("2026-12-01 00:00")
