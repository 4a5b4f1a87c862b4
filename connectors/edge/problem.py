"""RFC 9457: what went wrong over HTTP, as a sentence with a next step."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from connectors.archive import BrokenArchive
from connectors.verdicts import TryLater
from rules.reference import UnknownVersion

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
MENDED_SECONDS = 300
"""When to ask again for what an operator has to mend."""
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class Problem(Exception):
    """An answer that is a problem; `more` are members of its own."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, dict(headers or {}), dict(more or {})

    def response(self) -> JSONResponse:
        """The problem on the wire."""
        title = HTTPStatus(self.status).phrase
        body = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail} | self.more
        return JSONResponse(body, self.status, self.headers, MEDIA_TYPE)


def later(why: str, seconds: float = RETRY_SECONDS) -> Problem:
    """503: nothing was taken; the same again in a while."""
    wait = str(max(1, round(seconds)))
    return Problem(503, f"Nothing was taken: {why}. Send the same again in {wait} s.", {"retry-after": wait})


def install(app: FastAPI) -> None:
    """Answer every error of this app as a problem."""

    async def problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return error.response()

    async def away(_: Request, error: Exception) -> JSONResponse:
        return later(str(error)).response()

    async def no_beginning(_: Request, error: Exception) -> JSONResponse:
        wait = {"retry-after": str(MENDED_SECONDS)}
        return Problem(503, f"Nothing is told of half a history; tell an operator: {error}.", wait).response()

    async def no_reference(_: Request, error: Exception) -> JSONResponse:
        return later("no reference data is known yet").response()

    async def plain(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = _allowed(app, request) if error.status_code == 405 else error.headers
        return Problem(error.status_code, f"{error.detail}: /openapi.json lists what is here.", headers).response()

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        names = ", ".join(str(one["loc"][-1]) for one in error.errors())
        return Problem(422, f"Wrong in the address: {names}. /openapi.json says what is expected.").response()

    async def broken(_: Request, error: Exception) -> JSONResponse:
        return Problem(
            500, "We made a mistake and have logged it; send the same again, or tell an operator."
        ).response()

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(TryLater, away)
    app.add_exception_handler(BrokenArchive, no_beginning)
    app.add_exception_handler(UnknownVersion, no_reference)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, broken)


def _allowed(app: FastAPI, request: Request) -> dict[str, str]:
    """Every method of this address (RFC 9110, 10.2.1): Starlette names those of the first of its routes only."""
    asked = {method: {**request.scope, "method": method} for method in METHODS}
    here = [one for one, scope in asked.items() if any(it.matches(scope)[0] is Match.FULL for it in app.routes)]
    return {"allow": ", ".join(here)}
