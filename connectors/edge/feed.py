"""GET /v1/feed: an agency's notices and rejections, in order, for those who would rather pull."""

from itertools import takewhile
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from connectors.edge.door import Door, problems
from connectors.holds import Holds
from connectors.seal import Evidence
from connectors.store import feed
from rules.holds import word_concern
from schemas.event import Event
from schemas.ops import Brake
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
        change: Annotated[
            str | None, Query(max_length=60, description="only what one change brought: `payload.change` of a digest")
        ] = None,
    ) -> Response:
        """What follows a cursor, the oldest first. Asking again with one cursor gives the same again.

        A digest is told by callback and topic, and not here: its `payload.link` lists what it counts. While an
        operator holds notices, the feed ends before the first that is held.
        """
        agency = door.agency(request)
        with door.store.read() as connection:
            rows = feed.after(connection, agency.code, after, limit + 1, change)
        read = [(row.cursor, _plain(row.body, door.feed_box)) for row in rows[:limit]]
        shown = list(takewhile(lambda row: not _is_held(row[1], agency.code, door.holds), read))
        said = {
            "events": [msgspec.Raw(plain) for _, plain in shown],
            "next": str(shown[-1][0] if shown else after),
            "more": len(rows) > limit == len(shown),
        }
        return Response(msgspec.json.encode(said), media_type="application/json")

    return api


def _is_held(plain: bytes, agency: str, holds: Holds) -> bool:
    """Whether a hold keeps this word from its agency."""
    if not holds.on:
        return False
    return holds.why_held(Brake.NOTICES, **word_concern(Event.decode(plain), agency)._asdict()) is not None


def _plain(body: bytes, box: Evidence) -> bytes:
    """A row's event; what holds something of a citizen lies in a box."""
    return box.open(Box.model_validate_json(body)) if body.startswith(b'{"key_id"') else body
