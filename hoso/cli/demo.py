"""`hoso demo`: the story line by line, the city while it runs, the table at the end."""

import json
import signal
import sys
import threading
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hoso.dashboard import is_terminal
from hoso.java import CannotStart
from hoso.reckoning import Reckoning

if TYPE_CHECKING:
    from hoso.showing import Guest

SHOWN_OPEN = 20
LINE_EVERY_SECONDS = 10.0


def demo(
    dossiers: Annotated[int, typer.Option(help="How many dossiers the city hands in.")] = 420,
    seed: Annotated[int, typer.Option(help="Everything that happens follows from it.")] = 2026,
    home: Annotated[Path, typer.Option(help="Where it keeps its Kafka, databases and logs; emptied first.")] = Path(
        ".hoso/demo"
    ),
    figures: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.")] = None,
    stay: Annotated[
        bool, typer.Option(help="At the end let everything run on, to look at the console; Ctrl-C ends.")
    ] = False,
) -> None:
    """Tell one dossier's story, then two weeks of a city's life in about two minutes, and reconcile it.

    \b
    hoso demo
    hoso demo --json figures.json --seed 7
    hoso demo --stay

    The exit status is 1 if anything is unaccounted for.
    """
    # Imported here: `hoso --help` needs none of it.
    from hoso.demo import Wishes, run

    console = Console()
    console.print("[bold]hoso demo[/]: starting Kafka and the pipeline; first one dossier, then a city")
    screen = _Screen(console)
    linger = (lambda result, guest: _linger(console, result, guest, figures)) if stay else _nothing
    wishes = Wishes(home, dossiers, seed, console.print, _teller(console), screen.show, linger)
    try:
        with screen:
            result = run(wishes)
    except CannotStart as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if not stay:
        _told(console, result, figures)
    if not result.adds_up:
        raise typer.Exit(1)


def _nothing(_result: Reckoning, _guest: "Guest") -> None:
    """Nobody stays."""


def _linger(console: Console, result: Reckoning, guest: "Guest", figures: Path | None) -> None:
    """Tell the result, and who may sign in; then wait for Ctrl-C."""
    _told(console, result, figures)
    console.print(f"the console: {guest.url}/  name {guest.name}, password {guest.password}; Ctrl-C ends all")
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()


def _told(console: Console, result: Reckoning, figures: Path | None) -> None:
    if figures is not None:
        document = {"adds_up": result.adds_up, "unaccounted_for": result.open, **result.figures}
        figures.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    _print(console, result)


def _teller(console: Console) -> Any:
    def told(when: datetime, line: str, fact: str) -> None:
        console.print(Text.assemble((f"{when:%a %d %b %H:%M}  ", "cyan"), line, ("   " + fact, "dim")), soft_wrap=True)

    return told


class _Screen:
    """The city's progress: redrawn on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console, self._live = console, None if not is_terminal(console) else Live(console=console, transient=True)
        self._last_line = 0.0

    def __enter__(self) -> "_Screen":
        (self._live or nullcontext()).__enter__()
        return self

    def __exit__(self, *about: Any) -> None:
        (self._live or nullcontext()).__exit__(*about)

    def show(self, progress: Any) -> None:
        """Draw it."""
        import time

        if self._live is not None:
            self._live.update(_drawn(progress))
        elif time.monotonic() - self._last_line > LINE_EVERY_SECONDS:
            self._last_line = time.monotonic()
            self._console.print(" · ".join(f"{name} {value}" for name, value in _rows(progress)), soft_wrap=True)


def _rows(progress: Any) -> list[tuple[str, str]]:
    city, seen = progress.city, progress.seen
    dossiers, post = city.get("dossiers", {}), city.get("post", {})
    return [
        ("city time", f"{progress.now:%a %d %b %H:%M} (x{progress.speed:,.0f})"),
        (
            "dossiers begun",
            f"{dossiers.get('begun', 0)} of {dossiers.get('planned', 0)}, finished {dossiers.get('finished', 0)}",
        ),
        ("facts on the log", f"{seen.get('dossier.events', 0)}"),
        ("asked of the post", f"{seen.get('postal.requests', 0)}, under way {post.get('under_way', 0)}"),
        ("carrier's words", f"{seen.get('postal.webhooks', 0)}"),
        ("notices owed", f"{seen.get('agency.notices', 0)}, told {seen.get('agency.receipts', 0)}"),
        ("behind", f"{progress.behind_records} records, clock slowed {progress.slowed_seconds:.0f} s"),
    ]


def _drawn(progress: Any) -> Group:
    table = Table.grid(padding=(0, 2))
    for name, value in _rows(progress):
        table.add_row(Text(name, style="dim"), value)
    sick = [f"{name} {state}" for name, state in progress.processes.items() if state != "ready"]
    return Group(
        Text("two weeks of a city", style="bold"), table, Text(", ".join(sick) or "all processes ready", style="dim")
    )


def _print(console: Console, result: Reckoning) -> None:
    figures, table = result.figures, Table(title="two weeks of a city, reconciled", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("of which", overflow="fold")
    for name, key, parts in ROWS:
        value = figures.get(key, "")
        table.add_row(name, str(value if not isinstance(value, dict) else sum(value.values())), _parts(figures, parts))
    for name, key in (
        ("event to postal request", "event_to_postal_request_seconds"),
        ("webhook to callback", "webhook_to_callback_seconds"),
    ):
        spread = figures.get(key, {})
        table.add_row(
            name,
            f"{spread.get('median', '-')} s",
            f"99th percentile {spread.get('p99', '-')} s, {spread.get('count', 0)} measured",
        )
    console.print(table)
    seconds = figures["seconds"]
    console.print(
        f"story told after {seconds['story']} s, city after {seconds['city']} s, {seconds['in_all']} s in all"
    )
    if result.adds_up:
        console.print(
            "[green bold]reconciled:[/] every dossier accounted for, "
            "every result received by its agency exactly once in effect; the console shows the same"
        )
        return
    console.print(f"[red bold]{len(result.open)} unaccounted for:[/]")
    for line in result.open[:SHOWN_OPEN]:
        console.print(f"  {line}", soft_wrap=True)


ROWS = (
    ("dossiers", "dossiers", ("statuses",)),
    ("facts agencies stated", "facts_from_agencies", ("stated",)),
    ("facts on the log", "facts_on_the_log", ()),
    ("deadlines set", "deadlines_set", ("deadlines_moved", "moved_by_the_calendar", "outcomes")),
    ("rungs passed", "rungs", ("rungs",)),
    ("asked of the post", "postal_requests", ("postal_requests", "cancellations_asked")),
    ("parcels", "parcels", ("journeys",)),
    ("webhooks", "webhooks_sent", ("webhooks", "calls_the_post_fumbled")),
    ("notices owed", "notices_owed", ("notices",)),
    ("notices received", "notices_received", ("rejections_told", "callbacks_repeated", "callbacks_turned_away")),
    ("told in digests", "notices_in_digests", ("digests_received",)),
    ("results owed", "results_owed", ("results_received",)),
    ("rejected", "rejected_by_the_gate", ("rejected_by_the_fold", "dead_letters")),
)


def _parts(figures: dict[str, Any], keys: tuple[str, ...]) -> str:
    found = []
    for key in keys:
        value = figures.get(key)
        if isinstance(value, dict):
            found += [f"{str(name).lower().replace('_', ' ')} {count}" for name, count in value.items()]
        else:
            found.append(f"{key.replace('_', ' ')} {value}")
    return ", ".join(found)
