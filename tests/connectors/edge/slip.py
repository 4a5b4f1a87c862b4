"""What a citizen holds and sees: dossiers, the link of a slip, and a page as a browser has it."""

from datetime import date
from html.parser import HTMLParser
from typing import Any

import httpx

from connectors.tracking import link
from schemas.event import Event
from tests.builders import a_fact
from tests.connectors.edge.conftest import Rig

VOID = ("meta", "br", "link", "img", "input")


def key_of(rig: Rig) -> bytes:
    """The key of tracking codes of this door."""
    assert rig.door.tracking is not None
    return rig.door.tracking.on(date.max)


def the_page(rig: Rig, code: str, lang: str = "vi") -> httpx.Response:
    """The citizen's page by the link that the slip's two codes make."""
    return rig.client.get(link("", code, key_of(rig)) + f"&lang={lang}")


class Seen(HTMLParser):
    """What a browser would do with a page: its tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def values(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [value or "" for one, value in self.attributes if one == name]

    @property
    def words(self) -> str:
        """The text, its white space made even."""
        return " ".join(" ".join(self.text).split())


def a_dossier(code: str, **data: Any) -> Event:
    """The reception, on Monday, 2 November 2026, of a dossier of three working days."""
    stated: dict[str, Any] = {
        "procedure_code": "1.004873",
        "channel": "ONLINE",
        "receiving_agency": "H29.12",
        "competent_agency": "H29.12",
        "return_mode": "COUNTER",
    }
    return a_fact("received", "2026-11-02 09:05", code=code, **(stated | data))


def asked(code: str) -> Event:
    """A supplement is asked for on Tuesday morning."""
    return a_fact("supplement_requested", "2026-11-03 10:00", code=code, stage="APPRAISAL", documents=["x"], reason="x")


def done(code: str, time: str = "2026-11-04 10:00") -> Event:
    """A result."""
    return a_fact("result_ready", time, code=code, outcome="APPROVED", physical=True)
