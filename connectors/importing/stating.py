"""A row as the fact that it states: an event like one that came by a door, and what a row can get wrong before that."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from connectors.gate.problems import distinct, problem
from connectors.importing.columns import DAY, ENVELOPE, SHORT, all_columns, fact_of, facts, fields_of, instant, value_of
from connectors.importing.sheet import WHERE, WHY, Row
from connectors.partner_lists import WrongList
from schemas.event import Event, derived_id
from schemas.instant import VIETNAM
from schemas.notice import FieldProblem

OWN = ("dossier", "fact", "time", "id")
"""The columns of the envelope; `id` is for those who name their facts themselves."""
PREFIX = "import-"
"""How the id of a fact out of a row begins."""
EMPTY = "It is empty."
NO_HOUR = "It is a date without an hour; write one, or say --at HH:MM for all of them."
NO_INSTANT = "It is no time; write it like 2026-11-02T09:05:00+07:00, or 02/11/2026 09:05 in Viet Nam's."


@dataclass(frozen=True, slots=True)
class Stated:
    """What a row states. With problems it is no fact yet; `at` is None where its time cannot be read.

    An event without a type is none that the gate could say anything of.
    """

    row: Row
    event: Mapping[str, Any]
    at: datetime | None = None
    problems: tuple[FieldProblem, ...] = ()
    sheet: str = ""
    """Of several tables, which one the row stands in."""

    @property
    def fact(self) -> str:
        """Its short name, as far as there is one."""
        name = str(self.event.get("type", ""))
        return name.split(".")[3] if name.count(".") > 3 else name

    @property
    def place(self) -> str:
        """Where its row stands."""
        return f"{self.sheet}:{self.row.number}" if self.sheet else str(self.row.number)


def known_columns() -> tuple[str, ...]:
    """Every column that a table of facts may have."""
    return (*OWN, *all_columns(), WHERE, WHY)


def constants(given: Iterable[str]) -> dict[str, str]:
    """What `--set column=value` says. Raises WrongList."""
    found = {}
    for one in given:
        column, sign, value = (part.strip() for part in one.partition("="))
        if column not in all_columns() or not sign or not value:
            raise WrongList(f"--set {one!r} names no column of a fact: write receiving_agency=H29.12")
        found[column] = value
    return found


def stated(row: Row, agency: str, at: time | None = None, set_to: Mapping[str, str] | None = None) -> Stated:
    """The fact of a row. `at`: the hour of a date alone; `set_to`: what empty cells of a fact's own columns say."""
    if row.fault:
        # Cells in the wrong column: whatever else is wrong follows from it.
        return Stated(row, {"subject": row.said.get("dossier", "")}, None, (problem("row", row.fault),))
    known = fact_of(row.said.get("fact", ""))
    when, wrong = _when(row, at)
    event: dict[str, Any] = {
        "specversion": "1.0",
        "source": f"/agencies/{agency}",
        "subject": row.said.get("dossier", ""),
        "type": known.model_fields["type"].default if known else row.said.get("fact", ""),
        "time": when.isoformat() if when else row.said.get("time", ""),
        "data": _data(row, known, set_to or {}) if known else {},
    }
    event["id"] = row.said.get("id") or row_id(agency, event, when)
    problems = [problem(column, EMPTY) for column in ("dossier", "fact", "time") if not row.said.get(column)]
    problems += wrong
    if known is None:
        problems.append(problem("fact", f"There is no such fact; there are {', '.join(facts())}."))
    return Stated(row, event, when, distinct(problems))


def row_id(agency: str, event: Mapping[str, Any], when: datetime | None) -> str:
    """The id of a row's fact, drawn from agency, dossier, fact and instant: the same row is the same fact for ever."""
    moment = when.astimezone(VIETNAM).isoformat() if when else ""
    return PREFIX + derived_id(agency, "import", event["subject"], event["type"], moment)


def data_of(cells: Mapping[str, str], known: type[Event]) -> dict[str, Any]:
    """The data that cells say, by their columns. A column that the fact has not goes along: the gate names it."""
    data: dict[str, Any] = {}
    for column, text in cells.items():
        field = fields_of(known).get(column)
        path = field.path if field else tuple(column.split("."))
        _put(data, path, value_of(text, field) if field else text)
    return data


def column_of(field: str, columns: Collection[str]) -> str:
    """The column that a faulty field of an event comes from; the column that is missing, where none does."""
    name, _, inner = field.partition(".")
    if name != "data" or not inner:
        return ENVELOPE.get(field, field)
    steps = inner.split(".")
    for length in range(len(steps), 0, -1):
        column = ".".join((*steps[: length - 1], SHORT.get(steps[length - 1], steps[length - 1])))
        if column in columns:
            return column
    return inner


def _when(row: Row, at: time | None) -> tuple[datetime | None, list[FieldProblem]]:
    text = row.said.get("time", "")
    try:
        found = instant(text, at) if text else None
        # A neighbour of the ends of time has no place in our zone.
        found = found.astimezone(VIETNAM) if found else None
    except OverflowError:
        found = None
    if found is not None or not text:
        return found, []
    return None, [problem("time", NO_HOUR if DAY.fullmatch(text) else NO_INSTANT)]


def _data(row: Row, known: type[Event], set_to: Mapping[str, str]) -> dict[str, Any]:
    given = {column: value for column, value in set_to.items() if column in fields_of(known)}
    return data_of(
        given | {column: text for column, text in row.said.items() if column not in (*OWN, WHERE, WHY)}, known
    )


def _put(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        inner = data.setdefault(step, {})
        if not isinstance(inner, dict):
            # Two columns for one place: the longer path does not fit, and the gate names the shorter one.
            return
        data = inner
    data[path[-1]] = value
