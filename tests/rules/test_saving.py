"""What will be late and can still be saved: the avoidable lateness by what such dossiers usually take."""

from datetime import date, datetime

from rules.reference import Edition
from rules.saving import outlook
from schemas.instant import VIETNAM
from schemas.reference import CaseHistory, Forecasting
from tests.builders import a_bundle

BEGAN = datetime(2026, 11, 2, 9, tzinfo=VIETNAM)
PROCEDURE = "1.004873"


def an_edition(*days: int) -> Edition:
    """Reference data in which a tenth of the procedure's cases took the first of these working days, and so on."""
    history = (CaseHistory(procedure=PROCEDURE, stage=None, cases=1000, days=days),) if days else ()
    return Edition(a_bundle().model_copy(update={"forecast": Forecasting(history=history, default_days=2)}))


def test_a_dossier_that_usually_needs_more_days_than_are_left_will_be_late_by_the_rest() -> None:
    edition = an_edition(*(8,) * len(an_history()))

    found = outlook(PROCEDURE, BEGAN, date(2026, 11, 5), edition, date(2026, 11, 3))

    assert found is not None
    # One working day of eight is over on the 3rd: seven are needed, two are left.
    assert (found.working_days_left, found.usual.working_days, found.avoidable_days) == (2, 7, 5)


def test_a_procedure_that_nobody_has_counted_is_judged_by_the_default() -> None:
    found = outlook(PROCEDURE, BEGAN, date(2026, 11, 5), an_edition(), date(2026, 11, 4))

    assert found is not None
    assert (found.working_days_left, found.usual.working_days, found.avoidable_days) == (1, 2, 1)


def test_one_that_makes_it_has_no_avoidable_lateness() -> None:
    found = outlook(PROCEDURE, BEGAN, date(2026, 11, 12), an_edition(), date(2026, 11, 4))

    assert found is not None and found.avoidable_days == 0


def test_on_the_due_date_it_can_still_be_saved_and_on_the_day_after_no_more() -> None:
    edition, due_on = an_edition(), date(2026, 11, 5)

    assert outlook(PROCEDURE, BEGAN, due_on, edition, due_on) is not None
    assert outlook(PROCEDURE, BEGAN, due_on, edition, date(2026, 11, 6)) is None


def test_the_most_avoidable_lateness_comes_first_and_of_equals_the_nearest_due_date() -> None:
    edition, today = an_edition(), date(2026, 11, 3)
    days = [date(2026, 11, day) for day in (12, 3, 6, 4)]

    found = [outlook(PROCEDURE, BEGAN, day, edition, today) for day in days]

    ranked = sorted(zip(days, found, strict=True), key=lambda one: one[1].order if one[1] else (0, 0))
    assert [day.day for day, _ in ranked] == [3, 4, 6, 12]


def an_history() -> tuple[int, ...]:
    from schemas.reference import SHARES

    return SHARES
