"""The HTTP door as one app: its routes, and every error as a problem."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from connectors.edge import contract, dossiers, events, feed, keeping, problem, receipts, track, webhooks
from connectors.edge.door import Door
from connectors.untold import UNTOLD
from schemas.contract import Json

THREADS = 16
"""How many requests wait for SQL or the broker at once; the others queue."""


def make_app(door: Door) -> FastAPI:
    """The app over these tools. It closes none of them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield

    app = FastAPI(title=contract.TITLE, docs_url=None, redoc_url=None, lifespan=lifespan, telemetry=UNTOLD)
    problem.install(app)
    for room in (events, webhooks, feed, dossiers, receipts, track, keeping):
        app.include_router(room.routes(door))
    app.include_router(contract.routes())
    app.openapi = lambda: contract.describe(app)  # type: ignore[method-assign]
    return app


def openapi() -> Json:
    """The door's OpenAPI document, without opening it: routes look at their tools only when they are called."""
    return make_app(Door.__new__(Door)).openapi()
