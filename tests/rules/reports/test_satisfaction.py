"""Citizens' satisfaction: indices to one decimal, points of 18, grades; and what cannot be averaged is left out."""

from datetime import date, datetime

import pytest

from rules.reports.period import Period
from rules.reports.satisfaction import Given, Grade, Ratings, SatisfactionReport, grade_of, satisfaction
from schemas.instant import VIETNAM

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
BEST, WORST = (2,) * 9, (0,) * 9


def given(*scores: int, agency: str = "H29.12", day: int = 10, hour: int = 9) -> Given:
    return Given(agency, datetime(2026, 11, day, hour, tzinfo=VIETNAM), scores)


def of(*ratings: Given) -> SatisfactionReport:
    return satisfaction(ratings, NOVEMBER)


def test_an_index_is_the_points_of_a_question_by_dossiers() -> None:
    line = of(given(*BEST), given(1, 2, 0, 1, 2, 0, 1, 2, 0), given(*WORST)).lines["H29.12"]

    assert line.indices() == [1.0, 1.3, 0.7, 1.0, 1.3, 0.7, 1.0, 1.3, 0.7]
    assert (line.ratings, line.mean(), line.grade()) == (3, 9.0, Grade.FAIR)


@pytest.mark.parametrize(
    ("points", "grade"),
    [
        (18, Grade.EXCELLENT), (15, Grade.EXCELLENT), (14.99, Grade.GOOD), (12, Grade.GOOD), (11.9, Grade.FAIR),
        (9, Grade.FAIR), (8.9, Grade.AVERAGE), (6, Grade.AVERAGE), (5.9, Grade.WEAK), (0, Grade.WEAK),
    ],
)  # fmt: skip
def test_the_grade_follows_the_circular(points: float, grade: Grade) -> None:
    assert grade_of(points) is grade


def test_agencies_are_apart_and_together() -> None:
    report = of(given(*BEST), given(*WORST, agency="H29.99"))

    assert {agency: line.whole for agency, line in report.lines.items()} == {"H29.12": 18, "H29.99": 0}
    assert (report.total.ratings, report.total.mean(), report.shares()) == (2, 9.0, {"satisfaction": 0.5})
    assert report.problems() == []


def test_a_rating_belongs_to_the_day_in_viet_nam_on_which_it_was_given() -> None:
    first, last = given(*BEST, day=1, hour=0), given(*BEST, day=30, hour=23)
    outside = Given("H29.12", datetime(2026, 12, 1, tzinfo=VIETNAM), BEST)

    assert of(first, last, outside).total.ratings == 2


def test_a_rating_on_other_questions_is_counted_and_not_averaged() -> None:
    line = of(given(*BEST), given(0, 0)).lines["H29.12"]

    assert (line.ratings, line.other, line.counted, line.mean()) == (2, 1, 1, 18.0)


def test_nobody_rated_is_no_grade() -> None:
    report = of()

    assert (report.total.grade(), report.total.mean(), report.shares()) == (None, 0.0, {"satisfaction": None})
    assert Ratings().indices() == [0.0] * 9


def test_what_does_not_add_up_is_said() -> None:
    report = of(given(*BEST))
    report.lines["H29.12"].whole += 1
    report.total.ratings += 1

    assert report.problems() == [
        "H29.12: the points of all indices are those of all dossiers: 18 is not 19",
        "H29.12: 1 ratings have at most 18 points, not 19",
        "all ratings are those of all agencies: 2 is not 1",
    ]
