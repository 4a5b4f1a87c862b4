"""Citizens' satisfaction on a sheet: the nine indices, the points of 18 and the grade, by agency."""

from typing import Any

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import ALL, Sheet, titled
from rules.rating import QUESTIONS
from rules.reports.satisfaction import Ratings, satisfaction

KEYS = ("agency", "grade")
COLUMNS = (*KEYS, "ratings", "other", *(question.name for question in QUESTIONS), "points")


def sheet(source: Source, asked: Asked) -> Sheet:
    """The ratings that were given in the period."""
    found = satisfaction(source.reading.ratings(asked.period), asked.period)
    rows = [_row(agency, line) for agency, line in sorted(found.lines.items())]
    rows.append(_row(ALL, found.total))
    return Sheet(titled("Satisfaction", asked.period), COLUMNS, rows, found.shares(), found.problems(), len(KEYS))


def _row(agency: str, line: Ratings) -> list[Any]:
    return [agency, line.grade() or "", line.ratings, line.other, *line.indices(), line.mean()]
