"""GET /v1/dossiers/{code}/receipt: the signed receipt of a result handed over, for the agencies it concerns."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from connectors.edge.door import Door, problems
from connectors.edge.problem import Problem
from connectors.gate.authority import dossier_date
from connectors.receipts.showing import shown
from connectors.store.receipts import Kept
from schemas.reference import Agency

Json = dict[str, Any]


def routes(door: Door) -> APIRouter:
    """A dossier's receipt; another agency's is as if it were not there."""
    api = APIRouter(prefix="/v1/dossiers", tags=["agencies"])

    @api.get(
        "/{code}/receipt",
        responses=problems(401, 403, 404, 422, 503),
        openapi_extra={"security": [{"key": []}]},
        summary="The signed receipt of its result",
    )
    def receipt(
        code: str,
        request: Request,
        number: Annotated[
            int | None, Query(ge=1, le=2**31 - 1, description="the n-th statement; without it the one in effect")
        ] = None,
    ) -> Json:
        """The statement in effect, for the receiving and the competent agency; `supersedes` names the one before it.

        From the day after it was made on, it has the proof that it is among its day's receipts.
        """
        agency = door.agency(request)
        nothing = Problem(404, f"There is no receipt of {code[:60]} for you: not handed over, or not your dossier.")
        if dossier_date(code) is None:
            raise nothing
        with door.store.read() as connection:
            found = shown(connection, code, number)
        if found is None or not _concerns(found.kept, agency, door):
            raise nothing
        return found.document

    return api


def _concerns(kept: Kept, agency: Agency, door: Door) -> bool:
    """Whether the agency received the dossier or decided it, by whatever code it went then."""
    edition = door.references.edition()
    return any(edition.same(agency.code, one) for one in (kept.receiving_agency, kept.competent_agency))
