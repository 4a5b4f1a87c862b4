"""`hoso kit ...`: a contract test of a running edge, for agencies who build a client, and for us."""

import json
import queue
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hoso.cli.sandbox_agency import opened, verifier_of

if TYPE_CHECKING:
    from hoso.kit.checking import Report
    from hoso.kit.hearing import Hearing
    from hoso.kit.scenario import Result

kit = typer.Typer()
COLOURS = {"passed": "green", "failed": "bold red", "skipped": "dim"}

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]


@kit.command()
def check(
    url: Annotated[str, typer.Argument(metavar="URL", help="The edge: http://127.0.0.1:8080")],
    agency: Annotated[str, typer.Option(help="Who you are there: the agency's code, a one-stop.")],
    key: Annotated[
        str, typer.Option(envvar="HOSO_KEY", help="Its key, as `hoso agency key` printed it; better as HOSO_KEY.")
    ],
    other_key: Annotated[
        str | None, typer.Option(envvar="HOSO_OTHER_KEY", help="A second agency's key: it must see and state nothing.")
    ] = None,
    procedure: Annotated[str, typer.Option(help="A procedure of the reference data in force.")] = "1.004873",
    callback_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Listen here, and have a test notice sent.")
    ] = None,
    callback_host: Annotated[str, typer.Option(help="With --callback-port: at which address.")] = "127.0.0.1",
    secret: Annotated[
        str, typer.Option(envvar="HOSO_SECRET", help="The callback secret that test notice must verify with.")
    ] = "",
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Our public key: the test notice must bear a good v1a as well.")
    ] = None,
    by_operator: Annotated[
        bool,
        typer.Option("--by-operator", help="Send nothing from here: wait until an operator runs `hoso agency test`."),
    ] = False,
    wait: Annotated[float, typer.Option(min=1, help="With --by-operator: for so many seconds.")] = 120,
    as_json: AsJson = False,
) -> None:
    """Check that the edge at URL keeps its contract, as the agency whose key this is. The exit status is 1 if it fails.

    It states a few facts about one dossier of a rehearsal, AGENCY-<today>-999xxxx, and ends it with `withdrawn`; what
    it leaves behind is said at the end. The agency is told of what it had refused. A failure says what was expected,
    what came, and what to do next.

    \b
    HOSO_KEY=hoso_... hoso kit check http://127.0.0.1:8080 --agency H29.13
    hoso kit check http://127.0.0.1:8080 --agency H29.13 --other-key hoso_... --callback-port 8913
    hoso kit check https://hoso.city.example --agency H29.13 --callback-port 8913 --by-operator
    hoso kit check http://127.0.0.1:8080 --agency H29.13 --json | jq '.scenarios[] | select(.outcome == "failed")'
    """
    from hoso.kit.checking import check as all_of
    from hoso.kit.edge import Edge
    from hoso.kit.scenario import Outcome
    from hoso.kit.visit import Visit

    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url} is no address, such as http://127.0.0.1:8080")
    if callback_port is None and (by_operator or public_key is not None):
        raise typer.BadParameter("--by-operator and --public-key go with --callback-port")
    console = Console()
    waits = wait if by_operator else None
    with _hearing(agency, callback_host, callback_port, secret, public_key, waits) as ear:
        visit = Visit(Edge(url, key), agency, procedure, other_key, ear)
        report = all_of(visit, shown=lambda one: None if as_json else _print(console, one))
    if as_json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        _tell(console, report)
    if report.count(Outcome.FAILED):
        raise typer.Exit(1)


@kit.command("list")
def show(as_json: AsJson = False) -> None:
    """List what `hoso kit check` tries, and what the contract promises of each.

    \b
    hoso kit list
    hoso kit list --json | jq -r '.[].name'
    """
    from hoso.kit.checking import SCENARIOS

    if as_json:
        rows = [{"name": one.name, "says": one.says, "expected": one.expects, "needs": one.needs} for one in SCENARIOS]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("name", "what", "expected"):
        table.add_column(column, overflow="fold")
    for one in SCENARIOS:
        table.add_row(one.name, escape(one.says), escape(one.expects))
    Console().print(table)


@contextmanager
def _hearing(
    agency: str, host: str, port: int | None, secret: str, public_key: Path | None, wait: float | None
) -> "Iterator[Hearing | None]":
    """The agency's side of a callback, listening; None without a port. `wait`: somebody else sends."""
    if port is None:
        yield None
        return
    from hoso.kit.hearing import Hearing
    from sandbox.ear import Call, Ear, callback_url, heard

    calls: queue.Queue[Call] = queue.Queue()
    verifier, listening = verifier_of(secret, public_key), opened(host, port)
    url = callback_url(listening)
    if wait is not None:
        print(f"listening on {url} for {wait:g} s: an operator runs `hoso agency test {agency}`", file=sys.stderr)
    sends = None if wait is not None else partial(_send, agency, url, public_key is not None)
    with heard(Ear(verifier, calls.put), listening):
        yield Hearing(calls, wait or 0.0, sends)


def _send(agency: str, url: str, ed25519: bool) -> "Sequence[str]":
    from hoso.kit.sending import send

    return send(agency, url, ed25519)


def _print(console: Console, one: "Result") -> None:
    """A scenario's line as soon as it ended, and of one that failed what to do about it."""
    colour = COLOURS[one.outcome]
    says = f"{one.scenario.says}: {one.came}" if one.outcome == "skipped" else one.scenario.says
    console.print(f"[{colour}]{one.outcome:<8}[/] {one.scenario.name:<19} {escape(says)}", soft_wrap=True)
    if one.outcome == "failed":
        _detail(console, "expected: ", one.scenario.expects)
        _detail(console, "came:     ", str(one.came))
        _detail(console, "next:     ", str(one.helps))


def _detail(console: Console, name: str, says: str) -> None:
    from connectors.dead_letters import printable

    console.print(f"         {name}{escape(printable(says))}", soft_wrap=True, highlight=False)


def _tell(console: Console, report: "Report") -> None:
    """The counts, and what the visit leaves behind."""
    from hoso.kit.scenario import Outcome

    counts = ", ".join(f"{report.count(one)} {one}" for one in Outcome)
    console.print(f"\n{counts}: {escape(report.visit.edge.url)} as {report.visit.agency}", soft_wrap=True)
    console.print(escape(report.left()), soft_wrap=True, highlight=False)
