"""`hoso calendar preview|apply|revert`: what another calendar would mean, and putting it in force."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.archive import opened
from hoso.cli.calendar_files import answering, read, stop, target
from hoso.cli.cluster import bootstrap_of

if TYPE_CHECKING:
    from connectors.calendars.proposals import Proposal
    from connectors.calendars.standings import Standing
    from schemas.reference import Calendar

PROGRESS_EVERY = 20_000

File = Annotated[Path, typer.Argument(help="A calendar: one TOML file, as in deploy/reference/calendars.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
ToCsv = Annotated[Path | None, typer.Option("--csv", help="Write a line here for every dossier that is touched.")]
Why = Annotated[str | None, typer.Option(help="Why; it is kept with the version.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Folder = Annotated[Path | None, typer.Option(help="The reference data whose calendar is kept in step.")]
Archived = Annotated[
    str | None, typer.Option(help="Fold the log (this archive and the topic), not what was said of it.")
]


def preview(file: File, to_csv: ToCsv = None, archive: Archived = None, as_json: AsJson = False) -> None:
    """Say what a calendar would mean for every open dossier, and list those it touches. Nothing is changed.

    Which due dates move, which dossiers leave or enter lateness as of now, which apologies become needless.

    \b
    hoso calendar preview calendar.toml
    hoso calendar preview calendar.toml --csv moved.csv
    hoso calendar preview calendar.toml --json | jq .totals
    """
    from connectors.calendars.versions import CannotApply, check_new

    given = read(file)
    with answering():
        proposal = _proposal(given, None)
        try:
            if not proposal.changes_nothing:
                check_new(proposal.versions, given)
        except CannotApply as error:
            print(f"`hoso calendar apply` would refuse it: {error}", file=sys.stderr)
        _tell(proposal, to_csv, archive, as_json)


def apply(
    file: File, why: Why = None, yes: Yes = False, to_csv: ToCsv = None, archive: Archived = None, folder: Folder = None
) -> None:
    """Put a calendar in force as a new version, after showing what it means; the workers move every date it touches.

    Versions are kept and never rewritten. The calendar of the reference data's folder becomes this one: commit it.

    \b
    hoso calendar apply calendar.toml --why "swap of 4 January, 12/VPCP-KGVX"
    hoso calendar apply calendar.toml --yes
    """
    from connectors.calendars.versions import check_new

    given = read(file)
    with answering():
        proposal = _proposal(given, why)
        if proposal.changes_nothing:
            print(f"nothing to do: version {proposal.in_force.calendar.version} in force has exactly these days")
            return
        check_new(proposal.versions, given)
        _apply(proposal, yes, to_csv, archive)
    place = target(folder)
    if place is None:
        print(f"keep {file} in the reference data's folder: the next `hoso reference apply` must say the same")
    elif place.resolve() != file.resolve():
        shutil.copyfile(file, place)
        print(f"commit {place}: the next `hoso reference apply` must say the same")


def revert(
    to: Annotated[str | None, typer.Option(help="A version by its name; without it the calendar before.")] = None,
    why: Why = None,
    yes: Yes = False,
    to_csv: ToCsv = None,
    archive: Archived = None,
    folder: Folder = None,
) -> None:
    """Put an earlier calendar in force again, as a new version, after showing what it means. Nothing is deleted.

    Said twice it takes back what it took back.

    \b
    hoso calendar revert
    hoso calendar revert --to 2026-11-24 --why "the swap was withdrawn"
    """
    from connectors.calendar_files import written_calendar
    from connectors.calendars.drafts import NoSuchVersion, earlier
    from connectors.calendars.proposals import Proposal
    from connectors.calendars.versions import history
    from schemas.instant import date_of, now

    with answering():
        versions = history(bootstrap_of())
        try:
            draft = earlier(versions, to, date_of(now()))
        except NoSuchVersion:
            stop(f"no version is called {to}: `hoso calendar list` names them" if to else "there was never another one")
        given = draft.calendar
        proposal = Proposal(versions, given, why or f"as in version {draft.puts_back}")
        if proposal.changes_nothing:
            print(f"nothing to do: version {proposal.in_force.calendar.version} in force has exactly these days")
            return
        _apply(proposal, yes, to_csv, archive)
    if place := target(folder):
        place.write_text(written_calendar(given), encoding="utf-8")
        print(f"commit {place}: the next `hoso reference apply` must say the same")
    else:
        print(
            "keep what `hoso calendar show --toml` prints in the reference data's folder: "
            "the next `hoso reference apply` must say the same"
        )


def _apply(proposal: "Proposal", yes: bool, to_csv: Path | None, archive: str | None) -> None:
    """Show what it means, ask, and publish."""
    _tell(proposal, to_csv, archive)
    if not yes and not typer.confirm("put it in force?", err=True):
        stop("nothing is changed")
    proposal.apply(bootstrap_of())
    moved = proposal.totals.earlier + proposal.totals.later
    print(f"{proposal.bundle.version} is in force: the workers move open dossiers to it, {moved:,} due dates change")


def _tell(proposal: "Proposal", to_csv: Path | None, archive: str | None, as_json: bool = False) -> None:
    """The days, the totals, and the dossiers nearest to harm; or everything as one object."""
    from connectors.calendars import telling

    rows = proposal.touched(_standings(archive))
    with telling.table(to_csv) as table:
        if as_json:
            telling.document(table.through(rows), proposal.totals, sys.stdout)
            return
        for line in telling.difference(proposal.change, proposal.in_force.calendar.version):
            print(line)
        worst = telling.Worst()
        for one in table.through(rows):
            worst.add(one)
    for line in (*telling.figures(proposal.totals), *worst.lines(to_csv)):
        print(line)


def _proposal(given: "Calendar", why: str | None) -> "Proposal":
    from connectors.calendars.proposals import Proposal
    from connectors.calendars.versions import history

    return Proposal(history(bootstrap_of()), given, why)


def _standings(archive: str | None) -> "Iterator[Standing]":
    from connectors.calendars.standings import folded_standings, said_standings

    if archive:
        return folded_standings(bootstrap_of(), opened(archive), _progress)
    return said_standings(bootstrap_of(), _progress)


def _progress(count: int, size: int) -> None:
    if count % PROGRESS_EVERY == 0:
        print(f"{count:,} of {size:,} records read", file=sys.stderr)
