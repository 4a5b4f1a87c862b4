"""A dossier as its own agency may see it: state, history, and its deadline with the working.

Until there is a read model this folds the log; `Door.history` is the one function to replace.
"""

from typing import Any

from fastapi import APIRouter, Request
from msgspec import to_builtins

from connectors.edge.door import Door, problems
from connectors.edge.problem import Problem
from connectors.explanation import as_json, explained
from connectors.gate.authority import dossier_date
from connectors.history import History
from rules.reference import Edition
from rules.shown import shown
from schemas.event import Event
from schemas.reference import Agency

SEALED = "[sealed]"
Json = dict[str, Any]


def routes(door: Door) -> APIRouter:
    """What an agency may ask about a dossier; another's is as if it were not there."""
    api = APIRouter(prefix="/v1/dossiers", tags=["agencies"])
    common: dict[str, Any] = {
        "responses": problems(401, 403, 404, 503),
        "openapi_extra": {"security": [{"key": []}]},
    }

    def found(code: str, request: Request) -> History:
        agency, nothing = door.agency(request), Problem(404, f"You have no dossier {code[:60]}; look at its code.")
        if dossier_date(code) is None:
            raise nothing
        told = door.history(door.references.reference, code)
        if told is None or not _is_theirs(told, agency, door.references.edition()):
            raise nothing
        return told

    @api.get("/{code}", summary="A dossier as it stands", **common)
    def state(code: str, request: Request) -> Json:
        """Its public state: status, clock, legs and what is expected of them next."""
        dossier = found(code, request).dossier
        return {"code": code, "state": to_builtins(shown(dossier, dossier.view()))}

    @api.get("/{code}/timeline", summary="What happened to it", **common)
    def timeline(code: str, request: Request) -> Json:
        """Every fact of its log in order, whoever stated it; what is sealed stays so."""
        return {"code": code, "timeline": [_shown(told.fact) for told in found(code, request).told]}

    @api.get("/{code}/deadline", summary="Its deadline, with the working", **common)
    def deadline(code: str, request: Request) -> Json:
        """The clock as it stands; every fact it heard, what it did and by which article; the calendar; a line a day.

        A line says in Vietnamese and English what its day counted for. The last one is the due date, if there is one.
        """
        return as_json(explained(found(code, request), door.references.reference))

    return api


def _is_theirs(told: History, agency: Agency, edition: Edition) -> bool:
    """Whether an agency has to do with a dossier: it bears its code, decides it, has a part in it, or spoke of it."""
    view = told.dossier.view()
    parts = (view.receiving, view.competent, *view.linked, *view.consulted)
    return any(edition.same(agency.code, one) for one in parts)


def _shown(fact: Event) -> Json:
    said = fact.model_dump(mode="json", exclude_none=True, include={"id", "type", "source", "time", "recordedtime"})
    return said | {"data": _covered(fact.model_dump(mode="json", exclude_none=True)["data"])}


def _covered(value: Any) -> Any:
    """Plain data with what is sealed named as such: the box itself is nobody's to pass around."""
    if isinstance(value, dict):
        return {name: SEALED if name == "sealed" else _covered(one) for name, one in value.items()}
    return [_covered(one) for one in value] if isinstance(value, list) else value
