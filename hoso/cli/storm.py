"""`hoso storm`: kill things while a city lives, print what came of it, add it to a book."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hoso.java import CannotStart

SHOWN_OPEN = 40


def storm(
    kills: Annotated[int, typer.Option(min=1, help="How many blows fall while one city lives.")] = 30,
    seed: Annotated[int, typer.Option(help="Whom they hit, how and when, and all that happens in the city.")] = 1,
    nodes: Annotated[int, typer.Option(help="1, or 3: then one of three brokers is struck too.")] = 1,
    dossiers: Annotated[int, typer.Option(min=26, help="How many dossiers the city hands in.")] = 120,
    home: Annotated[Path, typer.Option(help="Where it keeps its Kafka, databases and logs; emptied first.")] = Path(
        ".hoso/storm"
    ),
    file: Annotated[Path | None, typer.Option("--json", help="Write this storm's figures to this file.")] = None,
    book: Annotated[Path | None, typer.Option(help="Add this storm to the totals in this file.")] = None,
    until: Annotated[int, typer.Option(help="Storm after storm, each with the next seed, to so many in the book.")] = 0,
) -> None:
    """Kill, freeze and stop processes while a city lives; then nothing may be lost, and nothing twice in effect.

    \b
    hoso storm
    hoso storm --kills 30 --seed 7 --nodes 3 --json storm.json
    hoso storm --book storms.json --until 1000     stopped and called again it goes on where it was

    The exit status is 1 if anything is unaccounted for; the home with its logs is kept to look into.
    """
    # Imported here: `hoso --help` needs none of it.
    from hoso.storm import Wishes, run

    if until and book is None:
        raise typer.BadParameter("--until counts in a --book")
    console, totals = Console(), opened(book)
    while True:
        seed = next(one for one in range(seed, seed + 100_000) if f"{one}/{nodes}" not in totals["storms"])
        console.print(f"[bold]hoso storm[/]: seed {seed}, {kills} blows, {dossiers} dossiers, {nodes} broker(s)")
        try:
            verdict = run(Wishes(home, kills, seed, nodes, dossiers, console.print))
        except CannotStart as error:
            print(error, file=sys.stderr)
            raise typer.Exit(1) from error
        document = verdict.document()
        if file is not None:
            file.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        totals = added(totals, document)
        if book is not None:
            _write(book, totals)
        _print(console, f"storm {seed}", added(EMPTY, document))
        for line in document["open"][:SHOWN_OPEN]:
            console.print(f"  {line}", soft_wrap=True, markup=False)
        if not verdict.adds_up:
            break
        if totals["struck"] >= until:
            break
    if book is not None:
        _print(console, f"all storms in {book}", totals)
    if not verdict.adds_up:
        raise typer.Exit(1)


EMPTY: dict[str, Any] = {
    "storms": [], "struck": 0, "kills": {}, "acknowledged": 0, "lost": 0, "twice_in_effect": 0,
    "state_differences": 0, "unaccounted_for": 0, "repeated": {}, "recover_seconds": [],
}  # fmt: skip


def opened(book: Path | None) -> dict[str, Any]:
    """The totals so far."""
    found: dict[str, Any] = json.loads(book.read_text()) if book is not None and book.is_file() else EMPTY
    return found


def added(totals: dict[str, Any], storm: dict[str, Any]) -> dict[str, Any]:
    """The totals with one more storm."""
    kills = {whom: dict(hows) for whom, hows in totals["kills"].items()}
    for whom, hows in storm["kills"].items():
        kills[whom] = _sum(kills.get(whom, {}), hows)
    counts = {name: totals[name] + storm[name] for name in ("acknowledged", "lost", "twice_in_effect")}
    return totals | counts | {
        "storms": [*totals["storms"], f"{storm['seed']}/{storm['nodes']}"],
        "struck": sum(sum(hows.values()) for hows in kills.values()),
        "kills": kills,
        "state_differences": totals["state_differences"] + storm["state_differences"],
        "unaccounted_for": totals["unaccounted_for"] + len(storm["open"]),
        "repeated": _sum(totals["repeated"], storm["repeated"]),
        "recover_seconds": [*totals["recover_seconds"], *storm["recover_seconds"]],
    }  # fmt: skip


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}


def _write(book: Path, totals: dict[str, Any]) -> None:
    """Whole or not at all: a run may be stopped at any moment."""
    fresh = book.with_suffix(".new")
    fresh.write_text(json.dumps(totals, ensure_ascii=False, indent=2) + "\n")
    fresh.replace(book)


def _print(console: Console, title: str, totals: dict[str, Any]) -> None:
    blows = Table(title=f"{title}: {totals['struck']} blows", title_justify="left")
    hows = sorted({how for found in totals["kills"].values() for how in found})
    for name in ("struck", *hows):
        blows.add_column(name, justify="left" if name == "struck" else "right")
    for whom, found in sorted(totals["kills"].items()):
        blows.add_row(whom, *(str(found.get(how, 0)) for how in hows))
    console.print(blows)
    seconds, repeats = totals["recover_seconds"] or [0.0], totals["repeated"]
    table = Table(show_header=False)
    for name, value in (
        ("inputs acknowledged", str(totals["acknowledged"])),
        ("lost", str(totals["lost"])),
        ("effects more than once in effect", str(totals["twice_in_effect"])),
        ("deliveries repeated (allowed)", f"{sum(repeats.values())}: {_parts(repeats)}"),
        ("differences from a pure fold of the log", str(totals["state_differences"])),
        ("unaccounted for, in all", str(totals["unaccounted_for"])),
        ("time to recover", f"median {median(seconds):.1f} s, worst {max(seconds):.1f} s"),
    ):
        table.add_row(name, value)
    console.print(table)


def _parts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items()) or "none"
