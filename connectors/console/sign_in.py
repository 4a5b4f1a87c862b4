"""Coming in and going out: by a password of this installation, or through an OpenID provider."""

import time
from collections import deque
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from connectors.console import openid
from connectors.console.desk import Desk
from connectors.console.door import Sent, forms, session_of
from connectors.console.people import Person
from connectors.console.session import COOKIE, LASTS_SECONDS
from connectors.console.view import View

TRIES, WITHIN_SECONDS = 10, 60.0
"""So many wrong passwords under one name, or ten times as many in all, in such a while (real time): none is tried."""


class Tries:
    """Wrong passwords of the last while, by name. Names that nobody bears count like others."""

    def __init__(self) -> None:
        self._wrong: deque[tuple[float, str]] = deque(maxlen=TRIES * 100)

    def too_many(self, name: str) -> bool:
        """Whether nobody of this name is let in for now."""
        while self._wrong and self._wrong[0][0] < time.monotonic() - WITHIN_SECONDS:
            self._wrong.popleft()
        return len(self._wrong) >= TRIES * 10 or sum(one == name for _, one in self._wrong) >= TRIES

    def add(self, name: str) -> None:
        """Count one."""
        self._wrong.append((time.monotonic(), name))


def routes(desk: Desk) -> APIRouter:
    """The sign-in's routes."""
    api, tries = APIRouter(), Tries()
    provider = openid.provider(desk.settings.openid)

    def screen(request: Request, after: str, why: str = "", status: int = 200) -> Response:
        view = View(desk, request, None)
        return view.page(
            "sign_in.html",
            status=status,
            next=after,
            why=getattr(view.say.frame, why) if why else "",
            provider=provider is not None,
            by_password=bool(desk.people.names()),
        )

    @api.get("/sign-in")
    def ask(request: Request, next: str = "") -> Response:
        if session_of(desk, request) is not None:
            return RedirectResponse(inside(request, next), 303)
        return screen(request, inside(request, next))

    @api.post("/sign-in")
    def come_in(
        request: Request,
        name: Annotated[str, Form(max_length=100)],
        password: Annotated[str, Form(max_length=1000)],
        next: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        after, name = inside(request, next), name.strip().lower()
        if tries.too_many(name):
            return screen(request, after, "too_often", 429)
        person = desk.people.known(name, password)
        if person is None:
            tries.add(name)
            return screen(request, after, "wrong", 401)
        return begin(desk, request, person, after)

    @api.post("/sign-out")
    def go_out(sent: Annotated[Sent, Depends(forms(desk))]) -> Response:
        answer = sent.back_to("/sign-in")
        answer.delete_cookie(COOKIE, path=_root(sent.request))
        return answer

    if provider is not None:
        api.include_router(openid.routes(desk, provider, screen))
    return api


def begin(desk: Desk, request: Request, person: Person, after: str, *, by_provider: bool = False) -> Response:
    """Let somebody in and send them on."""
    answer = RedirectResponse(after, 303)
    answer.set_cookie(
        COOKIE,
        desk.sessions.begun(person, by_provider=by_provider),
        max_age=LASTS_SECONDS,
        path=_root(request),
        secure=is_secure(desk, request),
        httponly=True,
        samesite="lax",
    )
    return answer


def is_secure(desk: Desk, request: Request) -> bool:
    """Whether readers reach us by https, as the settings or the request say."""
    public = desk.settings.public_url
    return request.url.scheme == "https" or (public is not None and str(public).startswith("https:"))


def inside(request: Request, asked: str) -> str:
    """A page of ours to go on to: what was asked for if it lies below the console, else its first page."""
    root = request.scope.get("root_path", "")
    parts = urlsplit(asked)
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith(f"{root}/") and "\\" not in asked
    return asked if is_ours and not asked.startswith("//") else f"{root}/"


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")) or "/"
