"""A web server that can hang up on a caller in the middle of a call, or answer drop by drop, as some partners do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

DROPS = 6
SHARE = 0.4
"""Of the time that a call is held which is not answered at all, so much is what a slow answer takes."""

_open: dict[tuple[str, int], asyncio.Transport] = {}


class Droppable(H11Protocol):
    """uvicorn's own protocol, remembering each caller's connection while it is open."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own signature
        """Note the connection by its caller's address."""
        super().connection_made(transport)
        if self.client is not None:
            _open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self.client is not None:
            _open.pop(self.client, None)
        super().connection_lost(exc)


def served(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """How such a server serves an app."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Droppable,
        ws="none",
        log_config=None,
        access_log=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=3,
    )


def hang_up(request: Request) -> None:
    """Cut the caller off without a word."""
    transport: Any = _open.get((request.client.host, request.client.port)) if request.client else None
    if transport is not None:
        transport.abort()


def slowly(good: Response, held_seconds: float) -> Response:
    """The same answer, its body in drops."""
    body, pause = bytes(good.body), held_seconds * SHARE / DROPS
    size = max(1, -(-len(body) // DROPS))

    async def drops() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            await asyncio.sleep(pause)
            yield body[start : start + size]

    return StreamingResponse(drops(), good.status_code, media_type=good.media_type)
