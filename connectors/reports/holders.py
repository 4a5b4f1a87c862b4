"""Whose the days were, on a sheet."""

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet, laid_out, titled
from rules.reports.holders import HolderLine, holders


def sheet(source: Source, asked: Asked) -> Sheet:
    """Days and late days by holder, of the dossiers that ended in the period."""
    found = holders(source.reading.ended(asked.period), asked.period)
    total = HolderLine(found.dossiers, found.days, found.late)
    title = titled("Days by holder", asked.period)
    return laid_out(title, ("holder", "held_by"), found.lines, total, found.problems())
