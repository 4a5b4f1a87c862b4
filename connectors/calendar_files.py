"""A calendar as officers keep it, one TOML file: read with what is wrong named by line and day, and written again."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rules.deadlines.calendar_faults import Fault, faults
from schemas.reference import Calendar, CalendarDay

HEADER = re.compile(r"\s*\[\[\s*(closed|worked)\s*\]\]")
YEARS_A_LINE = 10
OPENING = """\
# Days on which public offices in Viet Nam are closed although it is a weekday, and weekend days on which they work.
# One row a day; `basis` says why, `document` which paper decides it. docs/calendar.md says how this file is kept.
"""
PROVISIONAL = """\
# Written in by rule (`hoso calendar build`): a due date that rests on one of these years is provisional.
"""


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What a file holds: the calendar, unless it cannot be read, what is wrong with it, what should be looked at."""

    calendar: Calendar | None
    mistakes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def read_calendar(file: Path, name: str | None = None) -> CalendarFile:
    """The calendar of this file, called `name` in what is said of it. Says everything that is wrong in one look."""
    name = name or str(file)
    try:
        return calendar_in(file.read_text(encoding="utf-8"), name)
    except (UnicodeDecodeError, OSError) as error:
        return CalendarFile(None, (f"{name}: {error}",))


def calendar_in(text: str, name: str) -> CalendarFile:
    """The same of a text that is at hand."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return CalendarFile(None, (f"{name}: {error}",))
    places = _Places(name, text)
    try:
        calendar = Calendar.model_validate(as_text(written))
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        return CalendarFile(None, tuple(places.of_key(one["loc"], one["msg"]) for one in wrong))
    found = faults(calendar)
    mistakes, remarks = (tuple(places.of_row(one) for one in found if one.is_remark is kind) for kind in (False, True))
    return CalendarFile(calendar, mistakes, remarks)


def as_text(value: Any) -> Any:
    """What TOML holds, its dates as the text they were written in."""
    match value:
        case date():
            return value.isoformat()
        case dict():
            return {key: as_text(one) for key, one in value.items()}
        case list():
            return [as_text(one) for one in value]
    return value


class _Places:
    """Where in a text its rows begin; rows that are written inline have no line of their own."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines: dict[str, list[int]] = {"closed": [], "worked": []}
        for number, line in enumerate(text.splitlines(), start=1):
            if found := HEADER.match(line):
                self._lines[found[1]].append(number)

    def of_key(self, location: Sequence[int | str], why: str) -> str:
        """A sentence on a key: `calendar.toml:41: closed.12.basis: ...`."""
        table, index = (*location, 0, 0)[:2]
        key = ".".join(map(str, location))
        return f"{self._at(str(table), int(index) if isinstance(index, int) else 0)}: {key}: {_plain(why)}"

    def of_row(self, fault: Fault) -> str:
        """A sentence on a row."""
        about = f"{fault.table}: " if fault.table else ""
        return f"{self._at(fault.table, fault.index)}: {about}{fault.text}"

    def _at(self, table: str, index: int) -> str:
        lines = self._lines.get(table, [])
        return f"{self._name}:{lines[index]}" if index < len(lines) else self._name


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def written_calendar(calendar: Calendar) -> str:
    """The calendar as a file, a row a day in order of days. Reading it gives the same days again."""
    lines = [
        OPENING.rstrip(),
        f"calendar = {_quoted(calendar.calendar)}",
        f"version = {_quoted(calendar.version)}",
        f"first_year = {calendar.first_year}",
        f"last_year = {calendar.last_year}",
        PROVISIONAL.rstrip(),
        *_years(calendar.provisional_years),
    ]
    provisional, year = set(calendar.provisional_years), ""
    for table, row in in_order(calendar):
        if row.day[:4] != year:
            year = row.day[:4]
            lines += ["", f"# {year}{', provisional' if int(year) in provisional else ''}"]
        lines += [f"[[{table}]]", f"day = {row.day}", f"basis = {_quoted(row.basis)}"]
        lines += [f"document = {_quoted(row.document)}"] if row.document else []
    return "\n".join(lines) + "\n"


def _years(years: Sequence[int]) -> Iterator[str]:
    yield "provisional_years = ["
    for begin in range(0, len(years), YEARS_A_LINE):
        yield "    " + " ".join(f"{year}," for year in years[begin : begin + YEARS_A_LINE])
    yield "]"


def in_order(calendar: Calendar) -> list[tuple[str, CalendarDay]]:
    """Every row with its table, by day."""
    rows = [("closed", row) for row in calendar.closed] + [("worked", row) for row in calendar.worked]
    return sorted(rows, key=lambda one: one[1].day)


def _quoted(text: str) -> str:
    """A basic string of TOML; control characters are escaped, all else stays readable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
