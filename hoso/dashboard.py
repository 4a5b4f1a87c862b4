"""The screen of `hoso up`: each process, its health, and where to knock; plain lines where there is no terminal."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from hoso.supervised import Row, State

COLOURS = {
    State.READY: "green",
    State.STARTING: "yellow",
    State.NOT_READY: "red",
    State.DEAD: "red",
    State.STOPPING: "yellow",
}
TAIL_BYTES = 4096


def screen(rows: Sequence[Row], heading: str) -> Group:
    """The whole screen for these rows."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("process", "health", "for", "pid", "restarts", ""):
        table.add_column(name, justify="right" if name in ("for", "pid", "restarts") else "left", no_wrap=True)
    for row in rows:
        health = Text(row.state, style=COLOURS.get(row.state, "dim"))
        table.add_row(row.name, health, _age(row), str(row.pid or ""), str(row.restarts or ""), _note(row))
    return Group(Text(heading, style="bold"), table, Text("Ctrl-C stops all in order", style="dim"))


def line(row: Row) -> str:
    """One change of state as a plain line."""
    at = time.strftime("%H:%M:%S", time.localtime(row.since))
    words = [at, row.name, str(row.state), f"(pid {row.pid})" if row.pid else "", _note(row)]
    return " ".join(word for word in words if word)


def last_words(log: Path) -> str:
    """The last line that a process wrote, however long its log is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def is_terminal(console: Console) -> bool:
    """Whether there is somebody for whom a screen can be redrawn."""
    return console.is_terminal and not console.is_dumb_terminal


def _note(row: Row) -> str:
    """Where to find it, or why it is not there."""
    if row.killed:
        return "had to be killed"
    if row.state is State.DEAD:
        return f"{_ending(row.exit_code)}: {last_words(row.log) or f'see {row.log}'}"
    return row.address


def _ending(code: int | None) -> str:
    if code is None:
        return "did not start"
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


def _age(row: Row) -> str:
    seconds = int(time.time() - row.since) if row.since else 0
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
