"""A storm's book: storms add up in a file, and the file can be shown as tables, for people and as Markdown."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from hoso.strikes import Cell, How, Situation, Trouble

Totals = dict[str, Any]
FORM = 2
EMPTY: Totals = {
    "form": FORM, "storms": [], "struck": 0, "blows": {}, "troubles": {}, "partners": {}, "acknowledged": 0, "lost": 0,
    "twice_in_effect": 0, "state_differences": 0, "unaccounted_for": 0, "repeated": {}, "recover_seconds": [],
    "struck_again": 0, "minutes": 0.0,
}  # fmt: skip


ADDED = ("acknowledged", "lost", "twice_in_effect", "struck", "struck_again", "state_differences")


class WrongBook(ValueError):
    """The file is no book of this release; the text says what to do."""


@dataclass(frozen=True)
class Rows:
    """A table: its title, the names of its columns, its rows; the first column is words, the others are figures."""

    title: str
    columns: list[str]
    rows: list[list[str]]


def opened(book: Path | None) -> Totals:
    """The totals so far. Raises WrongBook."""
    if book is None or not book.is_file():
        return EMPTY
    found: Totals = json.loads(book.read_text())
    if found.get("form") != FORM:
        raise WrongBook(f"{book} is a book of another release: name another file, or move this one away")
    return found


def write(book: Path, totals: Totals) -> None:
    """Whole or not at all: a run may be stopped at any moment."""
    fresh = book.with_suffix(".new")
    fresh.parent.mkdir(parents=True, exist_ok=True)
    fresh.write_text(json.dumps(totals, ensure_ascii=False, indent=2) + "\n")
    fresh.replace(book)


def name_of(seed: int, nodes: int, database: str) -> str:
    """How the book calls a storm."""
    return f"{seed}/{nodes}/{database}"


def added(totals: Totals, storm: Totals) -> Totals:
    """The totals with one more storm."""
    counts = {name: totals[name] + storm[name] for name in ADDED}
    return totals | counts | {
        "storms": [*totals["storms"], name_of(storm["seed"], storm["nodes"], storm["database"])],
        "blows": _deep(totals["blows"], storm["blows"]),
        "troubles": _deep(totals["troubles"], storm["troubles"]),
        "partners": _deep(totals["partners"], storm["partners"]),
        "unaccounted_for": totals["unaccounted_for"] + len(storm["open"]),
        "repeated": _deep(totals["repeated"], storm["repeated"]),
        "recover_seconds": [*totals["recover_seconds"], *storm["recover_seconds"]],
        "minutes": round(totals["minutes"] + max(storm["seconds"].values(), default=0.0) / 60, 2),
    }  # fmt: skip


def cells(totals: Totals) -> dict[Cell, int]:
    """How often each cell had its turn."""
    return {
        (whom, How(how), Situation(situation)): count
        for whom, hows in totals["blows"].items()
        for how, found in hows.items()
        for situation, count in found.items()
    }


def tables(totals: Totals, title: str) -> Iterator[Rows]:
    """The verdict, the blows by target, signal and situation, what else went wrong, how partners failed."""
    yield _verdict(totals, title)
    yield _blows(totals)
    troubles = {str(trouble): 0 for trouble in Trouble} | totals["troubles"]
    yield Rows("what else went wrong", ["", "times"], [[name, str(count)] for name, count in troubles.items()])
    partners = totals["partners"]
    yield Rows("how the partners failed", ["", "times"], [[name, str(count)] for name, count in partners.items()])


def markdown(totals: Totals, title: str) -> str:
    """The same tables for a page."""
    return "\n".join(_page(table) for table in tables(totals, title))


def _verdict(totals: Totals, title: str) -> Rows:
    seconds, repeats = totals["recover_seconds"] or [0.0], totals["repeated"]
    parts = ", ".join(f"{name} {count}" for name, count in repeats.items()) or "none"
    rows = [
        ["blows", str(totals["struck"])],
        ["storms", str(len(totals["storms"]))],
        ["inputs acknowledged", str(totals["acknowledged"])],
        ["lost", str(totals["lost"])],
        ["effects at agencies and carriers more than once in effect", str(totals["twice_in_effect"])],
        ["deliveries repeated (allowed)", f"{sum(repeats.values())}: {parts}"],
        ["state differences from a pure fold of the log", str(totals["state_differences"])],
        ["unaccounted for, in all", str(totals["unaccounted_for"])],
        ["time to recover", f"median {median(seconds):.1f} s, worst {max(seconds):.1f} s"],
        ["struck again before it was ready (not timed)", str(totals["struck_again"])],
        ["real time", f"{totals['minutes']:.0f} min"],
    ]
    return Rows(title, ["", "figure"], rows)


def _blows(totals: Totals) -> Rows:
    columns = [(how, situation) for how in How for situation in Situation]
    rows = []
    for whom, hows in sorted(totals["blows"].items()):
        counts = [hows.get(str(how), {}).get(str(situation), 0) for how, situation in columns]
        rows.append([whom, *map(str, counts), str(sum(counts))])
    names = [f"{how.removeprefix('SIG')} {situation}" for how, situation in columns]
    return Rows("blows: who was struck, by which signal, in which situation", ["struck", *names, "in all"], rows)


def _page(table: Rows) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (table.columns, *table.rows)]
    ruler = "| --- |" + " ---: |" * (len(table.columns) - 1)
    return "\n".join([f"**{table.title}**", "", lines[0], ruler, *lines[1:], ""])


def _deep(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The sum of two trees of counts."""
    return {
        name: _deep(one.get(name, {}), other.get(name, {}))
        if isinstance(one.get(name, other.get(name)), Mapping)
        else one.get(name, 0) + other.get(name, 0)
        for name in [*one, *(name for name in other if name not in one)]
    }
