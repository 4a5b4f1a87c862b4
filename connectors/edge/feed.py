"""GET /v1/feed: an agency's notices and rejections, in order, for those who would rather pull."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from connectors.edge.door import Door, problems
from connectors.seal import Evidence
from connectors.store import feed
from schemas.sealed import Box

MOST = 500


class Page(BaseModel):
    """A stretch of the feed. `next` is the cursor to ask with: the same as before while there is nothing new."""

    events: list[dict[str, Any]]
    next: str
    more: bool


def routes(door: Door) -> APIRouter:
    """The feed."""
    api = APIRouter(prefix="/v1", tags=["agencies"])

    @api.get(
        "/feed",
        response_model=Page,
        responses=problems(401, 403, 422, 503),
        openapi_extra={"security": [{"key": []}]},
        summary="Your notices and rejections as CloudEvents, in order",
    )
    def page(
        request: Request,
        after: Annotated[int, Query(ge=0, le=2**62, description="the `next` of the page before; 0 begins")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    ) -> Response:
        """What follows a cursor, the oldest first. Asking again with one cursor gives the same again."""
        agency = door.agency(request)
        with door.store.read() as connection:
            rows = feed.after(connection, agency.code, after, limit + 1)
        shown = rows[:limit]
        said = {
            "events": [msgspec.Raw(_plain(row.body, door.feed_box)) for row in shown],
            "next": str(shown[-1].cursor if shown else after),
            "more": len(rows) > limit,
        }
        return Response(msgspec.json.encode(said), media_type="application/json")

    return api


def _plain(body: bytes, box: Evidence) -> bytes:
    """A row's event; what holds something of a citizen lies in a box."""
    return box.open(Box.model_validate_json(body)) if body.startswith(b'{"key_id"') else body
