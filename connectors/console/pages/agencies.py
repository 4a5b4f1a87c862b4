"""Agencies: how each of them stands, and one of them with its dossiers and what it was not told."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk
from connectors.console.door import Visit, visits
from connectors.console.reading import agencies as reading
from connectors.console.reading import today as today_s
from schemas.instant import date_of, now

NOT_TAKEN_SINCE = timedelta(days=today_s.REJECTED_DAYS)


def routes(desk: Desk) -> APIRouter:
    """The list, and an agency's own page."""
    api = APIRouter()

    @api.get("/agencies")
    def agencies(visit: Annotated[Visit, Depends(visits(desk))]) -> Response:
        day = date_of(now())
        with desk.look(visit.person) as look:
            rows = reading.rows(look, desk.store, day)
        return visit.page("agencies.html", "agencies", rows=rows, first=day.replace(day=1), last=day)

    @api.get("/agencies/{code}")
    def agency(visit: Annotated[Visit, Depends(visits(desk))], code: str) -> Response:
        moment = now()
        day = date_of(moment)
        with desk.look(visit.person) as every:
            found = reading.agency_of(every, code)
            look = reading.as_seen_by(every, found)
            savable = today_s.savable(look, day)
            doors = reading.doors_of(desk.store, {found.code: found})[found.code]
            queue = reading.queues(look, day).get(found.code, reading.Queue())
            return visit.page(
                "agency.html",
                "agencies",
                row=reading.Row(found.code, found, queue, doors),
                savable=savable[: today_s.SHOWN],
                in_danger=sum(one.outlook.avoidable_days > 0 for one in savable),
                rejected=today_s.rejected(look, moment),
                not_taken=reading.not_taken(look, moment - NOT_TAKEN_SINCE),
                edition=look.library.newest,
                first=day.replace(day=1),
                last=day,
            )

    return api
