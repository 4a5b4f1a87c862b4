"""A web server that can hang up on a caller in the middle of a call, as a partner's sometimes does."""

import asyncio
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

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


def hang_up(request: Request) -> None:
    """Cut the caller off without a word."""
    transport: Any = _open.get((request.client.host, request.client.port)) if request.client else None
    if transport is not None:
        transport.abort()
