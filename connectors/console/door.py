"""Who may come in to a page, and what a form must show: the frame's dependencies for every route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from connectors.console.desk import Desk, may
from connectors.console.people import Person, Role
from connectors.console.session import COOKIE, Session
from connectors.console.view import View

FORM, FORM_HEADER = "form", "x-hoso-form"
MOST_FORM_BYTES = 2_000_000


class NotSignedIn(Exception):
    """Nobody is signed in: the page asks them to."""


class NotAllowed(Exception):
    """The page is for another role."""


class NotOurs(Exception):
    """A form without its word, or with another session's."""


@dataclass(frozen=True)
class Visit:
    """A request of somebody who is signed in and may be here."""

    request: Request
    session: Session
    view: View

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.session.person

    def page(self, template: str, tab: str = "", status: int = 200, **values: Any) -> HTMLResponse:
        """The answer as a page."""
        return self.view.page(template, tab, status, **values)

    def back_to(self, path: str) -> RedirectResponse:
        """Go on to a page of ours after a form: its path below the console's."""
        return RedirectResponse(f"{self.request.scope.get('root_path', '')}{path}", 303)


def session_of(desk: Desk, request: Request) -> Session | None:
    """Whose request it is, if anybody's."""
    return desk.sessions.read(request.cookies.get(COOKIE))


def visits(desk: Desk, *roles: Role) -> Callable[[Request], Visit]:
    """A dependency: who asks. Raises NotSignedIn, and NotAllowed for a role that is none of these; without one, all."""

    def visit(request: Request) -> Visit:
        session = session_of(desk, request)
        if session is None:
            raise NotSignedIn
        if roles and not may(session.person, *roles):
            raise NotAllowed
        return Visit(request, session, View(desk, request, session))

    return visit


@dataclass(frozen=True)
class Sent(Visit):
    """A form of ours that somebody sent."""

    fields: Mapping[str, Any]

    def text(self, name: str, most: int = 500) -> str:
        """What was written in a field, without the space around it; empty if nothing was."""
        value = self.fields.get(name, "")
        return value.strip()[:most] if isinstance(value, str) else ""


def forms(desk: Desk, *roles: Role) -> Callable[[Request], Any]:
    """A dependency: a form that was sent. Raises what `visits` does, and NotOurs without this session's word."""
    asked = visits(desk, *roles)

    async def sent(request: Request) -> Sent:
        visit = asked(request)
        if int(request.headers.get("content-length") or 0) > MOST_FORM_BYTES:
            raise NotOurs
        fields = await request.form()
        word = request.headers.get(FORM_HEADER) or fields.get(FORM)
        if not isinstance(word, str) or not desk.sessions.is_ours(visit.session, word):
            raise NotOurs
        return Sent(visit.request, visit.session, visit.view, dict(fields))

    return sent
