"""What the console shows of a city, read as an operator reads it, and laid beside the table that the demo prints."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from connectors.console.app import AT
from connectors.console.people import People, Person, Role

NAME = "demo"
PAGES = ("/", "/agencies", "/carriers", "/reports", "/calendar", "/codes", "/pipeline")
ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who may sign in while the demo runs, and where."""

    url: str
    name: str
    password: str

    @classmethod
    def of(cls, home: Path, edge: str) -> "Guest":
        """A new operator of this home."""
        password = secrets.token_urlsafe(12)
        People(home / "people.toml").add(Person(NAME, Role.OPERATOR), password)
        return cls(f"{edge}{AT}", NAME, password)


def differences(guest: Guest, figures: Mapping[str, Any], first: date, last: date) -> list[str]:
    """Where the console does not show what the table says, a line each; also pages that do not open."""
    opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(path: str, form: Mapping[str, str] | None = None) -> bytes:
        data = urlencode(form).encode() if form is not None else None
        with opener.open(f"{guest.url}{path}", data, timeout=ANSWER_SECONDS) as answer:
            return bytes(answer.read())

    try:
        get("/sign-in", {"name": guest.name, "password": guest.password})
        for page in PAGES:
            get(page)
        asked = urlencode({"first": first.isoformat(), "last": last.isoformat(), "by": "agency"})
        shown = json.loads(get(f"/reports/06a.json?{asked}"))
    except (HTTPError, URLError, TimeoutError) as error:
        return [f"the console does not answer: {error}"]
    return [*_otherwise(shown["rows"][-1], figures), *(f"form 06a: {one}" for one in shown["problems"])]


def _otherwise(total: Mapping[str, Any], figures: Mapping[str, Any]) -> list[str]:
    """Form 06a's total against how the clocks ended: what was withdrawn counts as on time there."""
    ended = figures["outcomes"]
    table = {
        "early": ended.get("EARLY", 0),
        "late": ended.get("LATE", 0),
        "resolved": sum(ended.values()),
    }
    return [
        f"the console shows {total[name]} {name}, the table says {value}"
        for name, value in table.items()
        if total[name] != value
    ]
