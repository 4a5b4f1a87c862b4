"""The console as one app: its pages, what they load, and every error as a page."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from connectors.console import sign_in
from connectors.console.desk import Desk, NotYours
from connectors.console.door import NotAllowed, NotOurs, NotSignedIn, session_of
from connectors.console.pages import PAGES
from connectors.console.view import HERE, View
from connectors.untold import UNTOLD
from connectors.verdicts import TryLater
from rules.reference import UnknownVersion

AT = "/console"
"""Where it lies below the HTTP door."""
LEAST_BETWEEN_SECONDS = 1.0
"""A page is told of changes no more often than this (real time)."""


def make_console(desk: Desk) -> FastAPI:
    """The app over these tools. It closes none of them."""
    app = FastAPI(title="hoso console", docs_url=None, redoc_url=None, openapi_url=None, telemetry=UNTOLD)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(sign_in.routes(desk))
    app.include_router(_live(desk))
    for routes in PAGES:
        app.include_router(routes(desk))
    _install(app, desk)
    return app


def _live(desk: Desk) -> APIRouter:
    api = APIRouter()

    @api.get("/live")
    async def live(request: Request) -> Response:
        """A line a change of the read model, as server-sent events."""
        if session_of(desk, request) is None:
            return Response(status_code=403)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(_beats(desk, request), media_type="text/event-stream", headers=headers)

    return api


async def _beats(desk: Desk, request: Request) -> AsyncIterator[str]:
    import asyncio

    async for changed in desk.pulse.beats():
        # Whoever left, or was signed out, is told nothing more.
        if await request.is_disconnected() or session_of(desk, request) is None:
            return
        yield "event: changed\ndata: .\n\n" if changed else ": still here\n\n"
        if changed:
            await asyncio.sleep(LEAST_BETWEEN_SECONDS)


Handler = Callable[[Request, Any], Response]


def _install(app: FastAPI, desk: Desk) -> None:
    """Answer every error as a page in the reader's language."""

    def view(request: Request) -> View:
        return View(desk, request, session_of(desk, request))

    def sentence(status: int, name: str) -> Handler:
        def answer(request: Request, error: Any) -> Response:
            seen = view(request)
            advice = getattr(seen.say.frame, f"{name}_more").format(why=error, names=_names(error))
            return seen.sentence(status, getattr(seen.say.frame, name), advice)

        return answer

    def ask(request: Request, _: Any) -> Response:
        root = request.scope.get("root_path", "")
        if request.headers.get("hx-request"):
            # What only fetches a part of a page sends the whole page to the sign-in.
            return Response(status_code=204, headers={"hx-redirect": f"{root}/sign-in"})
        after = request.url.path if request.method == "GET" else root + "/"
        asked = f"{after}?{request.url.query}" if request.url.query and request.method == "GET" else after
        return RedirectResponse(f"{root}/sign-in?next={quote(asked, safe='')}", 303)

    not_here, malformed = sentence(404, "not_here"), sentence(422, "malformed")

    def plain(request: Request, error: Any) -> Response:
        return not_here(request, error) if error.status_code == 404 else malformed(request, error)

    handlers: dict[type[Exception], Handler] = {
        NotSignedIn: ask,
        NotAllowed: sentence(403, "not_allowed"),
        NotOurs: sentence(403, "not_ours"),
        NotYours: not_here,
        TryLater: sentence(503, "later"),
        UnknownVersion: sentence(503, "later"),
        RequestValidationError: malformed,
        HTTPException: plain,
        Exception: sentence(500, "broken"),
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _names(error: Any) -> str:
    if isinstance(error, RequestValidationError):
        return ", ".join(str(one["loc"][-1]) for one in error.errors())
    return str(getattr(error, "detail", ""))
