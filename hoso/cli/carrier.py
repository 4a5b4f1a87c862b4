"""`hoso carrier ...`: the carriers this release speaks to, their codes, their pools, and what their bytes say."""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.carrier_codes import map_code, unknown
from hoso.cli.carrier_pool import pool

if TYPE_CHECKING:
    from connectors.carriers import Carrier, Update

carrier = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="CARRIER", help="A carrier, as `hoso carrier list` names it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@carrier.callback()
def about() -> None:
    """Which carriers this release speaks to, what their codes mean, and what their bytes say."""


@carrier.command()
def translate(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A webhook's body, or an answer to a question; - is standard input.")],
    api_version: Annotated[
        str | None, typer.Option(help="The list of codes the body belongs to; without it the newest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="On one line.")] = False,
) -> None:
    """Print what a carrier's body says, as JSON: an update; or a list in the body's order, if it is a batch.

    A body that nobody can read is status 1. Nothing is sent or stored, and no cluster is needed.

    \b
    hoso carrier translate myvnpost body.json
    hoso carrier translate viettelpost --api-version old - < body.json
    hoso carrier translate ghtk body.txt | jq -r .status
    """
    from connectors.verdicts import Unreadable

    found = _named(name)
    if str(file) != "-" and not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    if api_version is not None and api_version not in (known := _lists(found)):
        raise typer.BadParameter(f"{name} has no list {api_version}: it has {', '.join(known)}")
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        updates = found.updates(body, api_version)
    except Unreadable as error:
        print(f"this is no body of {name} that can be read: {error.why}", file=sys.stderr)
        raise typer.Exit(1) from error
    rows = [_row(update) for update in updates]
    print(json.dumps(rows if len(rows) != 1 or _is_batch(body) else rows[0], indent=None if as_json else 2))


@carrier.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List the carriers: what becomes of an order without an answer, whether they can be asked, whether they are set.

    \b
    hoso carrier list
    hoso carrier list --json | jq -r '.[] | select(.url_is_set) | .carrier'
    """
    from connectors.carriers import carriers

    rows = [
        (name, one.in_doubt.name, one.asks, one.table_version, _url_is_set(name))
        for name, one in sorted(carriers().items())
    ]
    if as_json:
        names = ("carrier", "in_doubt", "asks", "table_version", "url_is_set")
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
        return
    shown = [
        (name, in_doubt, "can be asked" if asks else "cannot be asked", table, "url set" if is_set else "url not set")
        for name, in_doubt, asks, table, is_set in rows
    ]
    _print([("carrier", "in doubt", "questions", "table", "url"), *shown])


@carrier.command()
def codes(name: Name, as_json: AsJson = False) -> None:
    """Print a carrier's whole table: its codes by list, what they mean, and its reason codes with whom they blame.

    A code that the carrier's document does not back is reported only: it closes nothing until a question or an
    operator says the same. Codes that are not here are UNKNOWN.

    \b
    hoso carrier codes viettelpost
    hoso carrier codes ghn --json | jq '.reasons'
    """
    found = _named(name)
    statuses, reasons = _statuses(found), _reasons(found)
    if as_json:
        document = {"carrier": name, "table_version": found.table_version, "statuses": statuses, "reasons": reasons}
        print(json.dumps(document, indent=2))
        return
    print(f"{name}: {found.table_version}")
    _print([("list", "code", "status", "", ""), *map(_status_line, statuses)])
    if reasons:
        lines = [(row["code"], row["reason"] or "-", row["fault"] or "-") for row in reasons]
        _print([("reason", "means", "blames"), *lines])
    else:
        print("reasons are read from its words")


carrier.command()(unknown)
carrier.command("map")(map_code)
carrier.command()(pool)


# ---------------------------------------------------------------- what they share


def _named(name: str) -> "Carrier":
    """The carrier of this name, or status 2 with the names there are."""
    from connectors.carriers import carriers

    if (found := carriers().get(name)) is None:
        raise typer.BadParameter(f"there is no carrier {name}: there are {', '.join(sorted(carriers()))}")
    return found


def _row(update: "Update") -> dict[str, str | None]:
    """An update as the carriers' papers in the tests have it."""
    return {
        "item": update.item,
        "reference": update.reference,
        "status": update.status.value,
        "reason": update.reason.value if update.reason else None,
        "at": update.at.isoformat() if update.at else None,
    }


def _is_batch(body: bytes) -> bool:
    """Whether a body that was read holds its records in a list, be it a list of one."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said.get("data") if isinstance(said, dict) else said, list)


def _url_is_set(name: str) -> bool:
    """Whether its settings say where it answers. A wrong one is a sentence and status 2."""
    from connectors.carrier_settings import CarrierSettings
    from connectors.settings import Settings, load

    kind = Settings.model_fields[name].annotation
    assert isinstance(kind, type) and issubclass(kind, CarrierSettings)
    return load(kind).url is not None


def _of_its_module(found: "Carrier", table: str) -> Any:
    """A table of the module that the carrier is in; empty where it has none."""
    return getattr(import_module(type(found).__module__), table, {})


def _lists(found: "Carrier") -> list[str]:
    """Its lists of codes, the newest first."""
    return list(dict.fromkeys(version for version, _ in _of_its_module(found, "STATUSES")))


def _statuses(found: "Carrier") -> list[dict[str, Any]]:
    unconfirmed, back = _of_its_module(found, "UNCONFIRMED"), _of_its_module(found, "ON_THE_WAY_BACK")
    return [
        {
            "list": version,
            "code": code,
            "status": status.value,
            "on_the_way_back": back[code].value if code in back else None,
            "confirmed": (version, code) not in unconfirmed,
        }
        for (version, code), status in _of_its_module(found, "STATUSES").items()
    ]


def _reasons(found: "Carrier") -> list[dict[str, Any]]:
    """Its reason codes; none where reasons are read from words."""
    return [
        {"code": code, "reason": reason and reason.value, "fault": fault and fault.value}
        for code, (reason, fault) in _of_its_module(found, "REASONS").items()
    ]


def _status_line(row: dict[str, Any]) -> tuple[str, ...]:
    back = f"on the way back {row['on_the_way_back']}" if row["on_the_way_back"] else ""
    return row["list"], row["code"], row["status"], back, "" if row["confirmed"] else "reported only"


def _print(rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns as wide as their widest word."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
