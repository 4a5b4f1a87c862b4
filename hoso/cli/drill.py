"""`hoso drill`: destroy the cluster while a city lives, restore it, reconcile, and print what came of it."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hoso.java import CannotStart

SHOWN_OPEN = 40


def drill(
    seed: Annotated[int, typer.Option(help="All that happens in the city.")] = 1,
    dossiers: Annotated[int, typer.Option(min=26, help="How many dossiers the city hands in.")] = 60,
    lost_seconds: Annotated[
        float, typer.Option(min=0.1, help="How long the city lives on after the archive broke off.")
    ] = 4.0,
    unfenced_seconds: Annotated[
        float, typer.Option(min=0, help="So long before the archive's end facts have effects again.")
    ] = 10.0,
    home: Annotated[Path, typer.Option(help="Where it keeps its Kafka, database, archive and logs; emptied first.")] = (
        Path(".hoso/drill")
    ),
    file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Rehearse the worst day: the cluster is gone, the archive lacks its last minutes, the database survived.

    A city lives on a quick clock with the whole pipeline and an archive. Then the broker and every process are killed
    and the broker's data is deleted. What an operator would do is done (restore, adopt-log, the doors, agencies resume,
    the rest), the city goes on to its end, and three books are laid beside each other. It takes some four minutes.

    \b
    hoso drill
    hoso drill --seed 7 --lost-seconds 8 --json drill.json

    The exit status is 1 if anything is unaccounted for; the home with its logs is kept to look into.
    """
    # Imported here: `hoso --help` needs none of it.
    from hoso.drill import Wishes, run

    console = Console()
    try:
        verdict = run(Wishes(home, seed, dossiers, lost_seconds, unfenced_seconds, console.print))
    except CannotStart as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    document = verdict.document()
    if file is not None:
        file.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    _print(console, document)
    for line in document["open"][:SHOWN_OPEN]:
        console.print(f"  {line}", soft_wrap=True, markup=False)
    if not verdict.adds_up:
        raise typer.Exit(1)


def _print(console: Console, found: dict[str, Any]) -> None:
    steps = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in found["recover_seconds"].items())
    table = Table(title=f"drill {found['seed']}", title_justify="left", show_header=False)
    for name, value in (
        ("facts on the log, and restored", f"{found['facts_before']}, {found['facts_restored']}"),
        ("the worker refused until the log was adopted", "yes" if found["refused"] else "NO"),
        ("facts folded without effects", str(found["without_effects"])),
        ("events of agencies lost with the cluster", str(found["missing_of_agencies"])),
        ("sent again by agencies", _parts(found["sent_again"])),
        ("answers said again", _parts(found["said_again"])),
        ("items that carriers were asked about", str(found["carriers_asked"])),
        ("inputs acknowledged", str(found["acknowledged"])),
        ("lost", str(found["lost"])),
        ("effects more than once in effect", str(found["twice_in_effect"])),
        ("notices whose fact died with the cluster", str(found["died_with_the_cluster"])),
        ("of those that came back, under a number used before", str(found["renumbered"])),
        ("deliveries repeated (allowed)", _parts(found["repeated"])),
        ("differences from a pure fold of the log", str(found["state_differences"])),
        ("unaccounted for, in all", str(len(found["open"]))),
        ("since the kill", steps),
    ):
        table.add_row(name, value)
    console.print(table)


def _parts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items() if count) or "none"
