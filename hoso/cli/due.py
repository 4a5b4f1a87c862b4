"""`hoso due`: written cases in, one a line; the due date of each out, one a line."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rules.deadlines.calendar import WorkingDays
from rules.deadlines.cases import Refusal, answer
from schemas.clock import CalendarTable

CALENDAR = Path(__file__).parents[2] / "deploy" / "reference" / "calendars" / "vn-public-offices.toml"


def due(
    file: Annotated[Path, typer.Argument(help="Cases, one JSON object a line.")],
    calendar: Annotated[Path, typer.Option(help="The calendar version to count on.")] = CALENDAR,
) -> None:
    """Print the due date of every case in FILE, one JSON object a line, in the order of the input; - is standard input.

    A malformed line is answered with its error, the lines after it are still answered, and the exit code is 1.

    Example: hoso due tests/rules/deadlines/cases/deadlines.jsonl
    """
    for path in (file, calendar):
        if str(path) != "-" and not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
    days = WorkingDays.of(read_table(calendar))
    with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as lines:
        refused = answer_all(lines, days)
    if refused:
        raise typer.Exit(1)


def read_table(path: Path) -> CalendarTable:
    """The calendar version in this TOML file."""
    return msgspec.toml.decode(path.read_bytes(), type=CalendarTable)


def answer_all(lines: Iterable[bytes], calendar: WorkingDays) -> int:
    """Write an answer for every line to standard output; how many lines were refused."""
    refused = 0
    for line in _within(lines):
        said = answer(line, calendar)
        refused += isinstance(said, Refusal)
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()
    return refused


def _within(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines up to the last one that holds anything; an empty line between them is a line."""
    empty = 0
    for line in lines:
        if not line.strip():
            empty += 1
            continue
        yield from [b""] * empty
        empty = 0
        yield line
