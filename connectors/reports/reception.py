"""Late receptions on a sheet: online submissions and their first answers, by receiving agency."""

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet, laid_out, titled
from rules.reports.reception import receptions
from schemas.instant import date_of, now


def sheet(source: Source, asked: Asked) -> Sheet:
    """The submissions of the period; which limits have passed is as of today."""
    period, calendar = asked.period, source.library.newest.calendar
    found = receptions(source.reading.submissions(period), period, calendar, date_of(now()), asked.known_at)
    lines = {(agency,): line for agency, line in found.lines.items()}
    return laid_out(titled("Late receptions", period), ("agency",), lines, found.total(), found.problems())
