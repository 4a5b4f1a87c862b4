"""A report on a sheet: named columns and rows, the rates below them, and what does not add up; as CSV and JSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rules.reports.period import Period

ALL = "all"
"""Stands in the first column of the row that adds up all others."""


@dataclass(frozen=True)
class Sheet:
    """A report as it is shown. So many columns from the left are `keys`: they say what a row is about."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    shares: Mapping[str, float | None] = field(default_factory=dict)
    problems: Sequence[str] = ()
    keys: int = 1

    def csv(self) -> str:
        """A line a row, below the names of the columns."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(self.columns)
        lines.writerows(self.rows)
        return out.getvalue()

    def json(self) -> str:
        """The whole sheet, each row by the names of its columns."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        said = {"title": self.title, "rows": rows, "shares": self.shares, "problems": list(self.problems)}
        return json.dumps(said, ensure_ascii=False, indent=2)


def titled(name: str, period: Period) -> str:
    """A report's name and its days."""
    return f"{name}, {period.first} to {period.last}"


def total_of(keys: int) -> list[str]:
    """The first cells of the row that adds up all others."""
    return [ALL, *[""] * (keys - 1)]


def laid_out(
    title: str,
    keys: Sequence[str],
    lines: Mapping[Any, Any],
    total: Any,
    problems: Sequence[str],
    more: Sequence[str] = (),
) -> Sheet:
    """A report whose rows are dataclasses under a key, and their total; `more` are figures that follow from others."""
    figures = (*asdict(total), *more)

    def row(key: Sequence[str], line: Any) -> list[Any]:
        return [*key, *(getattr(line, name) for name in figures)]

    rows = [row(key, line) for key, line in sorted(lines.items())]
    rows.append(row(total_of(len(keys)), total))
    shares = getattr(total, "shares", {})
    return Sheet(title, (*keys, *figures), rows, shares() if callable(shares) else shares, problems, len(keys))
