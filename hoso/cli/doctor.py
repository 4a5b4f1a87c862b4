"""`hoso doctor`: one screen of what is wrong, the worst first, each line with the command that helps."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hoso import broker
from hoso.cli.language import Language
from hoso.ports import LOOPBACK
from hoso.processes import PROCESSES
from hoso.settings import Settings

if TYPE_CHECKING:
    from connectors.doctor.finding import Report
    from connectors.doctor.words import Said
    from connectors.store import Store

COLOURS = {"OK": "green", "NOTE": "cyan", "WARNING": "yellow", "BAD": "bold red"}


def doctor(
    ask: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT", help="An operators' port to ask; as often as there are. Else those of `hoso up`."
        ),
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="HOSO_ARCHIVE", help="Where the archive lies: its disk is looked at as well."
        ),
    ] = None,
    watch: Annotated[
        float | None, typer.Option(min=1, help="Look again every so many seconds, until Ctrl-C.", metavar="SECONDS")
    ] = None,
    lang: Annotated[Language, typer.Option(help="The language of the screen.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="One object, for machines, in both languages.")] = False,
) -> None:
    """Look for what is wrong, and say it: the worst first, each line with the command that helps.

    It changes nothing. Whatever cannot be looked at is a line that says why. The exit status is 1 if anything is BAD.
    docs/doctor.md says what each line means.

    \b
    hoso doctor
    hoso doctor --watch 10
    hoso doctor --lang vi
    hoso doctor --ask worker-0:9100 --ask edge-0:9100 --archive /backups/hoso
    hoso doctor --json | jq -r '.findings[] | select(.severity == "BAD") | .help'
    """
    # A broker that is away is a line of ours, not the library's.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    with _opened(ask, archive) as look:
        if watch is not None and not as_json:
            _watch(look, watch, lang)
            return
        report = look()
    if as_json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        Console().print(screen(report, lang))
    if report.worst.name == "BAD":
        raise typer.Exit(1)


def screen(report: "Report", lang: Language) -> Group:
    """The report as a table: how bad, where, what, and under it the command that helps."""
    from connectors.dead_letters import printable
    from connectors.doctor.words import AREAS, SEVERITIES, alike

    def called(name: str, names: "Mapping[str, Said]") -> str:
        # In English as the document calls it.
        return names[name].vi if lang is Language.VI else name

    counts = [
        f"{sum(one.severity.name == name for one in report.findings)} {called(name, SEVERITIES)}"
        for name in reversed(COLOURS)
    ]
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in ("severity", "area"):
        table.add_column(name, no_wrap=True)
    table.add_column("what", overflow="fold")
    for one in report.findings:
        says = Text(printable(one.says.in_language(lang)))
        if one.detail:
            says.append(f"\n{printable(alike(one.more).in_language(lang))}", style="dim")
        if one.help_command:
            says.append(f"\n$ {printable(one.help_command)}", style="bold")
        severity = Text(called(one.severity.name, SEVERITIES), style=COLOURS[one.severity.name])
        table.add_row(severity, called(one.area, AREAS), says)
    return Group(Text(f"{report.at:%Y-%m-%d %H:%M:%S}  {', '.join(counts)}", style="dim"), table)


class _Look:
    """Looks when called, each time anew. What the rooms log goes beside the screen."""

    def __init__(self, ask: list[str] | None, archive: str | None, stores: "tuple[Store, Store]") -> None:
        self._ports = {address: address for address in ask} if ask else None
        self._archive, self._stores = archive, stores

    def __call__(self) -> "Report":
        from connectors.doctor.examining import examine
        from connectors.settings import Settings as Doors

        kinds = [process.name for process in PROCESSES if process.exists()]
        with redirect_stdout(sys.stderr):
            return examine(
                Doors(kafka_bootstrap=_bootstrap()),
                *self._stores,
                ports=self._ports,
                kinds=kinds,
                archive=self._archive,
            )


@contextmanager
def _opened(ask: list[str] | None, archive: str | None) -> Iterator[_Look]:
    from connectors.settings import Settings as Doors
    from connectors.store import open_store

    doors = Doors(kafka_bootstrap=_bootstrap())
    stores = open_store(doors.database_url), open_store(doors.read_database_url)
    try:
        yield _Look(ask, archive, stores)
    finally:
        for store in stores:
            store.close()


def _bootstrap() -> str:
    """The cluster that is set, the local broker that runs, or where one would be: that none is there is a finding."""
    settings = Settings()
    running = broker.status(settings.home)
    return settings.kafka_bootstrap or (running.bootstrap if running else f"{LOOPBACK}:{settings.kafka_port}")


def _watch(look: _Look, seconds: float, lang: Language) -> None:
    """Screen after screen until Ctrl-C: in a terminal each in the place of the last, else one below the other."""
    console, over = Console(), threading.Event()
    # Said here, because a shell's script makes what it starts in the background deaf to Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    live = Live(console=console, auto_refresh=False, screen=True) if console.is_terminal else None
    with live or nullcontext():
        while not over.is_set():
            shown = screen(look(), lang)
            live.update(shown, refresh=True) if live else console.print(shown)
            over.wait(seconds)
