"""The others of the load run in one light server: the sandbox's post and its agencies' callbacks.

What they do is the sandbox's own code (parcels, signed webhooks, verified callbacks); only the server is thinner, so
that the figures are the pipeline's.
"""

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from sandbox.app import Rehearsal
from sandbox.myvnpost_api import created, history, queried
from sandbox.post import No

JSON = "application/json"


class Partners(threading.Thread):
    """Answers on loopback in an event loop of its own, from `start` to `stop`."""

    def __init__(self, stage: Rehearsal) -> None:
        super().__init__(name="partners", daemon=True)
        self._stage, self._tokens = stage, set[str]()
        self._loop = asyncio.new_event_loop()
        self._listens, self._over = threading.Event(), asyncio.Event()

    def run(self) -> None:
        self._loop.run_until_complete(self._serve())

    def wait(self) -> None:
        """Return once it listens. Raises if it does not in ten seconds."""
        if not self._listens.wait(10):
            raise RuntimeError("the partners do not listen: is their port taken?")

    def stop(self) -> None:
        """Answer no more."""
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()

    async def _serve(self) -> None:
        app = web.Application()
        counter = "/myvnpost"
        app.add_routes(
            [
                web.post(f"{counter}/GetAccessToken", self._token),
                web.post(f"{counter}/CreateOrder", self._known(self._create)),
                web.get(f"{counter}/getOrder", self._known(self._order)),
                web.get(f"{counter}/GetStatusHistoryOrder", self._known(self._history)),
                web.post("/agencies/{code}/callback", self._callback),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            settings = self._stage.settings
            await web.TCPSite(runner, settings.sandbox_host, settings.sandbox_port).start()
            self._listens.set()
            await self._over.wait()
        finally:
            await runner.cleanup()

    # ------------------------------------------------------------ the post

    async def _token(self, request: web.Request) -> web.Response:
        said, settings = await request.json(), self._stage.settings
        if (said.get("username"), said.get("password")) != (settings.sandbox_username, settings.sandbox_password):
            return _json({"success": False}, 401)
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return _json({"success": True, "token": token})

    def _known(
        self, handle: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Only for a customer that shows a token."""

        async def checked(request: web.Request) -> web.Response:
            if request.headers.get("token") not in self._tokens:
                return _json({"status": 401, "message": "Token không hợp lệ", "description": "token"}, 401)
            return await handle(request)

        return checked

    async def _create(self, request: web.Request) -> web.Response:
        said = await request.json()
        taken = self._stage.post.create(
            {**said["informationOrder"], "customerCode": said.get("customerCode", ""), "orderCreationStatus": 1}
        )
        if isinstance(taken, No):
            said = {"status": taken.status, "message": taken.message, "description": taken.description}
            return _json(said, taken.status)
        return _json(created(taken))

    async def _order(self, request: web.Request) -> web.Response:
        return _json({"results": [queried(parcel) for parcel in self._found(request)]})

    async def _history(self, request: web.Request) -> web.Response:
        return _json({"data": [history(parcel) for parcel in self._found(request)]})

    def _found(self, request: web.Request) -> list[Any]:
        return self._stage.post.find(request.query.get("type", "1"), request.query.get("code", ""))

    # ------------------------------------------------------------ the agencies

    async def _callback(self, request: web.Request) -> web.Response:
        agencies = self._stage.agencies
        agency = agencies.get(request.match_info["code"])
        if agency is None:
            return _json({"error": "no such agency"}, 404)
        headers: Mapping[str, str] = {name.lower(): value for name, value in request.headers.items()}
        answer = agencies.hear(agency, await request.read(), headers)
        return web.Response(body=bytes(answer.body), status=answer.status_code, content_type=JSON)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type=JSON)
