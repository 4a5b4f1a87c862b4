"""The calendar that is or was in force: its year by months, the versions there were, and the forms for another one."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response

from connectors.calendar_files import written_calendar
from connectors.calendars.versions import named
from connectors.console.desk import Desk
from connectors.console.door import Visit, visits
from connectors.console.pages import calendar_preview
from connectors.console.pages.calendar_form import Typed
from connectors.console.people import Role
from connectors.console.reading import calendar as reading
from connectors.console.view import HEADERS
from connectors.reference import Published
from rules.deadlines.calendar import WorkingDays
from rules.reference import table_of
from schemas.instant import date_of, now


def routes(desk: Desk) -> APIRouter:
    """The calendar, its files, and its previews."""
    api, seen = APIRouter(), visits(desk, Role.CITY, Role.OPERATOR)

    @api.get("/calendar")
    def calendar(
        visit: Annotated[Visit, Depends(seen)], year: int | None = None, version: str = "", applied: str = ""
    ) -> Response:
        return page(desk, visit, year, version, applied)

    @api.get("/calendar/file")
    def file(visit: Annotated[Visit, Depends(seen)], version: str = "") -> Response:
        found = named(versions(desk), version)
        if found is None:
            return no_version(visit)
        kept = {"content-disposition": f"attachment; filename*=UTF-8''{quote(version, safe='')}.toml"}
        return PlainTextResponse(written_calendar(found.bundle.calendar), headers=HEADERS | kept)

    def asked_again(visit: Visit, typed: Typed) -> Response:
        return page(desk, visit, typed=typed)

    api.include_router(calendar_preview.routes(desk, asked_again, no_version))
    return api


def page(
    desk: Desk, visit: Visit, year: int | None = None, version: str = "", applied: str = "", typed: Typed | None = None
) -> Response:
    """A year of a calendar, without a version of the one in force; with what was typed and is wrong if anything is."""
    known, today = versions(desk), date_of(now())
    found = named(known, version) if version else known[-1]
    if found is None:
        return no_version(visit)
    shown, in_force = found.bundle.calendar, known[-1].bundle.calendar
    asked = year if year is not None and reading.is_countable(year) else today.year
    values: Mapping[str, Any] = {
        "versions": reading.versions_of(known),
        "shown": shown,
        "in_force": in_force,
        "year": reading.year_of(shown, WorkingDays.of(table_of(shown)), asked),
        "years": reading.years_of(shown),
        "today": today,
        "applied": applied if applied == in_force.version else "",
        "typed": typed or Typed(),
        "version": version,
    }
    return visit.page("calendar.html", "calendar", 422 if typed else 200, **values)


def versions(desk: Desk) -> Sequence[Published]:
    """Every version there was. Raises UnknownVersion while none is known."""
    desk.references.newest()
    return desk.references.history()


def no_version(visit: Visit) -> Response:
    """The page that says that no version is called so."""
    words = visit.view.say.calendar
    return visit.view.sentence(404, words.no_version, words.no_version_more)
