"""`hoso carrier pool CARRIER add|status`: the item codes that a carrier issued beforehand."""

import json
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.calendar_files import stop
from hoso.cli.counted import counted

if TYPE_CHECKING:
    from connectors.pool_files import Judged
    from connectors.store.item_codes import Pool


class Verb(StrEnum):
    """What is to be done with a pool."""

    ADD = "add"
    STATUS = "status"


def pool(
    carrier: Annotated[str, typer.Argument(help="A carrier that takes item codes: vnpost_hcc.")],
    verb: Annotated[Verb, typer.Argument(help="add a file of codes, or show how the pool stands.")],
    file: Annotated[
        Path | None, typer.Argument(help="To add: text in UTF-8, one code a line, in the order of their use.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a code with a wrong check digit; without it that is remarked.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each line; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Add item codes to a carrier's pool, or show how many are left.

    From the first code on every order of the carrier goes under one; without any it waits, and is not refused. A leg
    keeps its code in every try. A code whose order met an error is spent; none is ever given back.

    A line is refused if it is no item code, or is known already: the others are added, and the exit status is 1.

    \b
    hoso carrier pool vnpost_hcc add codes.txt --dry-run
    hoso carrier pool vnpost_hcc add codes.txt
    hoso carrier pool vnpost_hcc status
    hoso carrier pool vnpost_hcc status --json | jq .free
    """
    _check(carrier)
    if verb is Verb.STATUS:
        if file is not None or strict or dry_run:
            raise typer.BadParameter("status takes no file, no --strict and no --dry-run")
        _show(_pool(carrier), as_json)
        return
    if file is None:
        raise typer.BadParameter("name the file to add")
    _add(carrier, file, strict, dry_run, as_json)


def _check(carrier: str) -> None:
    from connectors.carriers import carriers

    if carrier not in carriers():
        raise typer.BadParameter(f"there is no carrier {carrier}: there are {', '.join(sorted(carriers()))}")
    if not carriers()[carrier].takes_item_codes:
        taking = ", ".join(sorted(name for name, one in carriers().items() if one.takes_item_codes))
        raise typer.BadParameter(f"{carrier} numbers its items itself: a pool is for {taking}")


def _add(carrier: str, file: Path, strict: bool, dry_run: bool, as_json: bool) -> None:
    from connectors.pool_files import Outcome, WrongFile, put, read
    from hoso.cli.agency import opened

    try:
        codes = read(file)
    except WrongFile as error:
        stop(str(error))
    with opened() as (_, store):
        judged = put(store, carrier, codes, strict=strict, dry_run=dry_run)
    _tell(judged, _pool(carrier), dry_run, as_json)
    if any(one.outcome is Outcome.REFUSED for one in judged):
        raise typer.Exit(1)


def _pool(carrier: str) -> "Pool":
    from connectors.store import item_codes
    from hoso.cli.agency import opened

    with opened() as (_, store), store.read() as connection:
        found = {one.carrier: one for one in item_codes.pools(connection)}
    return found.get(carrier, item_codes.Pool(carrier))


def _document(found: "Pool") -> dict[str, object]:
    return {
        "carrier": found.carrier,
        "set_up": found.is_set_up,
        "free": found.free,
        "bound": found.bound,
        "spent": found.spent,
        "low": found.is_low,
    }


def _show(found: "Pool", as_json: bool) -> None:
    if as_json:
        print(json.dumps(_document(found), indent=2))
        return
    if not found.is_set_up:
        print(f"{found.carrier} has no pool: its orders go without item codes")
        return
    print(f"{found.carrier}: {found.free} free, {found.bound} bound to legs, {found.spent} spent by errors")
    if not found.free:
        print(f"no code is left: orders wait. Add: hoso carrier pool {found.carrier} add FILE")
    elif found.is_low:
        print(f"almost empty. Add: hoso carrier pool {found.carrier} add FILE")


def _tell(judged: "Sequence[Judged]", found: "Pool", dry_run: bool, as_json: bool) -> None:
    from connectors.dead_letters import printable
    from connectors.pool_files import Outcome

    counts, odd = Counter(one.outcome for one in judged), sum(bool(one.says) for one in judged)
    odd -= counts[Outcome.REFUSED]
    if as_json:
        said = [
            {"line": one.line, "code": one.code, "outcome": one.outcome.value, "says": one.says}
            for one in judged
            if one.says
        ]
        totals = {"added": counts[Outcome.ADDED], "refused": counts[Outcome.REFUSED], "wrong_check_digit": odd}
        print(json.dumps({"dry_run": dry_run, "counts": totals, "lines": said, "pool": _document(found)}, indent=2))
        return
    for one in judged:
        if one.says:
            print(printable(f"line {one.line}: {one.code} {one.outcome}: {one.says}"))
    would = "would be " if dry_run else ""
    remarked = f" ({odd} with a wrong check digit)" if odd else ""
    codes = counted(len(judged), "code")
    print(f"{codes}: {counts[Outcome.ADDED]} {would}added{remarked}, {counts[Outcome.REFUSED]} refused")
    _show(found, as_json=False)
