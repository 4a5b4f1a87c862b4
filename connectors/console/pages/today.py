"""Today: what will be late and can still be saved, letters of apology owed, and every task that waits for somebody."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from connectors.console.desk import Desk
from connectors.console.door import Visit, visits
from connectors.console.reading import today as reading
from schemas.instant import date_of, now

CODES_SINCE = timedelta(days=30)


def routes(desk: Desk) -> APIRouter:
    """The first page, and the way to a dossier by its code."""
    api = APIRouter()

    @api.get("/")
    def today(visit: Annotated[Visit, Depends(visits(desk))]) -> Response:
        moment = now()
        with desk.look(visit.person) as look:
            found = reading.savable(look, date_of(moment))
            return visit.page(
                "today.html",
                "today",
                figures=reading.figures(look, date_of(moment)),
                savable=found[: reading.SHOWN],
                in_danger=sum(one.outlook.avoidable_days > 0 for one in found),
                letters=reading.letters(look, moment),
                unclear=reading.unclear(look),
                refused=reading.refused(look),
                silent=reading.silent(look, moment),
                rejected=reading.rejected(look, moment),
                untold=reading.untold(look, moment),
                parked=reading.parked(look),
                codes=reading.not_understood(look, moment - CODES_SINCE) if visit.person.agency is None else [],
                edition=look.library.newest,
            )

    @api.get("/find")
    def find(visit: Annotated[Visit, Depends(visits(desk))], code: str = "") -> RedirectResponse:
        return visit.back_to(f"/dossiers/{code.strip()}" if code.strip() else "/")

    return api
