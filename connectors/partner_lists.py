"""A list that a partner sends as a file: CSV with a header, whose columns may have the partner's own names."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from connectors.carriers.times import instant_of

SIGNS = (",", ";", "\t")
"""What stands between two cells: spreadsheets write what their country uses."""
TIMES = (
    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%H:%M:%S %d/%m/%Y", "%H:%M %d/%m/%Y",
)  # fmt: skip
GROUPED = re.compile(r"[0-9]{1,3}(?:([., ])[0-9]{3})(?:\1[0-9]{3})*")
PLAIN = re.compile(r"([0-9]{1,14})(?:[.,]0{1,2})?")
CURRENCY = re.compile(r"\s*(?:đ|₫|vnđ|vnd|đồng)$", re.IGNORECASE)
MOST_MONEY = 10**13


class WrongList(ValueError):
    """This file is no such list; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of it: where it begins in the file, and its cells by our names. `fault`: why it cannot be read."""

    line: int
    said: Mapping[str, str]
    fault: str | None = None

    def text(self, column: str) -> str:
        """A cell; empty where the list has no such column."""
        return self.said.get(column, "")


@dataclass(frozen=True, slots=True)
class PartnerList:
    """The columns of ours that it has, and its lines in their order."""

    columns: frozenset[str]
    rows: tuple[Row, ...]


def read_list(path: Path, columns: Sequence[str], names: Mapping[str, str] | None = None) -> PartnerList:
    """The file's lines with those of these columns that it has. `names`: how the partner calls a column of ours.

    Capitals and spaces around a name do not matter. Raises WrongList.
    """
    with readable(path), path.open(encoding="utf-8-sig", newline="") as file:
        return _read(cells_of(file), columns, names or {})


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say in a sentence why a file cannot be read as a table. Raises WrongList."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise WrongList(f"{path.name} is not UTF-8: save it as CSV UTF-8") from error
    except csv.Error as error:
        raise WrongList(f"{path.name} is no CSV: {error}") from error
    except FileNotFoundError as error:
        raise WrongList(f"there is no file {path}: look at its name and its folder, and give both again") from error
    except OSError as error:
        raise WrongList(f"{path.name} cannot be read: {error.strerror or error}") from error


def cells_of(file: TextIO) -> Iterator[list[str]]:
    """The lines of a CSV file as cells, apart by whichever sign its first line has most of; it counts `line_num`."""
    first = file.readline()
    file.seek(0)
    return csv.reader(file, delimiter=max(SIGNS, key=first.count), strict=True)


def renamed(given: Collection[str], columns: Sequence[str]) -> dict[str, str]:
    """What `item_code=Số hiệu` and its like say: the partner's names by ours. Raises WrongList."""
    found = {}
    for one in (part for text in given for part in text.split(",")):
        ours, sign, theirs = (part.strip() for part in one.partition("="))
        if ours not in columns or not sign or not theirs:
            raise WrongList(f"{one!r} names no column: write {columns[0]}=its name; ours are {', '.join(columns)}")
        found[ours] = theirs
    return found


def amount_of(text: str) -> int | None:
    """A sum in dong: 35000, 35.000, 35,000, -35 000 đ; None where it may mean two things, or nothing."""
    bare = CURRENCY.sub("", text.strip().replace("\u00a0", " "))
    sign, bare = (-1, bare[1:]) if bare.startswith("-") else (1, bare)
    if GROUPED.fullmatch(bare):
        amount = int(re.sub(r"[., ]", "", bare))
    elif found := PLAIN.fullmatch(bare):
        amount = int(found[1])
    else:
        return None
    return sign * amount if amount <= MOST_MONEY else None


def time_of(text: str) -> datetime | None:
    """A time as lists have it, day before month where it does not begin with the year; without a zone Viet Nam's."""
    return instant_of(text, TIMES)


def _read(lines: Iterator[list[str]], columns: Sequence[str], names: Mapping[str, str]) -> PartnerList:
    header = [_plain(cell) for cell in next(lines, [])]
    if not any(header):
        raise WrongList("it has no header: the first line names the columns")
    wanted = {ours: _plain(names.get(ours, ours)) for ours in columns}
    if absent := [names[ours] for ours in columns if ours in names and wanted[ours] not in header]:
        raise WrongList(f"its header has no {', '.join(absent)}: it has {', '.join(header)}")
    places = {ours: header.index(theirs) for ours, theirs in wanted.items() if theirs in header}
    if twice := [ours for ours in places if header.count(wanted[ours]) > 1]:
        raise WrongList(f"its header has {', '.join(wanted[ours] for ours in twice)} twice")
    rows, begins = [], lines.line_num + 1  # type: ignore[attr-defined]  # csv.reader counts the file's lines.
    for cells in lines:
        if any(cell.strip() for cell in cells):
            rows.append(_row(begins, cells, places, len(header)))
        begins = lines.line_num + 1  # type: ignore[attr-defined]
    return PartnerList(frozenset(places), tuple(rows))


def _row(line: int, cells: list[str], places: Mapping[str, int], width: int) -> Row:
    # A cell too many is a sign within a cell, and all that follows it stands in the wrong column.
    fault = None if len(cells) == width else f"it has {len(cells)} cells, the header {width}"
    said = {ours: cells[place].strip() for ours, place in places.items() if place < len(cells)}
    return Row(line, said, fault)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
