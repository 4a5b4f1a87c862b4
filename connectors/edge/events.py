"""POST /v1/events: an agency's facts in; the gate's word on each of them out, once all are durable."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from connectors.edge import body
from connectors.edge.door import Door, problems
from connectors.edge.problem import Problem
from connectors.gate import wire
from connectors.gate.authority import codes_of
from connectors.gate.gate import Accepted, Conflict, Offer, Verdict
from connectors.gate.judge import Rejection
from connectors.store import gate_seen
from schemas import trace
from schemas.event import Instant, NotAnEvent
from schemas.notice import FieldProblem
from schemas.reference import Agency

log = structlog.get_logger()
MOST_BYTES = 1024 * 1024
MOST_EVENTS = 500
DOOR = "http"


class NotTaken(BaseModel):
    """An event that was not let in, and why: every faulty field."""

    id: str | None
    errors: tuple[FieldProblem, ...]


class Taken(BaseModel):
    """What became of a batch: the ids that are on the log, and what is not."""

    accepted: list[str]
    rejected: list[NotTaken]


class LastOfSource(BaseModel):
    """The event of a source that came in last: where to resume after a disaster."""

    source: str
    id: str
    recordedtime: Instant


class Lasts(BaseModel):
    """What we hold last of each of an agency's sources; nothing of one that is not named."""

    last: list[LastOfSource]


def _request_body() -> dict[str, Any]:
    event = {"$ref": "#/components/schemas/AgencyEvent"}
    many = {"type": "array", "items": event, "minItems": 1, "maxItems": MOST_EVENTS}
    content = {"schema": {"oneOf": [event, many]}}
    kinds = ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json")
    return {"requestBody": {"required": True, "content": dict.fromkeys(kinds, content)}}


def routes(door: Door) -> APIRouter:
    """The agency's side of the door."""
    api = APIRouter(prefix="/v1", tags=["agencies"])

    @api.post(
        "/events",
        status_code=202,
        response_model=Taken,
        responses=problems(400, 401, 403, 408, 409, 413, 422, 429, 503),
        openapi_extra=_request_body() | {"security": [{"key": []}]},
        summary="State facts: one event, or an array of at most 500",
    )
    async def post_events(request: Request) -> JSONResponse:
        """202 only once everything accepted is on its replicas. Saying an event again is harmless: again 202."""
        agency = await run_in_threadpool(door.agency, request)
        raw = await body.read(request, MOST_BYTES)
        return await run_in_threadpool(_take, door, agency, raw, request)

    @api.get(
        "/events/last",
        response_model=Lasts,
        responses=problems(401, 403, 503),
        openapi_extra={"security": [{"key": []}]},
        summary="What we hold of you last, by source",
    )
    def last(request: Request) -> Lasts:
        """Where to resume after a disaster: everything after it may be sent again."""
        sources = {f"/agencies/{code}" for code in codes_of(door.agency(request))}
        with door.store.read() as connection:
            found = gate_seen.last(connection, sources)
        return Lasts(last=[LastOfSource(source=one.source, id=one.id, recordedtime=one.recordedtime) for one in found])

    return api


def _take(door: Door, agency: Agency, raw: bytes, request: Request) -> JSONResponse:
    """The gate's answer to a body, as HTTP says it."""
    events = _events(raw, request)
    if (wait := door.quotas.take(agency.code, len(events), agency.events_per_minute)) > 0:
        seconds = str(int(wait) + 1)
        says = f"More than {agency.events_per_minute} events a minute; send the same again in {seconds} s."
        raise Problem(429, says, {"retry-after": seconds})
    came_by = request.headers.get(trace.HEADER)
    verdicts = door.gate.admit([Offer(event, agency.code, came_by) for event in events], DOOR)
    return _answer(verdicts)


def _events(raw: bytes, request: Request) -> Sequence[bytes | dict[str, Any]]:
    """The events of a body; also one in CloudEvents' binary form, its attributes in `ce-` headers."""
    try:
        attributes = wire.attributes(request.headers.items(), wire.HTTP_PREFIX)
        if "type" in attributes or "id" in attributes:
            return [wire.from_binary(attributes, raw)]
        found = wire.split(raw)
        if len(found) == 1:
            wire.from_json(found[0])
    except NotAnEvent as error:
        raise Problem(400, f"The body is no JSON ({error}); send one event or an array of them.") from error
    if len(found) > MOST_EVENTS:
        raise Problem(413, f"{len(found)} events at once; send at most {MOST_EVENTS}.")
    if not found:
        raise Problem(422, "The array is empty; send at least one event.")
    return found


def _answer(verdicts: Sequence[Verdict]) -> JSONResponse:
    accepted = [one.id for one in verdicts if isinstance(one, Accepted)]
    rejected = [one for one in verdicts if isinstance(one, Rejection)]
    rows = [NotTaken(id=one.id, errors=one.errors).model_dump(mode="json") for one in rejected]
    log.info("event.admitted", accepted=len(accepted), rejected=len(rejected))
    if accepted:
        return JSONResponse({"accepted": accepted, "rejected": rows}, 202)
    if all(isinstance(one, Conflict) for one in rejected):
        status, says = 409, "These ids stand for something else already; a new fact needs a new id."
    elif all(one.is_anothers for one in rejected):
        status, says = 403, "You may speak for your own agency only; `rejected` names what is wrong with each event."
    else:
        status, says = 422, "No event was let in; `rejected` names every faulty field of each."
    raise Problem(status, says, more={"accepted": [], "rejected": rows})
