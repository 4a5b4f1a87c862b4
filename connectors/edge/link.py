"""The address of a citizen's page: by which codes it was opened, and in which language it speaks."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from connectors.edge.page_words import LANGUAGES
from connectors.tracking import typed

START = "/track"


@dataclass(frozen=True, slots=True)
class Link:
    """A tracking code as it was typed, the dossier's code where that is in the address, the language."""

    tracking: str = ""
    dossier: str = ""
    lang: str = "vi"

    @property
    def code(self) -> str | None:
        """The tracking code in its one form; None where it is none."""
        return typed(self.tracking)

    @property
    def path(self) -> str:
        """The page; that where one begins, where no code is known."""
        return f"{START}/{self.code}" if self.code else START

    @property
    def query(self) -> str:
        """What follows the page's path: the same page again, wherever it stands."""
        said = ({"dossier": self.dossier} if self.dossier else {}) | {"lang": self.lang}
        return f"?{urlencode(said)}"

    @property
    def manifest(self) -> str:
        """Where a phone learns how to keep this page."""
        return f"{START}/{self.code or 'app'}/app.webmanifest{self.query}"

    @property
    def qr(self) -> str:
        """The page's address as a QR code."""
        return f"{START}/{self.code}/qr.svg"

    def said_in(self, lang: str) -> "Link":
        """The same page in another language."""
        return replace(self, lang=lang)


def link_of(tracking: str, dossier: str, lang: str) -> Link:
    """The link that a request came by; an unknown language is Vietnamese."""
    return Link(tracking, dossier.strip(), lang if lang in LANGUAGES else "vi")
