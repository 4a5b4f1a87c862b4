"""A dossier: where it stands, both clocks with every day counted, the post's routes, custody, notices, whose days."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk, may
from connectors.console.door import Visit, visits
from connectors.console.people import Role
from connectors.console.reading import dossier as reading
from connectors.console.view import HEADERS
from schemas.instant import date_of, now

ACT = (Role.OPERATOR, Role.CITY)
"""Who may say a word about a dossier's legs."""
REVEAL = (Role.AGENCY, Role.CITY)
"""Who may see a citizen's contact, if they say why: whoever works on the dossier, never who runs the machines."""
SAID = frozenset({"confirmed", "aged_out"})


def routes(desk: Desk) -> APIRouter:
    """The page of one dossier."""
    api = APIRouter()

    @api.get("/dossiers/{code}")
    def dossier(visit: Annotated[Visit, Depends(visits(desk))], code: str, seen: str = "", said: str = "") -> Response:
        """Its page; nothing (204) where whoever asks has `seen` just this."""
        moment = now()
        with desk.look(visit.person) as look:
            found, edition = reading.dossier(look, code, moment), look.library.newest
        if seen == found.mark:
            return Response(status_code=204, headers=HEADERS)
        return visit.page(
            "dossier.html",
            dossier=found,
            edition=edition,
            today=date_of(moment),
            said=said if said in SAID else "",
            may_act=may(visit.person, *ACT),
            may_reveal=may(visit.person, *REVEAL),
        )

    return api
