"""Letters of apology on a sheet: owed against sent, by agency."""

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet, laid_out, titled
from rules.reports.apologies import apologies, problems
from schemas.instant import now


def sheet(source: Source, asked: Asked) -> Sheet:
    """The letters for due dates in the period, as of now."""
    period = asked.period
    found = apologies(source.reading.owing(), period, source.library.newest.calendar, now())
    lines = {(agency,): figures for agency, figures in found.figures.items()}
    return laid_out(titled("Letters of apology", period), ("agency",), lines, found.total(), problems(found))
