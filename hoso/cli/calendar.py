"""`hoso calendar ...`: which days public offices work, as reference data: written, checked, put in force, shown."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.calendar_change import AsJson, File, apply, preview, revert
from hoso.cli.calendar_files import answering, kept, read, stop
from hoso.cli.cluster import bootstrap_of

if TYPE_CHECKING:
    from schemas.reference import Calendar

calendar = typer.Typer()


@calendar.callback()
def about() -> None:
    """Which weekdays public offices are closed, which weekend days they work. See docs/calendar.md."""


@calendar.command()
def build(
    year: Annotated[int, typer.Argument(help="The year to write in by rule.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to; without it standard output.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="The calendar to go on from.")] = None,
    version: Annotated[str | None, typer.Option(help="The new version's name; without it the day's date.")] = None,
) -> None:
    """Write a provisional year into a calendar: weekends, and the fixed and lunar holidays by rule.

    A row that names a document stays. Due dates that rest on the year are provisional until it is settled by hand.

    \b
    hoso calendar build 2046 -o calendar.toml
    hoso calendar build 2046 --from calendar.toml --version 2026-12-01 -o calendar.toml
    """
    from connectors.calendar_files import written_calendar
    from connectors.calendars.versions import next_version
    from hoso.calendars.building import CannotBuild, built
    from schemas.instant import date_of, now

    before = read(source or kept())
    try:
        after = built(before, year, version or next_version(date_of(now()), [before.version]))
    except CannotBuild as error:
        stop(str(error))
    same = after is before
    said = f"{year} stands in version {before.version} just so" if same else f"{year} is in version {after.version}"
    print(said, file=sys.stderr)
    if output is None:
        print(written_calendar(after), end="")
        return
    with answering():
        output.write_text(written_calendar(after), encoding="utf-8")


@calendar.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Say what is wrong with a calendar file, by line and day, and what should be looked at; status 1 if it is wrong.

    \b
    hoso calendar check calendar.toml
    """
    from connectors.calendar_files import read_calendar

    found = read_calendar(file)
    if as_json:
        print(json.dumps({"mistakes": found.mistakes, "remarks": found.remarks}, ensure_ascii=False, indent=2))
    else:
        for line in found.mistakes:
            print(line)
        for line in found.remarks:
            print(f"{line} (not wrong)")
        if found.calendar and not found.mistakes:
            print(_summary(found.calendar))
    if found.mistakes:
        raise typer.Exit(1)


calendar.command()(preview)
calendar.command()(apply)
calendar.command()(revert)


@calendar.command()
def show(
    version: Annotated[str | None, typer.Argument(help="By its name; without it the one in force.")] = None,
    year: Annotated[int | None, typer.Option(help="Only this year's days.")] = None,
    as_toml: Annotated[bool, typer.Option("--toml", help="As a file, to change and to apply.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a calendar that is or was in force.

    \b
    hoso calendar show --year 2027
    hoso calendar show 2026-11-24 --toml > calendar.toml
    """
    from connectors.calendar_files import in_order, written_calendar
    from connectors.calendars.versions import history, named

    with answering():
        versions = history(bootstrap_of())
        found = named(versions, version) if version else versions[-1]
    if found is None:
        stop(f"no version is called {version}: `hoso calendar list` names them")
    shown = found.bundle.calendar
    if as_toml:
        print(written_calendar(shown), end="")
    elif as_json:
        print(json.dumps(shown.model_dump(mode="json", exclude_none=True), ensure_ascii=False, indent=2))
    else:
        print(_summary(shown))
        for table, row in in_order(shown):
            if year is None or row.day.startswith(f"{year}-"):
                print(f"{row.day}  {table}  {row.basis}" + (f" ({row.document})" if row.document else ""))


@calendar.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List the calendars that were in force, the one that is last, with why each came.

    \b
    hoso calendar list
    """
    from connectors.calendars.versions import calendars, history

    with answering():
        rows = [
            {"version": one.bundle.calendar.version, "since": one.at.isoformat(), "refversion": one.bundle.version,
             "why": one.bundle.why}
            for one in calendars(history(bootstrap_of()))
        ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        in_force = ", in force" if row is rows[-1] else ""
        print(f"{row['version']}  since {str(row['since'])[:16]}{in_force}  {row['why'] or ''}".rstrip())


def _summary(shown: "Calendar") -> str:
    provisional = f", provisional {_spans(shown.provisional_years)}" if shown.provisional_years else ""
    return (
        f"{shown.calendar} {shown.version}: settled {shown.first_year} to {shown.last_year}{provisional}; "
        f"{len(shown.closed)} days closed, {len(shown.worked)} worked"
    )


def _spans(years: tuple[int, ...]) -> str:
    """Years in a few words: `2010-2018, 2027-2045`."""
    spans: list[list[int]] = []
    for year in sorted(years):
        if spans and spans[-1][1] == year - 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
