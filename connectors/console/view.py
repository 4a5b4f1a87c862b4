"""A page as HTML: its words in the reader's language, the frame around it, and headers that let nothing else in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from connectors.console.desk import Desk
from connectors.console.people import Role
from connectors.console.session import Session
from connectors.console.words import LANGUAGES, Words, words
from rules.words import shown_day
from schemas.instant import VIETNAM, date_of, now

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "hoso_lang"
HEADERS = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A page in the frame's navigation; `at` is its path below the console's, its name the key of its word."""

    name: str
    at: str
    roles: frozenset[Role] = frozenset(Role)


TABS = (
    Tab("today", "/"),
    Tab("agencies", "/agencies"),
    Tab("carriers", "/carriers", frozenset({Role.CITY, Role.OPERATOR})),
    Tab("reports", "/reports"),
    Tab("calendar", "/calendar", frozenset({Role.CITY, Role.OPERATOR})),
    Tab("pipeline", "/pipeline", frozenset({Role.OPERATOR})),
)


class View:
    """What a request is answered with: its session's person, its language, its page."""

    def __init__(self, desk: Desk, request: Request, session: Session | None) -> None:
        self._desk, self._request, self._session = desk, request, session
        asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE) or ""
        self.lang = asked if asked in LANGUAGES else "vi"
        self.say = words(self.lang)

    def page(self, template: str, tab: str = "", status: int = 200, **values: Any) -> HTMLResponse:
        """A template of this room in the frame. What it prints is escaped."""
        answer = HTMLResponse(_templates.get_template(template).render(self._around(tab) | values), status, HEADERS)
        if self._request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(LANGUAGE_COOKIE, self.lang, max_age=365 * 86400, samesite="lax", httponly=True)
        return answer

    def sentence(self, status: int, heading: str, advice: str) -> HTMLResponse:
        """A page that is one sentence and the next step."""
        return self.page("sentence.html", status=status, heading=heading, advice=advice)

    def _around(self, tab: str) -> dict[str, Any]:
        session, root = self._session, self._request.scope.get("root_path", "")
        person = session.person if session else None
        return {
            "root": root,
            "lang": self.lang,
            "languages": LANGUAGES,
            "say": self.say,
            "tab": tab,
            "tabs": [one for one in TABS if person and person.role in one.roles],
            "person": person,
            "word": self._desk.sessions.word(session) if session else "",
            "here": self._here(),
            "in_language": self._in_language,
            "day": _day,
            "instant": _instant,
            "number": _number(self.lang),
            "now": now(),
        }

    def _here(self) -> str:
        """This page's address, without the language that a link asked for."""
        asked = [(name, value) for name, value in self._request.query_params.multi_items() if name != "lang"]
        return self._request.url.path + (f"?{urlencode(asked)}" if asked else "")

    def _in_language(self, lang: str) -> str:
        return f"{self._here()}{'&' if '?' in self._here() else '?'}lang={lang}"


def _day(value: date | datetime | str | None) -> str:
    """A day as officers write it; a dash where there is none."""
    match value:
        case None | "":
            return "–"
        case str():
            return shown_day(date.fromisoformat(value))
        case datetime():
            return shown_day(date_of(value))
    return shown_day(value)


def _instant(value: datetime | float | None) -> str:
    """A minute of the city's day; a dash where there is none. A number is unix seconds."""
    if value is None:
        return "–"
    at = value if isinstance(value, datetime) else datetime.fromtimestamp(value, VIETNAM)
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def _number(lang: str) -> Callable[[int], str]:
    """A whole number with the language's separator between thousands."""
    return (lambda value: f"{value:,}".replace(",", ".")) if lang == "vi" else (lambda value: f"{value:,}")


__all__ = ["HEADERS", "TABS", "Tab", "View", "Words"]
