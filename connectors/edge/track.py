"""/track/{tracking code}: a dossier as the citizen who holds its slip may see it, as a page or as JSON; and its rating.

A citizen has no key: the tracking code is drawn from the dossier's code by a key of ours, so whoever has it may read.
docs/citizens.md.
"""

import time
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from connectors.edge import body, page, track_answers
from connectors.edge.citizen import as_json
from connectors.edge.desk import Desk
from connectors.edge.door import Door
from connectors.edge.link import START, Link, link_of
from connectors.edge.rating import JSON, MOST_BYTES, Sent, read
from connectors.edge.token import is_from_here, is_good, token_of
from connectors.edge.track_answers import NOTHING
from connectors.edge.track_contract import BEGUN, HTML, RATED, SHOWN, answers, rating_body
from schemas.instant import date_of, now

DOT_JSON = ".json"

DossierCode = Annotated[str, Query(description="the dossier's code, as on the slip: with it no read model is asked")]
Lang = Annotated[str, Query(description="the page's language, vi or en")]


def routes(door: Door) -> APIRouter:
    """What a citizen may see and say."""
    api, desk = APIRouter(tags=["citizens"]), Desk(door)

    @api.get(START, summary="Where a tracking code is typed", response_class=HTMLResponse, responses=BEGUN)
    def start(code: Annotated[str, Query(description="as it was typed")] = "", lang: Lang = "vi") -> Response:
        """A form for the code; with a code, the way to its page."""
        link = link_of(code, "", lang)
        if not code:
            return page.start(link)
        return RedirectResponse(link.path + link.query, 303) if link.code else page.not_here(link)

    @api.get(
        f"{START}/{{tracking}}",
        summary="A dossier as its citizen sees it",
        response_class=HTMLResponse,
        responses=SHOWN | answers(404, 429, 503),
    )
    def track(
        tracking: str, request: Request, dossier: DossierCode = "", lang: Lang = "vi", rated: str = ""
    ) -> Response:
        """Status, parcels, what is wanted, the due date with its working; JSON by `Accept`, or with `.json` behind."""
        link, plain = link_of(tracking.removesuffix(DOT_JSON), dossier, lang), _wants_json(tracking, request)
        try:
            one, edition = desk.show(link, request), door.references.edition()
        except NOTHING as why:
            return track_answers.nothing(link, why, plain)
        track_answers.count("shown")
        code, key = link.code or "", _keys(door)[0]
        if plain:
            return JSONResponse(as_json(one, code, edition, token_of(key, code, time.time()), now()), 200, page.PRIVATE)
        return page.citizen(one, edition, link, key, rated=bool(rated))

    @api.post(
        f"{START}/{{tracking}}",
        summary="Rate a dossier, once",
        response_class=HTMLResponse,
        responses=RATED | answers(400, 403, 404, 408, 409, 413, 415, 422, 429, 503),
        openapi_extra=rating_body(),
    )
    async def rate(tracking: str, request: Request, dossier: DossierCode = "", lang: Lang = "vi") -> Response:
        """On the log when this is answered. The same again is harmless; another rating of the dossier is 409."""
        link, kind = link_of(tracking.removesuffix(DOT_JSON), dossier, lang), request.headers.get("content-type", "")
        sent = read(await body.read(request, MOST_BYTES), kind)
        plain = kind.startswith(JSON) or _wants_json(tracking, request)
        return await run_in_threadpool(_rate, door, desk, link, sent, plain, request)

    return api


def _wants_json(tracking: str, request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return tracking.endswith(DOT_JSON) or (JSON in accept and HTML not in accept)


def _keys(door: Door) -> tuple[bytes, ...]:
    """What signs a page's token today, and behind it whatever signed one before."""
    if door.tracking is None:
        return (b"",)
    today = door.tracking.on(date_of(now()))
    return (today, *(key for key in door.tracking.all() if key != today))


def _rate(door: Door, desk: Desk, link: Link, sent: Sent, plain: bool, request: Request) -> Response:
    """The door's answer to a rating."""
    keys, ours = _keys(door), is_from_here(request, door.settings.public_url)
    if not ours or not any(is_good(sent.token, key, link.code or "", time.time()) for key in keys):
        return track_answers.not_ours(link, plain)
    try:
        if not sent.faults:
            became = desk.rate(link, sent, request)
            return track_answers.rated_plainly(became) if plain else track_answers.rated(link, became)
        # What is missing is said only of a dossier that whoever asks may see.
        one = desk.show(link, request)
        edition = door.references.edition()
        return track_answers.incomplete(sent) if plain else page.citizen(one, edition, link, keys[0], sent)
    except NOTHING as why:
        return track_answers.nothing(link, why, plain)
