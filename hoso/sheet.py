"""A report on a sheet: named columns and rows, as text, CSV or JSON, and what does not add up."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer


@dataclass
class Sheet:
    """A report as it is printed: named columns, rows, the rates below them, and what does not add up."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[Any]]
    shares: Mapping[str, float | None] = field(default_factory=dict)
    problems: Sequence[str] = ()


def show(sheet: Sheet, as_csv: bool, as_json: bool) -> None:
    """The sheet in the form that was asked for. Status 1 if it does not add up."""
    if as_json:
        rows = [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]
        said = {"title": sheet.title, "rows": rows, "shares": sheet.shares, "problems": list(sheet.problems)}
        print(json.dumps(said, ensure_ascii=False, indent=2))
    elif as_csv:
        lines = csv.writer(sys.stdout, lineterminator="\n")
        lines.writerow(sheet.columns)
        lines.writerows(sheet.rows)
    else:
        _show_text(sheet)
    if sheet.problems:
        for one in sheet.problems:
            print(f"it does not add up: {one}", file=sys.stderr)
        raise typer.Exit(1)


def _show_text(sheet: Sheet) -> None:
    cells = [list(map(str, sheet.columns)), *(list(map(_cell, row)) for row in sheet.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print(sheet.title)
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for name, share in sheet.shares.items():
        print(f"{name}: {'-' if share is None else f'{share:.2%}'}")


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
