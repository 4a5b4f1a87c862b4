"""A preview in words, as a table, as JSON: written while it comes, so that half a million dossiers need no memory."""

import csv
import heapq
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from connectors.calendars.previewing import Touched
from rules.deadlines.calendar_change import Change
from rules.deadlines.preview import Lateness, Shift, Totals

SHOWN = 20
"""How many dossiers a terminal is shown, nearest harm first."""
DAYS_NAMED = 3
"""How many days a dossier's line names; what they are is said above, and in the table."""
DAYS_SHOWN = 40
HARM = (Lateness.ENTERS, Lateness.LEAVES, Lateness.STAYS, Lateness.NEVER)
SHIFTS = (Shift.OTHER_STATE, Shift.EARLIER, Shift.LATER, Shift.SAME_DATE)
COLUMNS = (
    "dossier", "procedure", "agency", "previous_due_on", "due_on", "previous_due_at", "due_at", "shift", "lateness",
    "apology_needless", "provisional", "refversion", "why",
)  # fmt: skip
NAMES = {
    "open_dossiers": "open dossiers",
    "touched": "touched by this calendar",
    "later": "  due later",
    "earlier": "  due earlier",
    "same_date": "  due on the same date, its working or its being provisional changes",
    "other_state": "  with a clock that runs where it stood, or stands where it ran",
    "leave_lateness": "leave lateness",
    "enter_lateness": "enter lateness",
    "apologies_needless": "apologies that become needless",
    "unclear": "dossiers whose clock cannot be computed",
}


def row_of(one: Touched) -> dict[str, Any]:
    """A dossier as a line of the table; dates are None where there is none."""
    means, moved = one.consequence, one.consequence.moved
    before, after = moved.previous, moved.clock
    return {
        "dossier": moved.code,
        "procedure": one.grounds.procedure and one.grounds.procedure.code,
        "agency": one.grounds.agency,
        "previous_due_on": before.due_on and before.due_on.isoformat(),
        "due_on": after.due_on and after.due_on.isoformat(),
        "previous_due_at": before.due_at and before.due_at.isoformat(),
        "due_at": after.due_at and after.due_at.isoformat(),
        "shift": means.shift.value,
        "lateness": means.lateness.value,
        "apology_needless": means.apology_needless,
        "provisional": after.provisional,
        "refversion": one.refversion,
        "why": moved.why,
    }


class Worst:
    """The few that are shown, nearest to harm first; how many there were in all."""

    def __init__(self, most: int = SHOWN) -> None:
        self.count, self.kept = 0, list[Touched]()
        self._most = most

    def add(self, one: Touched) -> None:
        """One more; it is kept if it is among the nearest to harm."""
        self.count += 1
        if len(self.kept) < self._most or _rank(one) < _rank(self.kept[-1]):
            self.kept = heapq.nsmallest(self._most, [*self.kept, one], key=_rank)

    def lines(self, table: Path | None) -> Iterator[str]:
        """Each of them, and how many there are besides, which stand in the table if there is one."""
        yield from map(_line, self.kept)
        if (more := self.count - len(self.kept)) > 0:
            yield f"and {more} more: " + (f"{table} has them all" if table else "--csv FILE lists them all")


def _rank(one: Touched) -> tuple[int, int, str]:
    means = one.consequence
    return HARM.index(means.lateness), SHIFTS.index(means.shift), means.moved.code


def _line(one: Touched) -> str:
    means, moved = one.consequence, one.consequence.moved
    dates = f"{moved.previous_due_on or 'no date'} -> {moved.due_on or 'no date'}"
    marks = (means.shift, means.lateness, "its apology is needless" if means.apology_needless else "")
    because = [*(str(one.day) for one in moved.days[:DAYS_NAMED]), *map(str, moved.years)] or ["the office's hours"]
    return f"{moved.code}  {dates}  {', '.join(filter(None, marks))}  (because of {', '.join(because)})"


def difference(change: Change, in_force: str) -> Iterator[str]:
    """What a calendar says otherwise than the one in force."""
    yield f"calendar {change.will.calendar.version}, against {in_force} in force:"
    for day in change.days[:DAYS_SHOWN]:
        yield f"  {day.day} {day.day:%a}  {day.will}, was {day.was}"
    if len(change.days) > DAYS_SHOWN:
        yield f"  and {len(change.days) - DAYS_SHOWN} days more"
    if not change.days and not change.years:
        yield "  the same days"
    provisional = set(change.will.bundle.calendar.provisional_years)
    for year in change.years:
        yield f"  {year} is {'provisional now' if year in provisional else 'settled now'}"


def figures(totals: Totals) -> Iterator[str]:
    """The totals, a line each."""
    found = totals.figures()
    for name, words in NAMES.items():
        yield f"{found[name]:>10,}  {words}"


@contextmanager
def table(path: Path | None) -> Iterator["Table"]:
    """A CSV file that rows are written to as they come; nothing is written without a path."""
    if path is None:
        yield Table(None)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield Table(file)


class Table:
    """Takes rows, if there is a file."""

    def __init__(self, file: IO[str] | None) -> None:
        self._rows = csv.DictWriter(file, COLUMNS) if file else None
        if self._rows:
            self._rows.writeheader()

    def through(self, rows: Iterable[Touched]) -> Iterator[Touched]:
        """The rows as they come, each written before it is given on."""
        for one in rows:
            if self._rows:
                self._rows.writerow(row_of(one))
            yield one


def document(rows: Iterable[Touched], totals: Totals, out: IO[str]) -> None:
    """One JSON object, the dossiers first: {"dossiers": [...], "totals": {...}}."""
    out.write('{"dossiers": [')
    for number, one in enumerate(rows):
        out.write(("," if number else "") + "\n" + json.dumps(row_of(one), ensure_ascii=False))
    out.write(f'],\n"totals": {json.dumps(totals.figures())}}}\n')
