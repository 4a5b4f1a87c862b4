"""A worker's operators' port: liveness, readiness and metrics, in its own event loop."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from schemas.release import HEADER, Running
from streams.engine import Engine
from streams.metrics import EngineMetrics


def serving(engine: Engine, host: str, port: int, name: str = "") -> Callable[[], Awaitable[None]]:
    """A coroutine to run beside the app: it serves until it is cancelled."""

    async def healthy(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        places = {number: position._asdict() for number, position in engine.positions().items()}
        body = {
            "ready": engine.ready,
            "lag": engine.lag,
            "is_within_memory": engine.is_within_memory,
            "positions": places,
        }
        return web.json_response(body, status=200 if engine.ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def introduce(_: web.Request, answer: web.StreamResponse) -> None:
        answer.headers[HEADER] = str(Running("worker", name))

    async def serve() -> None:
        app = web.Application()
        app.on_response_prepare.append(introduce)
        app.add_routes([web.get("/healthz", healthy), web.get("/readyz", ready), web.get("/metrics", metrics)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        figures = EngineMetrics(engine)
        REGISTRY.register(figures)
        try:
            await web.TCPSite(runner, host, port).start()
            await asyncio.Event().wait()
        finally:
            REGISTRY.unregister(figures)
            await runner.cleanup()

    return serve
