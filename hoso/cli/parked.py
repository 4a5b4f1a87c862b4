"""`hoso parked ...`: dossiers whose facts wait because one could not be folded; retry them, or skip that one."""

import getpass
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted

if TYPE_CHECKING:
    from schemas.ops import EventSkipped, Retried

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
    from connectors.parked import standing

    found = standing(bootstrap_of())
    if as_json:
        rows = [asdict(one) | {"since": one.since.isoformat()} for one in found]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in found:
        print(f"{one.dossier}  {one.facts} wait since {one.since.isoformat()}: {one.why}  ({one.what})")
    if not found:
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
    if found.kept.lettered:
        later = counted(found.kept.lettered, "later fact")
        print(f"{later} with the dead letters: no more fits; `hoso dead-letters redrive` after the retry")


@parked.command()
def retry(code: Code, why: Why) -> None:
    """Fold what waits again, in order: what failed is mended. A fact on the log, so that a rebuild agrees.

    \b
    hoso parked retry H29.12-261102-0001 --why "release 0.1.1 reads it"
    """
    from connectors.history import published_versions
    from connectors.parked import retried

    bootstrap = bootstrap_of()
    _say(bootstrap, retried(code, getpass.getuser(), published_versions(bootstrap)[-1], why))


@parked.command()
def skip(code: Code, why: Why) -> None:
    """Go on without the fact that failed: it stays on the log and has no effect.

    \b
    hoso parked skip H29.12-261102-0001 --why "sent twice by mistake"
    """
    from connectors.history import published_versions
    from connectors.parked import skipped, standing

    bootstrap = bootstrap_of()
    found = next((one for one in standing(bootstrap) if one.dossier == code), None)
    if found is None:
        print(f"{code} is not parked", file=sys.stderr)
        raise typer.Exit(1)
    _say(bootstrap, skipped(found, getpass.getuser(), published_versions(bootstrap)[-1], why))


def _say(bootstrap: str, event: "Retried | EventSkipped") -> None:
    """An operator's word, on the dossier's log."""
    from connectors.broker import Producer

    with Producer(bootstrap, "hoso-parked") as producer:
        producer.publish([event])
    print(f"{event.type.removeprefix('vn.hoso.')} is on the log of {event.subject}")
