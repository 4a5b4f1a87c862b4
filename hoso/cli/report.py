"""`hoso report`: what agencies report, from the read model. A report that does not add up says so and exits 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from connectors.project.sectors import SECTORS
from hoso.sheet import show

if TYPE_CHECKING:
    from connectors.reports.asked import Source
    from rules.reports.period import Period

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

    names = tuple(name.strip() for name in by.split(","))
    if unknown := [name for name in names if name not in KNOWN]:
        _stop(f"{unknown[0]} is nothing to break down by: {', '.join(KNOWN)}")
    _make("06a", first, last, agency, as_csv, as_json, sectors, as_of=as_of, by=names)


@report.command("reception")
def reception(
    first: From, last: To, agency: Agency = None, as_of: AsOf = None, as_csv: Csv = False, as_json: Json = False
) -> None:
    """Online submissions and their first answers: in time, late, still waiting; late as stated and as known then.

    \b
    hoso report reception --from 2026-11-01 --to 2026-11-30
    """
    _make("reception", first, last, agency, as_csv, as_json, as_of=as_of)


@report.command("apologies")
def apologies(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """Letters of apology for due dates in the period: owed, sent, late by the decree and the city; coverage.

    \b
    hoso report apologies --from 2026-11-01 --to 2026-11-30
    """
    _make("apologies", first, last, agency, as_csv, as_json)


@report.command("post")
def post(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """The post's report: legs taken in the period, how they fared, the time standard, and the agencies' fees in dong.

    \b
    hoso report post --from 2026-10-01 --to 2026-12-31
    """
    _make("post", first, last, agency, as_csv, as_json)


@report.command("holders")
def holders(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """Whose the days were, of the dossiers that ended in the period: days and late days by holder.

    \b
    hoso report holders --agency H29.12 --from 2026-11-01 --to 2026-11-30
    """
    _make("holders", first, last, agency, as_csv, as_json)


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
    _make("promises", first, last, agency, as_csv, as_json, dossiers=dossiers)


@report.command("satisfaction")
def satisfaction(first: From, last: To, agency: Agency = None, as_csv: Csv = False, as_json: Json = False) -> None:
    """Citizens' ratings given in the period: the nine indices (0 to 2), the points of 18 and the grade, by agency.

    \b
    hoso report satisfaction --from 2026-11-01 --to 2026-11-30
    hoso report satisfaction --agency H29.12 --from 2026-10-01 --to 2026-12-31 --csv
    """
    _make("satisfaction", first, last, agency, as_csv, as_json)


# ---------------------------------------------------------------- what they share


def _make(
    name: str,
    first: str,
    last: str,
    agency: str | None,
    as_csv: bool,
    as_json: bool,
    sectors: Path = SECTORS,
    as_of: str | None = None,
    **more: Any,
) -> None:
    """Make a report and print it."""
    from connectors.reports.asked import Asked
    from connectors.reports.every import REPORTS

    asked = Asked(_period(first, last), _day(as_of) if as_of else None, **more)
    with _source(agency, sectors) as source:
        sheet = REPORTS[name].sheet(source, asked)
    show(sheet, as_csv, as_json)


@contextmanager
def _source(agency: str | None, file: Path) -> "Iterator[Source]":
    """The read model at one moment; a sentence and status 1 where there is none, or no such agency."""
    from connectors.project import sets
    from connectors.project.library import NoReference, library
    from connectors.project.reading import Reading
    from connectors.project.sectors import sectors
    from connectors.reports.asked import Source
    from connectors.settings import Settings
    from connectors.store import open_store
    from connectors.verdicts import TryLater
    from hoso.ports import LOOPBACK

    store = open_store(Settings(kafka_bootstrap=f"{LOOPBACK}:1").read_database_url)
    try:
        with sets.looking(store) as (connection, tables):
            known = library(connection, tables, sectors(file))
            if agency is not None and known.newest.agency(agency) is None:
                _stop(f"{agency} is no agency of the reference data in force, {known.in_force}")
            yield Source(Reading(connection, tables, known, agency), known)
    except FileNotFoundError as error:
        _stop(f"there is no file {error.filename}")
    except (TryLater, NoReference) as error:
        _stop(str(error))
    finally:
        store.close()


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
