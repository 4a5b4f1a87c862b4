"""/schemas/..., /openapi.json, /asyncapi.json: the contract, for anyone, generated from the words and the routes."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from connectors.edge.door import problems
from connectors.edge.problem import Problem
from schemas import contract
from schemas.contract import VERSION, Json

TITLE = "hoso"
SAYS = (
    "Agencies state facts and pull their notices; carriers call their webhooks; citizens read their deadline. "
    "Errors are RFC 9457 problem details."
)

VALIDATION = ("HTTPValidationError", "ValidationError")
"""FastAPI's own form of a fault in a parameter."""


def routes() -> APIRouter:
    """The documents."""
    api = APIRouter(tags=["contract"])

    @api.get("/schemas/", summary="The types of events, each with its schema")
    def index() -> dict[str, Any]:
        """Every type's name and where the schema of its data is."""
        return {
            "envelope": "/schemas/event.json",
            "types": {name: f"/schemas/{name}.json" for name in contract.json_schemas()},
        }

    @api.get("/schemas/{name}", responses=problems(404), summary="The JSON Schema of a type's data")
    def schema(name: str) -> Json:
        """The document that `dataschema` names."""
        found = contract.envelope() if name == "event.json" else contract.json_schemas().get(name.removesuffix(".json"))
        if found is None:
            raise Problem(404, "There is no such schema; /schemas/ lists them.")
        return found

    @api.get("/asyncapi.json", summary="The topics, as AsyncAPI 3")
    def asyncapi() -> Json:
        """Every topic with the events that travel on it."""
        return contract.asyncapi()

    return api


def describe(app: FastAPI) -> Json:
    """The app's OpenAPI document, with the events an agency may send and how it shows who it is."""
    if app.openapi_schema is None:
        said = get_openapi(title=TITLE, version=VERSION, description=SAYS, routes=app.routes)
        components = said.setdefault("components", {})
        _forget_validation(said)
        problem = contract.Problem.model_json_schema()
        components["schemas"] = components.get("schemas", {}) | contract.agency_events() | {"Problem": problem}
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "your agency's key"}
        }
        app.openapi_schema = said
    return app.openapi_schema


def _forget_validation(said: Json) -> None:
    """Take out the 422 that FastAPI puts beside every parameter: ours is a problem, and a route that has it says so."""
    for path in said["paths"].values():
        for operation in path.values():
            if VALIDATION[0] in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for name in VALIDATION:
        said["components"].get("schemas", {}).pop(name, None)
