"""`hoso report`: what agencies report, from the read model. A report that does not add up says so and exits 1."""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hoso.sheet import Sheet, show

if TYPE_CHECKING:
    from connectors.project.library import Library
    from connectors.project.reading import Reading
    from rules.reports.period import Period

REPOSITORY = Path(__file__).parents[2]
SECTORS = REPOSITORY / "deploy" / "reports" / "sectors.csv"
BY = "agency,level,sector,procedure"

report = typer.Typer(name="report", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Agency = Annotated[str | None, typer.Option(help="Only this agency, by its code or an old one.")]
From = Annotated[str, typer.Option("--from", help="The first day, 2026-11-01.")]
To = Annotated[str, typer.Option("--to", help="The last day, 2026-11-30.")]
AsOf = Annotated[str | None, typer.Option(help="What was known at the end of this day; the last day without it.")]
Csv = Annotated[bool, typer.Option("--csv", help="A line a row, for spreadsheets.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@report.command("06a")
def form06a(
    first: From,
    last: To,
    agency: Agency = None,
    as_of: AsOf = None,
    by: Annotated[str, typer.Option(help="Break down by these, in this order.")] = BY,
    sectors: Annotated[Path, typer.Option(help="Which procedure belongs to which sector, as CSV.")] = SECTORS,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Form II.06a: received, resolved, pending, early, on time, late, with its identities checked.

    The columns are as stated: by all that is known today. Those that end in `_known` are what was known then.

    \b
    hoso report 06a --from 2026-10-01 --to 2026-12-31
    hoso report 06a --agency H29.12 --from 2026-11-01 --to 2026-11-30 --as-of 2026-12-02 --csv
    hoso report 06a --from 2026-11-01 --to 2026-11-30 --by agency --json
    """
    from rules.reports.form06a import BY as KNOWN
    from rules.reports.form06a import Line
    from rules.reports.form06a import form06a as form_of
    from rules.reports.period import end_of

    names = tuple(name.strip() for name in by.split(","))
    if unknown := [name for name in names if name not in KNOWN]:
        _stop(f"{unknown[0]} is nothing to break down by: {', '.join(KNOWN)}")
    period = _period(first, last)
    known_at = end_of(_day(as_of)) if as_of else period.ends
    with _reading(agency, sectors) as (reading, _):
        form = form_of(reading.cases(period, known_at), period, known_at, names)
    figures = (
        "to_handle", "online", "direct_and_postal", "postal", "carried_over", "resolved", "early", "on_time", "late",
        "pending", "in_time", "overdue",
    )  # fmt: skip
    then = ("resolved", "late", "overdue")

    def row(group: Sequence[str], stated: Line, known: Line) -> list[Any]:
        return [*group, *(getattr(stated, name) for name in figures), *(getattr(known, name) for name in then)]

    groups = sorted({*form.stated, *form.known})
    rows: list[Sequence[Any]] = [row(one, form.stated.get(one, Line()), form.known.get(one, Line())) for one in groups]
    total = form.total(form.stated)
    rows.append(row(["all", *[""] * (len(names) - 1)], total, form.total(form.known)))
    columns = (*names, *figures, *(f"{name}_known" for name in then))
    show(Sheet(_title("Form II.06a", period), columns, rows, total.shares(), form.problems()), as_csv, as_json)


@report.command("reception")
def reception(
    first: From, last: To, agency: Agency = None, as_of: AsOf = None, as_csv: Csv = False, as_json: Json = False
) -> None:
    """Online submissions and their first answers: in time, late, still waiting; late as stated and as known then.

    \b
    hoso report reception --from 2026-11-01 --to 2026-11-30
    """
    from rules.reports.period import end_of
    from rules.reports.reception import receptions
    from schemas.instant import date_of, now

    period = _period(first, last)
    known_at = end_of(_day(as_of)) if as_of else period.ends
    with _reading(agency) as (reading, library):
        calendar = library.newest.calendar
        found = receptions(reading.submissions(period), period, calendar, date_of(now()), known_at)
    _lines("Late receptions", ("agency",), {(one,): line for one, line in found.lines.items()}, found.total(),
           period, found.problems(), as_csv, as_json)  # fmt: skip


@report.command("apologies")
def apologies(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """Letters of apology for due dates in the period: owed, sent, late by the decree and the city; coverage.

    \b
    hoso report apologies --from 2026-11-01 --to 2026-11-30
    """
    from rules.reports.apologies import apologies as letters
    from rules.reports.apologies import problems
    from schemas.instant import now

    period = _period(first, last)
    with _reading(agency) as (reading, library):
        found = letters(reading.owing(), period, library.newest.calendar, now())
    lines = {(one,): figures for one, figures in found.figures.items()}
    _lines("Letters of apology", ("agency",), lines, found.total(), period, problems(found), as_csv, as_json)


@report.command("post")
def post(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """The post's report: legs taken in the period, how they fared, the time standard, and the agencies' fees in dong.

    \b
    hoso report post --from 2026-10-01 --to 2026-12-31
    """
    from rules.reports.post import carried

    period = _period(first, last)
    with _reading(agency) as (reading, _):
        found = carried(reading.journeys(period), period)
    keys = ("carrier", "leg", "agency")
    _lines("The post", keys, found.lines, found.total(), period, found.problems(), as_csv, as_json, ("owed",))


@report.command("holders")
def holders(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """Whose the days were, of the dossiers that ended in the period: days and late days by holder.

    \b
    hoso report holders --agency H29.12 --from 2026-11-01 --to 2026-11-30
    """
    from rules.reports.holders import HolderLine
    from rules.reports.holders import holders as days_of

    period = _period(first, last)
    with _reading(agency) as (reading, _):
        found = days_of(reading.ended(period), period)
    total = HolderLine(found.dossiers, found.days, found.late)
    _lines("Days by holder", ("holder", "held_by"), found.lines, total, period, found.problems(), as_csv, as_json)


@report.command("promises")
def promises(
    first: From,
    last: To,
    agency: Agency = None,
    dossiers: Annotated[bool, typer.Option(help="List the dossiers too: for their agency's eyes.")] = False,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Promised dates that differ from those the rules compute from the same reception.

    \b
    hoso report promises --from 2026-11-01 --to 2026-11-30
    hoso report promises --agency H29.12 --from 2026-11-01 --to 2026-11-30 --dossiers
    """
    from rules.reports.promises import promises as promised

    period = _period(first, last)
    with _reading(agency) as (reading, _):
        found = promised(reading.promises(period), period)
    if dossiers:
        rows: list[Sequence[Any]] = [
            (code, said.isoformat(), computed.isoformat(), (said - computed).days)
            for code, said, computed in sorted(found.differing)
        ]
        columns = ("dossier", "promised_on", "computed_on", "days_later")
        show(Sheet(_title("Promises that differ", period), columns, rows, {}, found.problems()), as_csv, as_json)
        return
    keys = ("agency", "procedure")
    _lines("Promises", keys, found.lines, found.total(), period, found.problems(), as_csv, as_json)


# ---------------------------------------------------------------- what they share


@contextmanager
def _reading(agency: str | None, sectors: Path = SECTORS) -> "Iterator[tuple[Reading, Library]]":
    """The read model at one moment; a sentence and status 1 where there is none, or no such agency."""
    from connectors.project import sets
    from connectors.project.library import NoReference, library
    from connectors.project.reading import Reading
    from connectors.settings import Settings
    from connectors.store import open_store
    from connectors.verdicts import TryLater
    from hoso.ports import LOOPBACK

    store = open_store(Settings(kafka_bootstrap=f"{LOOPBACK}:1").read_database_url)
    try:
        with sets.looking(store) as (connection, tables):
            known = library(connection, tables, _sectors(sectors))
            if agency is not None and known.newest.agency(agency) is None:
                _stop(f"{agency} is no agency of the reference data in force, {known.in_force}")
            yield Reading(connection, tables, known, agency), known
    except (TryLater, NoReference) as error:
        _stop(str(error))
    finally:
        store.close()


def _sectors(path: Path) -> dict[str, str]:
    if not path.exists():
        _stop(f"there is no file {path}")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["procedure"]: row["sector"] for row in csv.DictReader(file)}


def _period(first: str, last: str) -> "Period":
    from rules.reports.period import Period

    try:
        return Period(_day(first), _day(last))
    except ValueError as error:
        _stop(str(error))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _stop(f"{text} is no day: write 2026-11-30")


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)


def _title(name: str, period: "Period") -> str:
    return f"{name}, {period.first} to {period.last}"


def _lines(
    name: str,
    keys: Sequence[str],
    lines: Mapping[Any, Any],
    total: Any,
    period: "Period",
    problems: Sequence[str],
    as_csv: bool,
    as_json: bool,
    more: Sequence[str] = (),
) -> None:
    """A report whose rows are dataclasses under a key, and their total; `more` are figures that follow from others."""
    figures = (*asdict(total), *more)

    def row(key: Sequence[str], line: Any) -> list[Any]:
        return [*key, *(getattr(line, name) for name in figures)]

    rows: list[Sequence[Any]] = [row(key, line) for key, line in sorted(lines.items())]
    rows.append(row(["all", *[""] * (len(keys) - 1)], total))
    shares = getattr(total, "shares", {})
    shares = shares() if callable(shares) else shares
    show(Sheet(_title(name, period), (*keys, *figures), rows, shares, problems), as_csv, as_json)
