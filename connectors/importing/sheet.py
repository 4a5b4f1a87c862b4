"""A table that an agency exported, CSV or a spreadsheet, as a header and rows of text."""

import csv
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from connectors.partner_lists import WrongList, cells_of, readable

SPREADSHEETS = {".xlsx", ".xlsm", ".xls", ".ods"}
MOST_ROWS = 500_000
MOST_CELL = 200_000
"""A cell's longest text: more than any event may have."""
WHY, WHERE = "refused_because", "refused_row"
"""What the file of refused rows has besides their own columns; read again, both are passed over."""
PASSED_OVER = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """A row by our columns' names, empty cells left out. `number`: as a spreadsheet shows it, the header is 1.

    `fault`: why it cannot be read.
    """

    number: int
    said: Mapping[str, str]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns that it has, by our names in its order, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(
    path: Path, known: Collection[str], names: Mapping[str, str] | None = None, ignored: Collection[str] = ()
) -> Sheet:
    """The first sheet of a file. `names`: how it calls a column of ours; capitals and outer spaces do not matter.

    Of its own columns those `ignored` are passed over. Raises WrongList: no table, a column that nobody knows, one that
    is there twice.
    """
    try:
        with readable(path):
            lines = _spreadsheet(path) if path.suffix.lower() in SPREADSHEETS else _csv(path)
            return _sheet(path.name, lines, known, names or {}, {_plain(one) for one in ignored})
    except CalamineError as error:
        raise WrongList(f"{path.name} is no spreadsheet that can be read: {error}") from error


def _csv(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(MOST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from ([cell.strip() for cell in cells] for cells in cells_of(file))


def _spreadsheet(path: Path) -> Iterator[list[str]]:
    with CalamineWorkbook.from_path(path) as book:
        if not book.sheet_names:
            return
        # The header is the first row, even where something empty stands above or beside it.
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    yield from ([_text(cell) for cell in cells] for cells in rows)


def _text(cell: object) -> str:
    """A cell as a person would have typed it."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
        case _:
            return str(cell).strip()


def _sheet(
    name: str, lines: Iterator[list[str]], known: Collection[str], names: Mapping[str, str], ignored: Collection[str]
) -> Sheet:
    header = [_plain(cell) for cell in next(lines, [])]
    if not any(header):
        raise WrongList(f"{name} has no header: its first row names the columns")
    ours = {_plain(theirs): column for column, theirs in names.items()}
    if absent := [theirs for theirs in ours if theirs not in header]:
        raise WrongList(f"{name} has no column {', '.join(absent)}: it has {', '.join(filter(None, header))}")
    columns = [PASSED_OVER if cell in ignored else ours.get(cell, cell) for cell in header]
    if strangers := [one for one in columns if one and one not in (*known, PASSED_OVER)]:
        raise WrongList(
            f"{name}: no column of ours is called {', '.join(strangers)}; docs/agencies.md lists ours, --columns names "
            "theirs, --ignore passes one over"
        )
    if twice := sorted({one for one in columns if one not in ("", PASSED_OVER) and columns.count(one) > 1}):
        raise WrongList(f"{name} has the column {', '.join(twice)} twice")
    rows = []
    for number, cells in enumerate(lines, start=2):
        if any(cells):
            rows.append(_row(number, cells, columns))
        if len(rows) > MOST_ROWS:
            raise WrongList(f"{name} has more than {MOST_ROWS:,} rows: split it")
    return Sheet(tuple(one for one in columns if one not in ("", PASSED_OVER)), tuple(rows))


def _row(number: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
    said = {column: cell for column, cell in zip(columns, cells, strict=False) if cell and column}
    said.pop(PASSED_OVER, None)
    # A cell too many is a sign within a cell, and all that follows it stands in the wrong column.
    unnamed = any(cells[len(columns) :]) or any(
        cell and not column for column, cell in zip(columns, cells, strict=False)
    )
    if unnamed or len(cells) < len(columns):
        return Row(number, said, f"It has {len(cells)} cells, the header names {sum(map(bool, columns))}.")
    return Row(number, said)


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip().casefold()


# ---------------------------------------------------------------- what was refused, for correction


def write_refused(path: Path, columns: Sequence[str], rows: Iterable[tuple[str, Row, str]]) -> None:
    """The refused rows as CSV that spreadsheets open, each with where it stood and why: corrected, it is read again.

    Citizens' details are in it as they were in the file: only its owner may read it.
    """
    own = [column for column in columns if column not in (WHY, WHERE)]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([WHERE, WHY, *own])
        for where, row, why in rows:
            writer.writerow([where, why, *(row.said.get(column, "") for column in own)])


def free_name(file: Path) -> Path:
    """Where the refused rows of a file may be written: a name that no file has, since the last ones may be at work."""
    stem = re.sub(r"\.refused(-[0-9]+)?$", "", file.stem)
    candidates = (file.with_name(f"{stem}.refused{f'-{n}' if n > 1 else ''}.csv") for n in range(1, 10_000))
    return next(one for one in candidates if not one.exists())
