"""`hoso fleet show|finalise`: which releases run, and from when on the newest may write what older ones cannot read."""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hoso import fleet as processes
from hoso.cli.cluster import bootstrap_of
from hoso.fleet import Fleet
from hoso.settings import Settings
from schemas.release import RELEASE, reaches

fleet = typer.Typer()
PATIENCE_SECONDS = 10.0

Ask = Annotated[
    list[str] | None,
    typer.Option(help="An operators' port to ask, host:port; as often as there are. Without it those of `hoso up`."),
]


@fleet.command()
def show(ask: Ask = None, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Show every process with its release, who takes part on Kafka and was not asked, and what is finalised.

    \b
    hoso fleet show
    hoso fleet show --ask worker-0:9100 --ask worker-1:9100 --ask edge-0:9100
    """
    from connectors.reference import in_force
    from connectors.verdicts import TryLater

    bootstrap = bootstrap_of()
    try:
        found, bundle = _look(bootstrap, ask), in_force(bootstrap)
    except TryLater as error:
        _stop(str(error))
    level = bundle.finalised if bundle else None
    if as_json:
        print(json.dumps(_document(found, level), ensure_ascii=False, indent=2))
        return
    for one in found.asked:
        if one.who:
            print(f"{one.who.kind:<10} {one.who.name:<20} {one.who.release:<10} {one.address}")
    for line in found.unseen():
        print(f"not known: {line}")
    print(f"finalised: {level or 'nothing is published yet'}")


@fleet.command()
def finalise(
    release: Annotated[str, typer.Argument(help="The release that every process runs.")] = RELEASE,
    ask: Ask = None,
    yes: Annotated[bool, typer.Option("--yes", help="You made sure of those that are not known.")] = False,
    folder: Annotated[Path | None, typer.Option(help="The reference data's folder; its fleet.toml is kept.")] = None,
) -> None:
    """Let this release's new event versions be written: once every process runs it, and not before.

    Whoever is seen with an older release prevents it. There is no way back to that release afterwards: it would park
    what it cannot read.

    \b
    hoso fleet finalise
    hoso fleet finalise 0.2.0 --ask worker-0:9100 --ask edge-0:9100 --yes
    """
    from connectors.reference import in_force, publish, versioned
    from connectors.verdicts import Refused, TryLater

    if not _is_release(release) or not reaches(RELEASE, release):
        _stop(f"{release} is no release that this command, of {RELEASE}, knows: use the newest release's command")
    bootstrap = bootstrap_of()
    try:
        bundle = in_force(bootstrap)
        if bundle is None:
            _stop("no reference data is published: `hoso reference apply`")
        if reaches(bundle.finalised, release):
            print(f"{bundle.finalised} is finalised already")
            return
        found = _look(bootstrap, ask)
        _judge(found, release, yes)
        after = versioned(bundle.model_copy(update={"finalised": release, "why": None}))
        publish(bootstrap, after, finalises=True)
    except (TryLater, Refused) as error:
        _stop(str(error))
    print(f"{release} is finalised, {after.version} is in force")
    print(f"commit {_keep(folder, release)}: the next `hoso reference apply` must say the same")


def _judge(found: Fleet, release: str, yes: bool) -> None:
    """End here if somebody would not read what is written then, or might not."""
    if older := found.older_than(release):
        _stop("\n".join([*older, f"nothing is finalised: every process must run {release} first"]))
    if (unseen := found.unseen()) and not yes:
        says = "nothing is finalised: name their operators' ports with --ask, or say --yes once you made sure of them"
        _stop("\n".join([*(f"not known: {line}" for line in unseen), says]))


def _look(bootstrap: str, ask: list[str] | None) -> Fleet:
    addresses = ask if ask else processes.remembered(Settings().home)
    return processes.look(addresses, _members(bootstrap))


def _members(bootstrap: str) -> dict[str, list[str]]:
    """Who is in our groups. A cluster that was never asked for one makes its place for groups first."""
    from connectors.broker.groups import members
    from connectors.verdicts import TryLater

    until, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while True:
        try:
            return members(bootstrap, processes.GROUPS)
        except TryLater:
            if time.monotonic() > until:
                raise
        pause.wait(0.5)


def _document(found: Fleet, level: str | None) -> dict[str, Any]:
    asked = [
        {"address": one.address, "kind": one.who.kind, "name": one.who.name, "release": one.who.release}
        for one in found.asked
        if one.who
    ]
    return {"finalised": level, "processes": asked, "not_known": found.unseen()}


def _keep(folder: Path | None, release: str) -> Path:
    from connectors.reference import FLEET
    from hoso.rehearsal import reference_dir

    file = (folder or reference_dir()) / FLEET
    file.write_text(
        "# How far the processes may write: the newest release that all of them run. `hoso fleet finalise` keeps it.\n"
        f'finalised = "{release}"\n'
    )
    return file


def _is_release(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 3 and all(part.isdecimal() for part in parts)


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
