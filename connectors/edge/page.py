"""A citizen's page as HTML: it names nobody and no procedure, runs no script and loads nothing from elsewhere."""

import time
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from connectors.edge import token
from connectors.edge.citizen import Citizen
from connectors.edge.citizen_words import PURPOSES, RATEABLE, SITUATIONS, carrier_words, parcel_words, wanted_words
from connectors.edge.headline import day_of, headline, place_of
from connectors.edge.link import START, Link
from connectors.edge.page_words import LANGUAGES, SAYS
from connectors.edge.problem import RETRY_SECONDS
from connectors.edge.rating import Sent
from connectors.explanation import Explanation
from rules.rating import ANSWERS, MOST_WORDS, QUESTIONS, Rateable
from rules.reference import Edition
from schemas.instant import now

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "page.css").read_text(encoding="utf-8")
STYLE_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
PRIVATE = {
    "cache-control": "private, no-store",
    "referrer-policy": "same-origin",
    "vary": "accept",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}
"""Of whatever is a citizen's own. The address is their key: no other site learns it, but our own form may say with it
where it comes from."""
HEADERS = PRIVATE | {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; img-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}
Values = dict[str, Any]
EMPTY = Sent({}, "", "")
"""A rating's form that nobody has filled in yet."""

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def citizen(
    one: Citizen, edition: Edition, link: Link, key: bytes, form: Sent | None = None, *, rated: bool = False
) -> HTMLResponse:
    """Where the dossier stands, what is wanted, where the parcels are, and the date with every day of its count.

    `rated` thanks for a rating just given; `form` shows one again that was not complete (422).
    """
    rateable = Rateable.RATED if rated and one.rateable is Rateable.OPEN else one.rateable
    values = _told(one, edition, link) | _date(one.explanation, link) | _rating(rateable, form or EMPTY, link, key)
    return _page(422 if form else 200, "citizen.html", one.code, link, values)


def _told(one: Citizen, edition: Edition, link: Link) -> Values:
    """Where it stands, what is wanted, the parcels, whom to ask."""
    place = place_of(link.lang)
    return {
        "situation": SITUATIONS[one.situation][place],
        "wanted": [(wanted_words(row, one.items)[place], row.documents) for row in one.wanted],
        "parcels": [
            (PURPOSES[row.purpose][place], carrier_words(row.carrier)[place], row, parcel_words(row)[place])
            for row in one.parcels
        ],
        "agency": edition.agency(one.explanation.dossier.view().receiving),
    }


def _date(one: Explanation, link: Link) -> Values:
    """The due date with its working, as of now."""
    at, clock = now(), one.dossier.clock
    says, stands = headline(one, link.lang, at)
    return {
        "headline": says,
        "stands": stands,
        "provisional": clock.provisional,
        "due_on": clock.due_on,
        "facts": one.facts,
        "changes": one.changes,
        "working": one.working,
        "calendar": one.inputs.calendar.table if one.inputs else None,
        "day_of": day_of,
        "text_of": lambda told: told.text_vi if link.lang == "vi" else told.text_en,
        "basis_of": lambda line: line.basis_vi if link.lang == "vi" else line.basis,
        "made_at": f"{at:%H:%M %d/%m/%Y}",
    }


def _rating(rateable: Rateable, form: Sent, link: Link, key: bytes) -> Values:
    """What is asked of whoever may rate."""
    return {
        "rateable": rateable,
        "rating_says": RATEABLE[rateable][place_of(link.lang)],
        "questions": QUESTIONS,
        "answers": ANSWERS,
        "in_words": lambda pair: pair.vi if link.lang == "vi" else pair.en,
        "most_words": MOST_WORDS,
        "form": form,
        "token": token.token_of(key, link.code or "", time.time()),
    }


def start(link: Link) -> HTMLResponse:
    """Where a tracking code is typed."""
    return _page(200, "start.html", "", link, {"heading": SAYS[link.lang]["start"], "advice": ""})


def not_here(link: Link) -> HTMLResponse:
    """404: the same for a code that is none, one that is unknown, and two codes that do not belong together."""
    return _nothing(404, "not_here", Link(dossier=link.dossier, lang=link.lang))


def too_many(link: Link, wait_seconds: float) -> HTMLResponse:
    """429: codes were wrong too often; with the dossier's code as well the page opens at once."""
    answer = _page(429, "too_many.html", "", link, {})
    answer.headers["retry-after"] = str(int(wait_seconds) + 1)
    return answer


def later(link: Link) -> HTMLResponse:
    """503: the broker or the read model is away, or no reference data is known yet."""
    answer = _nothing(503, "later", link)
    answer.headers["retry-after"] = str(RETRY_SECONDS)
    return answer


def not_taken(link: Link, status: int, why: str) -> HTMLResponse:
    """A rating that was not taken, and why: `rated_before`, `not_rateable` or `form_too_old`."""
    return _nothing(status, why, link)


def _nothing(status: int, why: str, link: Link) -> HTMLResponse:
    say = SAYS[link.lang]
    template = "start.html" if status == 404 else "nothing.html"
    return _page(status, template, "", link, {"heading": say[why], "advice": say[f"{why}_more"]})


def _page(status: int, name: str, code: str, link: Link, values: Values) -> HTMLResponse:
    around = {
        "lang": link.lang,
        "languages": LANGUAGES,
        "say": SAYS[link.lang],
        "code_of_dossier": code,
        "link": link,
        "start": START,
        "style": Markup(STYLE),
    }
    return HTMLResponse(_templates.get_template(name).render(around | values), status, HEADERS)
