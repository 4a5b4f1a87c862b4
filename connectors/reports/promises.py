"""Promised dates that differ from the computed ones, on a sheet: by agency and procedure, or each dossier."""

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet, laid_out, titled
from rules.reports.promises import PromiseReport, promises


def sheet(source: Source, asked: Asked) -> Sheet:
    """Of the dossiers whose clock started in the period."""
    found = promises(source.reading.promises(asked.period), asked.period)
    if asked.dossiers:
        return _listed(found, titled("Promises that differ", asked.period))
    title = titled("Promises", asked.period)
    return laid_out(title, ("agency", "procedure"), found.lines, found.total(), found.problems())


def _listed(found: PromiseReport, title: str) -> Sheet:
    rows = [
        (code, said.isoformat(), computed.isoformat(), (said - computed).days)
        for code, said, computed in sorted(found.differing)
    ]
    return Sheet(title, ("dossier", "promised_on", "computed_on", "days_later"), rows, {}, found.problems())
