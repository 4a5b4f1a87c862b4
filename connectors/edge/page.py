"""A citizen's page as HTML: it names nobody and no procedure, runs no script and loads nothing from anywhere."""

from base64 import b64encode
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from connectors.edge.page_words import LANGUAGES, SAYS
from connectors.edge.problem import RETRY_SECONDS
from connectors.explanation import Explanation
from rules.deadlines.phrases import FACTS, OUTCOMES, Effect
from rules.deadlines.state import is_past
from rules.reference import Edition
from rules.words import shown_day
from schemas.clock import ClockState
from schemas.instant import date_of, now

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "page.css").read_text(encoding="utf-8")
STYLE_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "cache-control": "private, no-store",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    # The address is the citizen's key: no other site learns it.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def deadline(one: Explanation, edition: Edition, lang: str) -> HTMLResponse:
    """The due date, what was recorded, and every day of the count; in Vietnamese unless `lang` is en."""
    lang = _known(lang)
    headline, stands = _headline(one, lang)
    values = {
        "headline": headline,
        "stands": stands,
        "provisional": one.dossier.clock.provisional,
        "due_on": one.dossier.clock.due_on,
        "facts": one.facts,
        "changes": one.changes,
        "working": one.working,
        "calendar": one.inputs.calendar.table if one.inputs else None,
        "agency": edition.agency(one.dossier.view().receiving),
        "day_of": _day,
        "text_of": lambda told: told.text_vi if lang == "vi" else told.text_en,
        "basis_of": lambda line: line.basis_vi if lang == "vi" else line.basis,
        "made_at": f"{now():%H:%M %d/%m/%Y}",
    }
    return _page(200, "deadline.html", one.dossier.code, lang, values)


def not_here(code: str, lang: str) -> HTMLResponse:
    """404: the same for a code that is none, one that is unknown, and a tracking code that does not fit."""
    return _nothing(404, "not_here", code, lang)


def later(code: str, lang: str) -> HTMLResponse:
    """503: the broker is away, or no reference data is known yet."""
    answer = _nothing(503, "later", code, lang)
    answer.headers["retry-after"] = str(RETRY_SECONDS)
    return answer


def _nothing(status: int, why: str, code: str, lang: str) -> HTMLResponse:
    lang = _known(lang)
    values = {"heading": SAYS[lang][why], "advice": SAYS[lang][f"{why}_more"]}
    return _page(status, "nothing.html", code, lang, values)


def _page(status: int, name: str, code: str, lang: str, values: dict[str, Any]) -> HTMLResponse:
    around = {"lang": lang, "languages": LANGUAGES, "say": SAYS[lang], "code_of_dossier": code, "style": Markup(STYLE)}
    return HTMLResponse(_templates.get_template(name).render(around | values), status, HEADERS)


def _headline(one: Explanation, lang: str) -> tuple[str, str]:
    """The sentence a citizen came for, and one more where there is more to say."""
    say, clock = SAYS[lang], one.dossier.clock
    stopped = _stopped(one, lang) if clock.state is ClockState.STOPPED else ""
    if clock.due_on and clock.due_at:
        weekday = say["weekdays"][clock.due_on.weekday()]
        due = say["due"].format(weekday=weekday, day=shown_day(clock.due_on), minute=f"{clock.due_at:%H:%M}")
        return due, stopped or (say["past"] if is_past(clock, now()) else "")
    if stopped:
        return stopped, ""
    if clock.suspended_since:
        return say["suspended"].format(day=_day(clock.suspended_since)), say["suspended_more"]
    if one.dossier.problem:
        return say["problem"], ""
    return say["not_started" if clock.has_term else "no_term"], ""


def _stopped(one: Explanation, lang: str) -> str:
    """What ended the resolution, when, and how that stands against the due date."""
    say, outcome, place = SAYS[lang], one.dossier.clock.outcome, list(LANGUAGES).index(lang)
    last = next(fact for fact in reversed(one.facts) if fact.effect is Effect.STOPPED)
    what = FACTS[last.kind][place].capitalize()
    return str(
        say["stopped"].format(what=what, day=_day(last.at), outcome=OUTCOMES[outcome][place])
        if outcome
        else say["stopped_plainly"].format(what=what, day=_day(last.at))
    )


def _day(day: date | datetime) -> str:
    """A day, or the day of an instant, as a citizen writes it."""
    return shown_day(date_of(day) if isinstance(day, datetime) else day)


def _known(lang: str) -> str:
    return lang if lang in LANGUAGES else "vi"
