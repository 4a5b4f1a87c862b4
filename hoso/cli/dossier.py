"""`hoso dossier CODE`: what happened to a dossier, from its log."""

import json
from typing import Annotated, Any

import typer
from msgspec import to_builtins
from rich.console import Console
from rich.table import Table

from connectors.history import History, history, published
from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from rules.facts import here
from rules.reference import Reference
from rules.shown import days_of, days_shown, shown
from schemas import trace
from schemas.event import Event
from schemas.instant import clock, date_of
from schemas.postal import ItemMoved

Code = Annotated[str, typer.Argument(help="The dossier's code, as on the slip: H29.12-261102-0001")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]


def dossier(code: Code, as_json: AsJson = False) -> None:
    """Print a dossier's state, whose its days were until today, and its timeline, from its log.

    \b
    hoso dossier H29.12-261102-0001
    hoso dossier H29.12-261102-0001 --json | jq .state.clock.due_on
    """
    told, _ = found(code)
    state = to_builtins(shown(told.dossier, told.dossier.view()))
    archived_at = here(told.kept.stub.archived_at) if told.kept.stub else None
    if archived_at is not None:
        state["archived_at"] = archived_at.isoformat()
    held = [days_shown(row) for row in days_of(told.dossier, date_of(clock().now()))]
    if as_json:
        document = {"code": code, "state": state | {"days": held}, "timeline": _timeline(told)}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(f"[bold]{code}[/]  {state['status']}  (national status {state.get('national_status', '-')})")
    if archived_at is not None:
        console.print(f"  archived since {archived_at:%Y-%m-%d}: later facts are refused; hoso reopen {code} opens it")
    for name in ("procedure_code", "channel", "return_mode", "receiving_agency", "competent_agency", "holder"):
        if name in state:
            console.print(f"  {name.replace('_', ' ')}: {state[name]}")
    stands = state["clock"]
    console.print(
        f"  clock: {stands['state']}"
        + "".join(f", {k} {stands[k]}" for k in ("due_on", "outcome", "basis") if k in stands)
    )
    for leg in state.get("legs", ()):
        known = leg.get("status") or "nothing confirmed yet"
        console.print(f"  leg {leg['leg']}: {leg['carrier']} {leg.get('item_code', '')} order {leg['order']}, {known}")
    for row in held:
        late = f", {row['late']} of them late" if row["late"] else ""
        console.print(f"  days with {row['holder']} {row.get('agency', '')}: {row['days']}{late}")
    console.print(_table(told))


def found(code: str) -> tuple[History, Reference]:
    """A dossier by its log, and all reference data.

    A sentence and status 1 where there is none, no broker, or the log's beginning is in neither topic nor archive.
    """
    with answering():
        bootstrap = bootstrap_of()
        reference = published(bootstrap)
        told = history(bootstrap, reference, code, the_archive())
    if told is None:
        stop(f"no dossier {code} on the log: is the code whole, as on the slip?")
    return told, reference


def _timeline(found: History) -> list[dict[str, Any]]:
    return [
        {"time": told.fact.time.isoformat(), "type": told.fact.type, "source": told.fact.source, "id": told.fact.id,
         "trace": _trace(told.fact), "set_in_motion": [fact.type for fact in told.said]}
        for told in found.told
    ]  # fmt: skip


def _trace(fact: Event) -> str | None:
    """Under which id a collector has its way."""
    context = trace.known(fact.traceparent)
    return trace.trace_in(context) if context else None


def _table(found: History) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("happened", "fact", "stated by", "set in motion"):
        table.add_column(name, overflow="fold", no_wrap=name == "fact")
    for told in found.told:
        said = ", ".join(dict.fromkeys(map(_short, told.said)))
        table.add_row(f"{told.fact.time:%Y-%m-%d %H:%M}", _short(told.fact), told.fact.source, said)
    return table


def _short(fact: Event) -> str:
    name = fact.type.removeprefix("vn.hoso.").removesuffix(".v1")
    if isinstance(fact, ItemMoved):
        return f"{fact.data.status} {fact.data.certainty.lower()}"
    return name.removeprefix("dossier.").replace("state_changed", "state")
