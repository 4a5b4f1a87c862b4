"""`hoso confirm`: an operator's word on what a carrier only reported, parcel by parcel or by the day's list."""

import getpass
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of, version_of
from hoso.cli.counted import counted
from hoso.cli.why import MOST_WHY

if TYPE_CHECKING:
    from connectors.confirming import Claim, Judged, Word

READ_EVERY, SAID_EVERY = 200_000, 1_000
MOST_BY = 100


def confirm(
    carrier: Annotated[str, typer.Argument(help="The carrier, as `hoso carrier list` names it.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="LIST.csv", help="Its list: reference or item_code, status, and a time if it has one."),
    ] = None,
    dossier: Annotated[str | None, typer.Option(help="Instead of a list: the dossier's code.")] = None,
    leg: Annotated[str | None, typer.Option(help="Its leg: D1.")] = None,
    status: Annotated[str | None, typer.Option(help="What is true: a status of ours, or the carrier's code.")] = None,
    why: Annotated[str, typer.Option(help="The reason; it stands on the log beside your name.")] = "",
    by: Annotated[str | None, typer.Option(help="Who says so; without it you, by the name this machine knows.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option(help="How the list calls a column: item_code=Số hiệu,status=Trạng thái.")
    ] = None,
    unreported: Annotated[
        bool, typer.Option("--unreported", help="Also what the carrier has not reported: it counts once it does.")
    ] = False,
    days: Annotated[
        int, typer.Option(min=1, max=3650, help="Look for a list's parcels in the log of so many days.")
    ] = 90,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Confirm statuses that a carrier reported without proof, so that agencies are told and dossiers close.

    Each row becomes one fact on its dossier's log; a list that is read twice says nothing twice. A row is refused if
    the parcel is not this carrier's, or if the carrier never reported that status; the exit status is 1 then.

    \b
    hoso confirm viettelpost deliveries-2026-11-20.csv --dry-run
    hoso confirm viettelpost deliveries-2026-11-20.csv --by "Trần Thị Mẫu"
    hoso confirm ems list.csv --columns "item_code=Số hiệu,status=Trạng thái,time=Ngày phát"
    hoso confirm ems --dossier H29.12-261102-0001 --leg D1 --status DELIVERED --why "the citizen called"
    """
    from connectors.confirming import Outcome, judge, look

    wanted = _wanted(file, columns or [], (dossier, leg, status), why)
    word = _word(carrier, file, why, by, unreported)
    with answering():
        bootstrap = bootstrap_of()
        found = look(bootstrap, wanted, timedelta(days=days), _read, the_archive())
        judged = list(judge(replace(word, refversion=version_of(bootstrap)), wanted, found))
        if not dry_run:
            _say(bootstrap, judged)
    _tell(carrier, judged, dry_run, as_json)
    if any(one.outcome is Outcome.REFUSED for one in judged):
        raise typer.Exit(1)


# ---------------------------------------------------------------- what is asked


def _wanted(
    file: Path | None, columns: Sequence[str], single: tuple[str | None, str | None, str | None], why: str
) -> "list[Claim]":
    """The list's rows, or the one that the options make."""
    from connectors.confirming import COLUMNS, Claim, claims
    from connectors.partner_lists import WrongList, renamed
    from schemas.postal import reference_of

    dossier, leg, status = single
    if file is not None:
        if any(single):
            raise typer.BadParameter("either a list, or --dossier, --leg and --status")
        try:
            return claims(file, renamed(columns, COLUMNS))
        except WrongList as error:
            stop(str(error))
    if not dossier or not leg or not status:
        raise typer.BadParameter("name a list, or --dossier, --leg and --status")
    if not why:
        raise typer.BadParameter("--why is needed: it stands on the log beside your name")
    return [Claim(0, reference_of(dossier, leg), "", status)]


def _word(carrier: str, file: Path | None, why: str, by: str | None, unreported: bool) -> "Word":
    """The word that is given."""
    from connectors.carriers import carriers
    from connectors.confirming import Word

    if carrier not in carriers():
        raise typer.BadParameter(f"there is no carrier {carrier}: there are {', '.join(sorted(carriers()))}")
    said = by or getpass.getuser()
    if len(why) > MOST_WHY or len(said) > MOST_BY:
        raise typer.BadParameter(f"--why has at most {MOST_WHY} signs, --by {MOST_BY}")
    reason = ": ".join(part for part in (f"{carrier}'s list {file.name}" if file else "", why) if part)
    return Word(carrier, reason, said, unreported=unreported)


# ---------------------------------------------------------------- what becomes of it


def _say(bootstrap: str, judged: "Sequence[Judged]") -> None:
    from connectors.broker import Producer
    from connectors.confirming import say

    with Producer(bootstrap, "hoso-confirm") as producer:
        for count in say(producer, judged):
            if count % SAID_EVERY == 0:
                print(f"{count:,} are on the log", file=sys.stderr)


def _tell(carrier: str, judged: "Sequence[Judged]", dry_run: bool, as_json: bool) -> None:
    from connectors.confirming import Outcome

    counts = Counter(one.outcome for one in judged)
    if as_json:
        totals = {outcome.value: counts[outcome] for outcome in Outcome}
        document = {"carrier": carrier, "dry_run": dry_run, "counts": totals, "rows": [_row(one) for one in judged]}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for one in judged:
        if one.outcome is Outcome.REFUSED or one.says or len(judged) == 1:
            print(_line(one))
    would, rows = "would be " if dry_run else "", counted(len(judged), "row")
    print(
        f"{rows}: {counts[Outcome.CONFIRMED]} {would}confirmed, {counts[Outcome.ALREADY]} sure already, "
        f"{counts[Outcome.REFUSED]} refused"
    )


def _row(one: "Judged") -> dict[str, Any]:
    return {
        "line": one.claim.line or None,
        "reference": one.leg or one.claim.reference or None,
        "item_code": one.claim.item or None,
        "status": one.status.value if one.status else one.claim.status,
        "outcome": one.outcome.value,
        "says": one.says or None,
        "id": one.fact.id if one.fact else None,
    }


def _line(one: "Judged") -> str:
    from connectors.dead_letters import printable

    place = f"line {one.claim.line}: " if one.claim.line else ""
    name = one.leg or one.claim.reference or one.claim.item
    what = one.status.value if one.status else one.claim.status
    return printable(f"{place}{name} {what}: {one.outcome}{f': {one.says}' if one.says else ''}")


def _read(count: int) -> None:
    if count % READ_EVERY == 0:
        print(f"{count:,} facts read", file=sys.stderr)
