"""A report on a sheet, printed: as text, CSV or JSON, and what does not add up."""

import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from connectors.reports.sheet import Sheet


def show(sheet: "Sheet", as_csv: bool, as_json: bool) -> None:
    """The sheet in the form that was asked for. Status 1 if it does not add up."""
    if as_json:
        print(sheet.json())
    elif as_csv:
        sys.stdout.write(sheet.csv())
    else:
        _show_text(sheet)
    if sheet.problems:
        for one in sheet.problems:
            print(f"it does not add up: {one}", file=sys.stderr)
        raise typer.Exit(1)


def _show_text(sheet: "Sheet") -> None:
    cells = [list(map(str, sheet.columns)), *(list(map(_cell, row)) for row in sheet.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print(sheet.title)
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for name, share in sheet.shares.items():
        print(f"{name}: {'-' if share is None else f'{share:.2%}'}")


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
