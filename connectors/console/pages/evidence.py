"""The evidence of a leg: every update of its carrier as it stands on the log, fetched when somebody asks for it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk
from connectors.console.door import Visit, visits
from connectors.console.reading.dossier import facts_of
from connectors.console.reading.evidence import KINDS, evidence
from connectors.project.found import Archived, found

MOST = 200


def routes(desk: Desk) -> APIRouter:
    """A page a leg."""
    api = APIRouter()

    @api.get("/dossiers/{code}/legs/{leg}/evidence")
    def show(visit: Annotated[Visit, Depends(visits(desk))], code: str, leg: str) -> Response:
        with desk.look(visit.person) as look:
            rows = facts_of(look, code, KINDS, leg)[-MOST:]
        try:
            said, is_archived = evidence(found(desk.settings.kafka_bootstrap, rows)), False
        except Archived:
            said, is_archived = (), True
        return visit.page("leg_evidence.html", code=code, leg=leg, said=said, is_archived=is_archived)

    return api
