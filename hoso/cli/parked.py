"""`hoso parked ...`: dossiers whose facts wait because one could not be folded; retry them, or skip that one."""

import base64
import getpass
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of, version_of
from hoso.cli.counted import counted
from hoso.cli.why import reason

if TYPE_CHECKING:
    from connectors.parked import Parked
    from rules.kept import Parked as Waiting
    from schemas.ops import EventSkipped, Retried

parked = typer.Typer()

Code = Annotated[str, typer.Argument(help="The dossier's code, as `list` shows it.")]
Why = Annotated[str, typer.Option(callback=reason, help="The reason; it stands on the log beside your name.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@parked.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List the parked dossiers: the fact that failed, why, since when, how many wait.

    \b
    hoso parked list
    hoso parked list --json | jq -r '.[] | [.dossier, .why] | @tsv'
    """
    from connectors.parked import standing

    with answering():
        found = standing(bootstrap_of())
    if as_json:
        print(json.dumps([_row(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        print(_line(one))
    if not found:
        print("no dossier is parked")


@parked.command()
def show(code: Code, as_json: AsJson = False) -> None:
    """Show one parked dossier: why, whether this release folds what waits, and what it does not, in order, as it came.

    \b
    hoso parked show H29.12-261102-0001
    hoso parked show H29.12-261102-0001 --json | jq -r '.waiting[].text | fromjson.type'
    """
    from connectors.dead_letters import printable
    from connectors.history import history, published

    with answering():
        bootstrap = bootstrap_of()
        one = _one(bootstrap, code)
        version_of(bootstrap)
        found = history(bootstrap, published(bootstrap), code, the_archive())
    waiting, lettered = (found.kept.parked, found.kept.lettered) if found else ((), 0)
    now = found.kept.why if found else ""
    if as_json:
        facts = {"waiting": [_fact(fact) for fact in waiting], "lettered": lettered}
        print(json.dumps(_row(one) | {"folds_now": not waiting, "now": now} | facts, ensure_ascii=False, indent=2))
        return
    print(_line(one))
    print(f"today: {now or f'this release folds what waits: `hoso parked retry {code}`'}")
    for fact in waiting:
        print(printable(fact.raw.decode(errors="replace")))
    if lettered:
        print(f"{counted(lettered, 'later fact')} with the dead letters: put back after the retry, in order")


@parked.command()
def retry(code: Code, why: Why) -> None:
    """Fold what waits again, in order: what failed is mended. A fact on the log, so that a rebuild agrees.

    What is not parked is refused, with status 1. If a fact fails again, it and those behind it wait on.

    \b
    hoso parked retry H29.12-261102-0001 --why "release 0.1.1 reads it"
    """
    from connectors.parked import retried

    with answering():
        bootstrap = bootstrap_of()
        one = _one(bootstrap, code)
        _say(bootstrap, retried(one.dossier, getpass.getuser(), version_of(bootstrap), why))


@parked.command()
def skip(code: Code, why: Why) -> None:
    """Go on without the fact that failed: it stays on the log and has no effect. Those behind it are folded.

    What is not parked is refused, with status 1.

    \b
    hoso parked skip H29.12-261102-0001 --why "sent twice by mistake"
    """
    from connectors.parked import skipped

    with answering():
        bootstrap = bootstrap_of()
        one = _one(bootstrap, code)
        _say(bootstrap, skipped(one, getpass.getuser(), version_of(bootstrap), why))


def _one(bootstrap: str, code: str) -> "Parked":
    """The parked dossier of this code; a sentence and status 1 where none is. Raises TryLater."""
    from connectors.parked import NotParked, standing_one

    try:
        return standing_one(bootstrap, code)
    except NotParked as error:
        stop(str(error))


def _say(bootstrap: str, event: "Retried | EventSkipped") -> None:
    """An operator's word, on the dossier's log."""
    from connectors.broker import Producer

    with Producer(bootstrap, "hoso-parked") as producer:
        producer.publish([event])
    print(f"{event.type.removeprefix('vn.hoso.')} is on the log of {event.subject}")


def _line(one: "Parked") -> str:
    waits = "waits" if one.facts == 1 else "wait"
    return f"{one.dossier}  {counted(one.facts, 'fact')} {waits} since {one.since.isoformat()}: {one.why}  ({one.what})"


def _row(one: "Parked") -> dict[str, Any]:
    """A parked dossier for machines."""
    return asdict(one) | {"since": one.since.isoformat()}


def _fact(one: "Waiting") -> dict[str, str]:
    """A fact that waits, for machines: its bytes as text, or in base64 where they are none."""
    from hoso.letters import text_of

    text = text_of(one.raw)
    return {"what": one.shown} | ({"text": text} if text is not None else {"bytes": base64.b64encode(one.raw).decode()})
