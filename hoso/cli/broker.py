"""`hoso broker start|stop|status`: the local Kafka by hand."""

import json
import sys
import time
from typing import Annotated

import typer

from hoso import broker as kafka
from hoso.java import CannotStart

NOT_RUNNING = 3

broker = typer.Typer()
start_help = """Start the local Kafka, detached, and wait until it answers.

\b
hoso broker start               on port 9092, or a free one if somebody has it
hoso broker start --port 9192   on this port or not at all
hoso broker start --nodes 3     three that copy each other: every topic has three copies then
hoso broker start --secured     TLS, names with passwords, rights: hoso topics apply --acls
HOSO_HOME=/tmp/other hoso broker start    a second one, with data of its own

A home keeps its number of nodes. Of three, those that died are started again, with their data.
"""
run_help = """Run the local Kafka in the foreground until Ctrl-C; this is how `hoso up` keeps it.

\b
hoso broker run --port 9192
"""
stop_help = """Stop the local Kafka and wait until it has.

\b
hoso broker stop
hoso broker stop --seconds 5    kill it if it takes longer
"""
status_help = """Say whether the local Kafka runs, and where. The exit status is 3 if it does not.

\b
hoso broker status
hoso broker status --json | jq -r .bootstrap
"""


@broker.command(help=start_help)
def start(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="This port, or none.")] = None,
    nodes: Annotated[int | None, typer.Option(min=1, max=3, help="How many brokers; 1, unless the data says.")] = None,
    secured: Annotated[
        bool, typer.Option("--secured", help="As in production: TLS, SCRAM, and no right that was not given.")
    ] = False,
) -> None:
    """Start the local Kafka."""
    before, began = kafka.status(), time.monotonic()
    try:
        running = kafka.start(port=port, nodes=nodes, secured=secured)
    except CannotStart as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if running == before:
        print(f"Kafka runs already on {running.bootstrap} ({_pids(running)})")
    else:
        print(f"Kafka answers on {running.bootstrap} ({_pids(running)}) after {time.monotonic() - began:.1f} s")
    if running.papers is not None:
        print("it is secured; to come in as its operators:")
        for name, value in {"HOSO_KAFKA_BOOTSTRAP": running.bootstrap, **running.papers.env()}.items():
            print(f"export {name}={value}")


@broker.command(help=run_help)
def run(port: Annotated[int | None, typer.Option(min=1, max=65535, help="This port, or none.")] = None) -> None:
    """Run the local Kafka in the foreground."""
    try:
        in_order = kafka.run(port=port)
    except CannotStart as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if not in_order:
        print("Kafka ended by itself", file=sys.stderr)
        raise typer.Exit(1)


@broker.command(help=stop_help)
def stop(seconds: Annotated[float, typer.Option(min=0, help="Kill it if it takes longer.")] = 30) -> None:
    """Stop the local Kafka."""
    print("Kafka has stopped" if kafka.stop(seconds=seconds) else "Kafka was not running")


@broker.command(help=status_help)
def status(as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False) -> None:
    """Show the local Kafka."""
    running = kafka.status()
    if as_json:
        print(json.dumps(_shown(running)))
    elif running:
        does = "runs" if running.ready else "is starting"
        print(f"Kafka {does} on {running.bootstrap} ({_pids(running)}), data in {running.data}, log in {running.log}")
        for node in running.missing():
            print(f"node {node.id} has died: `hoso broker start` brings it back")
    else:
        print("Kafka is not running: `hoso broker start` starts it")
    if not running:
        raise typer.Exit(NOT_RUNNING)


def _shown(running: kafka.Broker | None) -> dict[str, object]:
    if running is None:
        return {"running": False}
    return {
        "running": True,
        "ready": running.ready,
        "bootstrap": running.bootstrap,
        "pid": running.pid,
        "pids": {node.id: pid.number for node, pid in zip(running.nodes, running.pids, strict=True)},
        "missing": [node.id for node in running.missing()],
        "data": str(running.data),
        "log": str(running.log),
        "secured": running.papers is not None,
    }


def _pids(running: kafka.Broker) -> str:
    numbers = [str(pid.number) for pid in running.pids]
    return f"{'pid' if len(numbers) == 1 else 'pids'} {', '.join(numbers)}"
