"""The post's report on a sheet, by carrier, kind of leg and agency."""

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet, laid_out, titled
from rules.reports.post import carried


def sheet(source: Source, asked: Asked) -> Sheet:
    """The legs taken in the period, and the agencies' fees in dong."""
    found = carried(source.reading.journeys(asked.period), asked.period)
    keys = ("carrier", "leg", "agency")
    return laid_out(
        titled("The post", asked.period), keys, found.lines, found.total(), found.problems(), more=("owed",)
    )
