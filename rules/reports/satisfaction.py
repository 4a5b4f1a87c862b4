"""Citizens' satisfaction in a period: the nine indices and an agency's grade (Circular 01/2018 art. 12-15)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from rules.rating import MOST_POINTS, QUESTIONS
from rules.reports.form06a import share
from rules.reports.period import Period
from schemas.instant import date_of


class Grade(StrEnum):
    """How an agency is graded by its points of 18."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    AVERAGE = "average"
    WEAK = "weak"


FROM_POINTS = ((15, Grade.EXCELLENT), (12, Grade.GOOD), (9, Grade.FAIR), (6, Grade.AVERAGE), (0, Grade.WEAK))


def grade_of(points: float) -> Grade:
    """The grade of these points."""
    return next(grade for least, grade in FROM_POINTS if points >= least)


class Given(Struct, frozen=True, gc=False):
    """A rating in effect: of a dossier that this agency decided, when, and what each question was answered with."""

    agency: str
    at: datetime
    scores: tuple[int, ...]


@dataclass(slots=True)
class Ratings:
    """An agency's ratings. `points` are the sums of each index; `other` were given on other questions than these."""

    ratings: int = 0
    other: int = 0
    whole: int = 0
    """All points together, counted apart."""
    points: list[int] = field(default_factory=lambda: [0] * len(QUESTIONS))

    @property
    def counted(self) -> int:
        """The ratings that the indices are of."""
        return self.ratings - self.other

    def indices(self) -> list[float]:
        """Each index, points by dossiers, to one decimal; 0 where nobody rated."""
        return [round(points / max(self.counted, 1), 1) for points in self.points]

    def mean(self) -> float:
        """The points of 18 that a dossier had, to two decimals; 0 where nobody rated."""
        return round(self.whole / max(self.counted, 1), 2)

    def grade(self) -> Grade | None:
        """The agency's grade; none where nobody rated."""
        return grade_of(self.whole / self.counted) if self.counted else None

    def add(self, scores: tuple[int, ...]) -> None:
        """One rating more."""
        self.ratings += 1
        if len(scores) != len(QUESTIONS):
            self.other += 1
            return
        self.whole += sum(scores)
        self.points = [points + score for points, score in zip(self.points, scores, strict=True)]

    def problems(self) -> list[str]:
        """What does not add up."""
        found = []
        if sum(self.points) != self.whole:
            found.append(f"the points of all indices are those of all dossiers: {sum(self.points)} is not {self.whole}")
        if not 0 <= self.whole <= MOST_POINTS * self.counted:
            found.append(f"{self.counted} ratings have at most {MOST_POINTS * self.counted} points, not {self.whole}")
        return found


@dataclass(slots=True)
class SatisfactionReport:
    """By agency; all agencies together are counted apart."""

    lines: dict[str, Ratings] = field(default_factory=dict)
    total: Ratings = field(default_factory=Ratings)

    def shares(self) -> dict[str, float | None]:
        """The points given of those that could be."""
        return {"satisfaction": share(self.total.whole, MOST_POINTS * self.total.counted)}

    def problems(self) -> list[str]:
        """What does not add up, by agency."""
        found = [f"{agency}: {one}" for agency, line in sorted(self.lines.items()) for one in line.problems()]
        if (parts := sum(line.ratings for line in self.lines.values())) != self.total.ratings:
            found.append(f"all ratings are those of all agencies: {self.total.ratings} is not {parts}")
        return found


def satisfaction(given: Iterable[Given], period: Period) -> SatisfactionReport:
    """Of the ratings that were given in the period."""
    report = SatisfactionReport()
    for one in given:
        if period.holds(date_of(one.at)):
            report.lines.setdefault(one.agency, Ratings()).add(one.scores)
            report.total.add(one.scores)
    return report
