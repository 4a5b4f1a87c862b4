"""`hoso apologies`: the register of letters of apology, and how many late dossiers had one."""

import csv
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.archive import opened
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of

if TYPE_CHECKING:
    from rules.deadlines.apologies import Entry
    from rules.deadlines.apology_figures import Figures, Register

MONTH = r"20[0-9]{2}-(0[1-9]|1[0-2])"
PROGRESS_EVERY = 20_000
COLUMNS = (
    "agency", "dossier", "due_on", "limit_on", "owed_at", "drafted_at", "signed_by", "channel", "sent_at",
    "late_by_decree", "late_by_city", "needless", "needless_at",
)  # fmt: skip


def apologies(
    agency: Annotated[str | None, typer.Option(help="Only this agency, by its code or an old one.")] = None,
    month: Annotated[str | None, typer.Option(help="Only due dates in this month, 2026-11.")] = None,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write the register here, a line a letter.")] = None,
    archive: Annotated[
        str | None, typer.Option(envvar="HOSO_ARCHIVE", help="Read this archive and the topic as one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Print the register of letters of apology: owed, drafted, signed, sent, late, needless; and the figures an agency.

    Late is reported against both rules: by the decree a letter goes out a working day before the due date, by the
    city's by-law on that date at the latest. docs/forecast.md.

    \b
    hoso apologies
    hoso apologies --agency H29.12 --month 2026-11
    hoso apologies --csv register.csv
    hoso apologies --json | jq .total.coverage
    """
    from hoso.apology_register import registered
    from rules.deadlines.apology_figures import Register
    from schemas.instant import now

    if month is not None and not re.fullmatch(MONTH, month):
        stop(f"{month} is no month: write 2026-11")
    with answering():
        bootstrap = bootstrap_of()
        register = Register(agency and _known(bootstrap, agency), month)
        registered(bootstrap, register, opened(archive) if archive else None, now(), _progress)
        if to_csv is not None:
            _write(to_csv, register)
    if as_json:
        print(json.dumps(_document(register), ensure_ascii=False, indent=2))
        return
    if to_csv is None:
        for entry in register.in_order():
            print(_line(entry))
    for code, figures in (*sorted(register.figures.items()), ("all", register.total())):
        print(f"{code}: {_figures(figures)}")


def _known(bootstrap: str, agency: str) -> str:
    """The code an agency goes by today; a sentence and status 1 if the reference data in force has no such agency."""
    from connectors.reference import in_force
    from rules.reference import Edition

    bundle = in_force(bootstrap) or stop("no reference data is published: `hoso reference apply`")
    found = Edition(bundle).agency(agency)
    return found.code if found else stop(f"{agency} is no agency of the reference data in force, {bundle.version}")


def row_of(entry: "Entry") -> dict[str, Any]:
    """A letter as a line of the table; what is not there is None."""
    row = {name: getattr(entry, name) for name in COLUMNS}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


def _write(path: Path, register: "Register") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        rows.writerows(row_of(entry) for entry in register.in_order())


def _document(register: "Register") -> dict[str, Any]:
    return {
        "letters": [row_of(entry) for entry in register.in_order()],
        "agencies": {code: one.document() for code, one in sorted(register.figures.items())},
        "total": register.total().document(),
    }


def _line(entry: "Entry") -> str:
    return f"{entry.agency}  {entry.dossier}  due on {entry.due_on}  {_fate(entry)}"


def _fate(entry: "Entry") -> str:
    owed = f"owed {_minute(entry.owed_at)}, " if entry.owed_at else "not asked for, "
    if entry.sent_at is not None:
        late = (
            ", after the due date" if entry.late_by_city else ", after the decree's day" if entry.late_by_decree else ""
        )
        return f"{owed}sent {_minute(entry.sent_at)} by {entry.signed_by} ({entry.channel}){late}"
    return owed + (f"needless: {entry.needless}" if entry.needless else f"not sent, in time until {entry.limit_on}")


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _figures(one: "Figures") -> str:
    shares = {name: "-" if share is None else f"{share:.1%}" for name, share in one.shares.items()}
    return (
        f"owed {one.owed}, drafted {one.drafted}, signed {one.signed}, sent {one.sent} ({one.unasked} not asked for), "
        f"needless {one.needless}, outstanding {one.outstanding}; late dossiers {one.late_dossiers}, "
        f"with a letter {one.late_with_letter} ({shares['coverage']}); in time by the decree "
        f"{shares['in_time_by_decree']}, by the city {shares['in_time_by_city']}"
    )


def _progress(count: int, size: int) -> None:
    if count % PROGRESS_EVERY == 0:
        print(f"{count:,} of {size:,} facts read", file=sys.stderr)
