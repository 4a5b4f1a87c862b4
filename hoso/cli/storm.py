"""`hoso storm`: kill things while a city lives, print what came of it, add it to a book."""

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from hoso import totals
from hoso.java import CannotStart

if TYPE_CHECKING:
    from hoso.storm import Wishes
    from hoso.verdict import Verdict

SHOWN_OPEN = 40
SINGLE, ROUND = 30, 100
"""How many blows a storm has by default: one alone, and one of many."""


def storm(
    kills: Annotated[
        int | None, typer.Option(min=1, help="How many blows fall while one city lives; 30, or 100 with --until.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Whom they hit, how and when, and all that happens in the city.")] = 1,
    nodes: Annotated[
        int | None, typer.Option(help="1, or 3: then one of three brokers is struck too. With --until by turns.")
    ] = None,
    postgres: Annotated[
        bool | None, typer.Option("--postgres/--sqlite", help="The pipeline's database; with --until by turns.")
    ] = None,
    dossiers: Annotated[int, typer.Option(min=26, help="How many dossiers the city hands in.")] = 120,
    days: Annotated[int, typer.Option(min=5, help="How many days the city lives.")] = 7,
    home: Annotated[Path, typer.Option(help="Where it keeps its Kafka, databases and logs; emptied first.")] = Path(
        ".hoso/storm"
    ),
    file: Annotated[Path | None, typer.Option("--json", help="Write this storm's figures to this file.")] = None,
    book: Annotated[Path | None, typer.Option(help="Add this storm to the totals in this file.")] = None,
    until: Annotated[int, typer.Option(help="Storm after storm, each with the next seed, to so many in the book.")] = 0,
    table: Annotated[Path | None, typer.Option(help="Strike nothing: print the totals in this book.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="With --table: as Markdown, for a page.")] = False,
) -> None:
    """Kill, freeze and stop processes while a city lives; then nothing may be lost, and nothing twice in effect.

    \b
    hoso storm
    hoso storm --kills 30 --seed 7 --nodes 3 --json storm.json
    hoso storm --book storms.json --until 1000     stopped (Ctrl-C) and called again it goes on where it was
    hoso storm --table storms.json --markdown      what the book says so far

    The exit status is 1 if anything is unaccounted for; the home with its logs is kept to look into. A storm that is
    stopped before its verdict is not in the book.
    """
    console = Console()
    if table is not None:
        _show(console, table, markdown)
        return
    if until and book is None:
        raise typer.BadParameter("--until counts in a --book")
    # Imported here: `hoso --help` needs none of it.
    from hoso.storm import Wishes

    # Ended at once, it would leave behind whom it has just frozen: they hear of nobody's end.
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.default_int_handler)
    found = _opened(book)
    while found["struck"] < until or not until:
        number = len(found["storms"])
        # By turns as on one machine and as in a city.
        city = until > 0 and number % 2 == 1
        size, on_postgres = nodes or (3 if city else 1), _database(postgres, city)
        seed = next(one for one in range(seed, seed + 100_000) if not _is_in(found, one))
        blows = min(kills or ROUND, until - found["struck"]) if until else kills or SINGLE
        console.print(f"[bold]hoso storm[/]: seed {seed}, {blows} blows, {dossiers} dossiers, {size} broker(s)")
        wishes = Wishes(
            home, blows, seed, size, dossiers, days, lambda line: console.print(line), before=totals.cells(found)
        )
        verdict = _struck(wishes, on_postgres)
        document = verdict.document()
        if file is not None:
            file.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        found = totals.added(found, document)
        if book is not None:
            totals.write(book, found)
        _print(console, totals.added(totals.EMPTY, document), f"storm {seed}")
        for line in document["open"][:SHOWN_OPEN]:
            console.print(f"  {line}", soft_wrap=True, markup=False)
        if not verdict.adds_up:
            raise typer.Exit(1)
        if not until:
            break
    if book is not None:
        _print(console, found, f"all storms in {book}")


def _struck(wishes: "Wishes", on_postgres: bool) -> "Verdict":
    from hoso import postgres
    from hoso.storm import run

    try:
        if not on_postgres:
            return run(wishes)
        with postgres.running() as server:
            return run(replace(wishes, database=server))
    except CannotStart as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        print("stopped: this storm does not count; the same command goes on with it", file=sys.stderr)
        raise typer.Exit(130) from None


def _database(postgres: bool | None, city: bool) -> bool:
    """Whether this storm's database is PostgreSQL: as wished, or in a city's turn if it is installed."""
    from hoso.postgres import are_here

    return postgres if postgres is not None else city and are_here()


def _is_in(found: totals.Totals, seed: int) -> bool:
    return any(name.partition("/")[0] == str(seed) for name in found["storms"])


def _opened(book: Path | None) -> totals.Totals:
    try:
        return totals.opened(book)
    except totals.WrongBook as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def _show(console: Console, book: Path, as_markdown: bool) -> None:
    if not book.is_file():
        print(f"there is no book {book}: `hoso storm --book {book}` begins one", file=sys.stderr)
        raise typer.Exit(1)
    found = _opened(book)
    if as_markdown:
        print(totals.markdown(found, f"{found['struck']} blows"))
    else:
        _print(console, found, f"all storms in {book}")


def _print(console: Console, found: totals.Totals, title: str) -> None:
    for rows in totals.tables(found, title):
        shown = Table(title=rows.title, title_justify="left")
        for number, name in enumerate(rows.columns):
            shown.add_column(name, justify="right" if number and len(rows.columns) > 2 else "left")
        for row in rows.rows:
            shown.add_row(*row)
        console.print(shown)
