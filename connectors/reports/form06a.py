"""Form II.06a on a sheet: its columns as stated, and beside them what was known then."""

from collections.abc import Sequence
from typing import Any

from connectors.reports.asked import Asked, Source
from connectors.reports.sheet import Sheet, titled, total_of
from rules.reports.form06a import Line, form06a

FIGURES = (
    "to_handle", "online", "direct_and_postal", "postal", "carried_over", "resolved", "early", "on_time", "late",
    "pending", "in_time", "overdue",
)  # fmt: skip
THEN = ("resolved", "late", "overdue")
"""Of these the form also has what was known then."""


def sheet(source: Source, asked: Asked) -> Sheet:
    """The form of the period."""
    period, by = asked.period, asked.by
    form = form06a(source.reading.cases(period, asked.known_at), period, asked.known_at, by)
    groups = sorted({*form.stated, *form.known})
    rows = [_row(one, form.stated.get(one, Line()), form.known.get(one, Line())) for one in groups]
    total = form.total(form.stated)
    rows.append(_row(total_of(len(by)), total, form.total(form.known)))
    columns = (*by, *FIGURES, *(f"{name}_known" for name in THEN))
    return Sheet(titled("Form II.06a", period), columns, rows, total.shares(), form.problems(), len(by))


def _row(group: Sequence[str], stated: Line, known: Line) -> list[Any]:
    return [*group, *(getattr(stated, name) for name in FIGURES), *(getattr(known, name) for name in THEN)]
