"""`hoso parked ...`: dossiers whose facts wait because one could not be folded; retry them, or skip that one."""

import getpass
import json
import sys
from typing import Annotated, Any

import typer

from hoso.cli.cluster import bootstrap_of

parked = typer.Typer()

Code = Annotated[str, typer.Argument(help="The dossier's code.")]
Why = Annotated[str, typer.Option(help="The reason; it stands on the log beside your name.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@parked.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List the parked dossiers: the fact that failed, why, since when, how many wait.

    \b
    hoso parked list
    """
    rows = _parked(bootstrap_of())
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        print(f"{row['dossier']}  {row['facts']} wait since {row['since']}: {row['why']}  ({row['what']})")
    if not rows:
        print("no dossier is parked")


@parked.command()
def show(code: Code) -> None:
    """Show the facts of one parked dossier that wait, in their order, as they came.

    \b
    hoso parked show H29.12-261102-0001
    """
    from connectors.history import history, published

    bootstrap = bootstrap_of()
    found = history(bootstrap, published(bootstrap), code)
    if found is None or not found.kept.parked:
        print(
            f"{code} is not parked by this release's rules: `hoso parked retry {code}` folds what waits",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    print(f"{code}: {found.kept.why}")
    for one in found.kept.parked:
        print(one.raw.decode(errors="replace"))


@parked.command()
def retry(code: Code, why: Why) -> None:
    """Fold what waits again, in order: what failed is mended. A fact on the log, so that a rebuild agrees.

    \b
    hoso parked retry H29.12-261102-0001 --why "release 0.1.1 reads it"
    """
    from schemas.ops import Retried

    _say(Retried, code, code, why)


@parked.command()
def skip(code: Code, why: Why) -> None:
    """Go on without the fact that failed: it stays on the log and has no effect.

    \b
    hoso parked skip H29.12-261102-0001 --why "sent twice by mistake"
    """
    from schemas.ops import EventSkipped

    row = next((row for row in _parked(bootstrap_of()) if row["dossier"] == code), None)
    if row is None:
        print(f"{code} is not parked", file=sys.stderr)
        raise typer.Exit(1)
    _say(EventSkipped, code, row["what"], why)


def _parked(bootstrap: str) -> list[dict[str, Any]]:
    """Every dossier whose last public state says that it is parked."""
    from connectors.history import last_states

    states = sorted(last_states(bootstrap).items())
    return [{"dossier": code} | data.parked.model_dump(mode="json") for code, data in states if data.parked]


def _say(kind: Any, code: str, what: str, why: str) -> None:
    """An operator's word, on the dossier's log."""
    from connectors.broker import Producer
    from connectors.history import published_versions
    from connectors.operators import word_of

    bootstrap = bootstrap_of()
    event = word_of(getpass.getuser(), kind, code, published_versions(bootstrap)[-1], what=what, why=why)
    with Producer(bootstrap, "hoso-parked") as producer:
        producer.publish([event])
    print(f"{event.type.removeprefix('vn.hoso.')} is on the log of {code}")
