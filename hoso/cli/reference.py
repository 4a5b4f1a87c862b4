"""`hoso reference check|apply`: agencies, procedures, calendars and carriers, validated and put in force."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hoso.cli.cluster import bootstrap_of

reference = typer.Typer()

Folder = Annotated[Path | None, typer.Argument(help="The folder; without it HOSO_REFERENCE_DIR, or deploy/reference.")]


@reference.command()
def check(folder: Folder = None) -> None:
    """Validate every file of the reference data; a wrong one is named with its key and the reason.

    \b
    hoso check
    hoso check deploy/reference
    hoso reference check
    """
    from connectors.reference import WrongReference, read_dir
    from connectors.reference_files import strays

    place = _folder(folder)
    wrong = strays(place)
    try:
        bundle = read_dir(place)
    except WrongReference as error:
        wrong = [*error.problems, *wrong]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        raise typer.Exit(1)
    print(
        f"{bundle.version}: {len(bundle.agencies)} agencies, {len(bundle.procedures)} procedures, "
        f"calendar {bundle.calendar.version}, {len(bundle.carrier_rules)} carrier rules"
    )


@reference.command()
def apply(folder: Folder = None) -> None:
    """Put this version of the reference data in force: every process takes it from the topic `reference`.

    \b
    hoso reference apply
    """
    from connectors.reference import WrongReference, publish, read_dir
    from connectors.verdicts import Refused, TryLater

    try:
        bundle = read_dir(_folder(folder))
        fresh = publish(bootstrap_of(), bundle)
    except (WrongReference, TryLater, Refused) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"{bundle.version} is in force" if fresh else f"{bundle.version} was in force already")


def _folder(given: Path | None) -> Path:
    from hoso.rehearsal import reference_dir

    return given or reference_dir()
