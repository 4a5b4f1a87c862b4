"""`hoso reconcile`: a carrier's statement of money against what is on the log, item by item and in sums."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted
from rules.post.statement import Amount, Verdict

if TYPE_CHECKING:
    from connectors.statement import Period
    from rules.post.statement import Compared, Line, Total

READ_EVERY, SHOWN = 200_000, 20
COMMANDS_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")


def reconcile(
    carrier: Annotated[str, typer.Argument(help="The carrier, as `hoso carrier list` names it.")],
    file: Annotated[Path, typer.Argument(metavar="STATEMENT.csv", help="Its statement, a line an item or more.")],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The statement's first day.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Its last day, included.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option(help="How the statement calls a column: item_code=Số hiệu,fee=Cước.")
    ] = None,
    only: Annotated[
        list[Amount] | None, typer.Option(help="Compare this amount and no other; as often as there are.")
    ] = None,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write a line an item here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for machines.")] = False,
) -> None:
    """Compare a carrier's statement of cash and charges with the log; each item matched, different or missing.

    Its columns are item_code or reference, and of cash_collected, cash_remitted and fee those that it states. Several
    lines of one item are added together. The exit status is 1 unless every item matches.

    \b
    hoso reconcile myvnpost november.csv --from 2026-11-01 --to 2026-11-30
    hoso reconcile ghtk november.csv --columns "item_code=Mã đơn,cash_collected=Tiền thu hộ" --only cash_collected
    hoso reconcile myvnpost november.csv --csv compared.csv --json | jq .totals.different
    """
    from connectors.partner_lists import WrongList, renamed
    from connectors.statement import COLUMNS, Period, lines
    from rules.post.statement import totals

    _check(carrier)
    try:
        stated, faults = lines(file, renamed(columns or [], COLUMNS), only or tuple(Amount))
    except WrongList as error:
        stop(str(error))
    period = Period(_day(first), _day(last))
    found = _compared(carrier, stated, period)
    if to_csv is not None:
        with answering():
            _write(to_csv, found)
    sums = totals(found)
    if as_json:
        print(json.dumps(_document(carrier, period, found, sums, faults), ensure_ascii=False, indent=2))
    else:
        _tell(found, sums, faults, to_csv)
    if faults or any(one.verdict is not Verdict.MATCHED for one in found):
        raise typer.Exit(1)


def _compared(carrier: str, stated: "Sequence[Line]", period: "Period") -> "list[Compared]":
    from connectors.statement import purses
    from rules.post.statement import compared

    with answering():
        found = purses(bootstrap_of(), carrier, period, _read, the_archive())
    return compared((purse.ours(period) for purse in found), stated)


def _check(carrier: str) -> None:
    from connectors.carriers import carriers

    if carrier not in carriers():
        raise typer.BadParameter(f"there is no carrier {carrier}: there are {', '.join(sorted(carriers()))}")


def _day(given: datetime | None) -> date | None:
    return given.date() if given is not None else None


# ---------------------------------------------------------------- what is said


def _tell(
    found: "Sequence[Compared]", sums: "Mapping[Verdict, Total]", faults: Sequence[str], to_csv: Path | None
) -> None:
    from connectors.dead_letters import printable

    for fault in faults:
        print(printable(fault))
    odd = [one for one in found if one.verdict is not Verdict.MATCHED]
    for one in [] if to_csv else odd[:SHOWN]:
        print(printable(_line(one)))
    if not to_csv and len(odd) > SHOWN:
        print(f"and {len(odd) - SHOWN} more: --csv or --json shows them all")
    for verdict, total in sums.items():
        print(f"{verdict}: {counted(total.items, 'item')}{_sums(total)}")


def _line(one: "Compared") -> str:
    name = " ".join(part for part in (one.reference, one.item) if part)
    lines = f" (line {', '.join(map(str, one.lines))})" if one.lines else ""
    match one.verdict:
        case Verdict.DIFFERENT:
            says = ", ".join(f"{amount} here {one.here[amount]}, there {one.there[amount]}" for amount in one.differs)
        case Verdict.MISSING_HERE:
            says = ", ".join(f"{amount} {value}" for amount, value in one.there.items() if value is not None)
        case _:
            says = ", ".join(f"{amount} {value}" for amount, value in one.here.items() if value)
    return f"{one.verdict}: {name}{lines}: {says}{f' ({one.why})' if one.why else ''}"


def _sums(total: "Total") -> str:
    parts = [
        f"{amount} here {total.here[amount]:,}, there {total.there[amount]:,}"
        for amount in Amount
        if total.here[amount] or total.there[amount]
    ]
    return f": {'; '.join(parts)}" if parts else ""


def _row(one: "Compared") -> dict[str, Any]:
    row: dict[str, Any] = {
        "verdict": one.verdict.value,
        "reference": one.reference or None,
        "item_code": one.item or None,
        "lines": list(one.lines),
        "differs": [amount.value for amount in one.differs],
        "why": one.why or None,
    }
    for amount in Amount:
        row |= {f"{amount}_here": one.here.get(amount), f"{amount}_there": one.there.get(amount)}
    return row


def _document(
    carrier: str,
    period: "Period",
    found: "Sequence[Compared]",
    sums: "Mapping[Verdict, Total]",
    faults: Sequence[str],
) -> dict[str, Any]:
    return {
        "carrier": carrier,
        "from": period.first.isoformat() if period.first else None,
        "to": period.last.isoformat() if period.last else None,
        "unreadable": list(faults),
        "totals": {
            verdict.value: {"items": total.items, "here": total.here, "there": total.there}
            for verdict, total in sums.items()
        },
        "items": [_row(one) for one in found],
    }


def _write(path: Path, found: "Sequence[Compared]") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_row_names())
        rows.writerows([_cell(value) for value in _row(one).values()] for one in found)


def _row_names() -> list[str]:
    sides = [f"{amount}_{side}" for amount in Amount for side in ("here", "there")]
    return ["verdict", "reference", "item_code", "lines", "differs", "why", *sides]


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a command: names come from the carrier's file."""
    match value:
        case list():
            return " ".join(map(str, value))
        case str() if value.startswith(COMMANDS_A_SPREADSHEET):
            return f"'{value}"
    return value


def _read(count: int) -> None:
    if count % READ_EVERY == 0:
        print(f"{count:,} facts read", file=sys.stderr)
