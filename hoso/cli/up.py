"""`hoso up`: a local Kafka and every process, until Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from hoso import fleet, pipeline, rehearsal
from hoso.dashboard import is_terminal, line, screen
from hoso.java import CannotStart
from hoso.settings import Settings
from hoso.supervisor import Supervisor

LOOKS_A_SECOND = 2


PACE = "3600"
"""On the real clock the sandbox's post lives an hour in a second: an envelope takes half a minute."""


def up(
    sandbox: Annotated[
        bool | None,
        typer.Option(help="Play the post and the agencies too; without the option, only on a local Kafka."),
    ] = None,
) -> None:
    """Run a local Kafka and every process under one supervisor, until Ctrl-C.

    \b
    hoso up                                          a Kafka of its own
    HOSO_KAFKA_BOOTSTRAP=kafka1:9092 hoso up         another cluster
    HOSO_EDGE_PORT=8090 hoso up                      the HTTP door elsewhere
    hoso up --no-sandbox                             real carriers and agencies only

    What dies is started again. The logs are in $HOSO_HOME/logs, one file a process.
    """
    settings, asked = Settings(), Stop()
    playing = settings.kafka_bootstrap is None if sandbox is None else sandbox
    try:
        reference = rehearsal.reference_dir()
        stage = rehearsal.sandbox(settings.home, reference) if playing else None
        with pipeline.kafka(settings) as kafka:
            place = stage.reference if stage else reference
            rehearsal.install(settings.home, place, stage.credentials if stage else None)
            pipeline.prepare(kafka.bootstrap, place)
            killed = _supervise(kafka, settings, asked, stage)
    except CannotStart as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if killed:
        print(f"had to be killed: {', '.join(killed)}", file=sys.stderr)
        raise typer.Exit(1)


class Stop:
    """Somebody's wish to stop: the first signal asks, the second is in a hurry."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._hurry: Callable[[], None] = lambda: None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)

    def wait(self, hurry: Callable[[], None]) -> None:
        """Return at the first signal; a later one calls hurry."""
        self._hurry = hurry
        self._asked.wait()

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            self._hurry()
        self._asked.set()


def _supervise(kafka: pipeline.Kafka, settings: Settings, asked: Stop, stage: rehearsal.Sandbox | None) -> list[str]:
    """Keep every process running until somebody asks to stop; who had to be killed."""
    console, logs = Console(), settings.home / "logs"
    watched = is_terminal(console)
    hooks = [] if watched else [lambda row: print(line(row), flush=True)]
    specs = pipeline.specs(kafka.bootstrap, settings, stage.for_the_pipeline() if stage else None)
    fleet.remember(settings.home, specs)
    edge = next((spec.address for spec in specs if spec.name == "edge"), "")
    heading = f"hoso on Kafka {kafka.bootstrap}, logs in {logs}"
    if edge:
        heading += f"; the console is at {edge}/console/ (hoso console add)"
    if stage is not None:
        specs.append(stage.spec(kafka.bootstrap, edge, {"HOSO_SANDBOX_PACE": PACE}))
    supervisor = Supervisor(specs, logs, hooks=hooks)
    screens = Live(
        get_renderable=lambda: screen([*kafka.state(), *supervisor.state()], heading),
        console=console,
        refresh_per_second=LOOKS_A_SECOND,
    )
    if not watched:
        print(heading, flush=True)
    with screens if watched else nullcontext(), supervisor:
        asked.wait(supervisor.hurry)
    return [row.name for row in supervisor.state() if row.killed]
