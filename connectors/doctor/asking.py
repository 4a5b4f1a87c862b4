"""Who answers at an operators' port: which process, of which release, and whether it can do its work."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from connectors.doctor.words import Said, alike
from schemas.release import HEADER, Running, running

TIMEOUT_SECONDS = 2.0
ADDRESSES = "fleet.json"
"""The file in the home where a supervisor leaves its processes' operators' ports."""
MOST_SAID = 300
NOTHING = Said("", "")
NO_ANSWER = Said("không trả lời ({error})", "does not answer ({error})")
NO_RELEASE = Said(
    "không nói mình chạy phiên bản nào: bản cũ hơn, hoặc không phải của hệ thống này",
    "does not say which release it runs: it is older, or not ours",
)
NOT_SAID = Said("không nói vì sao", "it does not say why")
RECOVERS = Said("đang khôi phục hoặc đứng yên", "it recovers or stands still")


@dataclass(frozen=True, slots=True)
class Asked:
    """An operators' port, and who answered there."""

    address: str
    who: Running | None
    silent: Said = NOTHING
    """Why nobody is known to run there."""
    unready: Said | str = ""
    """Why it cannot do its work now, in its own words; empty if it can."""

    @property
    def why(self) -> str:
        """Why nobody is known to run there, in English."""
        return self.silent.en

    @property
    def not_ready(self) -> str:
        """Why it cannot do its work now, in English."""
        return alike(self.unready).en


def ask(address: str) -> Asked:
    """Who answers at `host:port`, or at any URL there."""
    place = urlsplit(address if "//" in address else f"//{address}")
    named = f"{place.hostname}:{place.port}"
    connection = HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        who, body = running(answer.getheader(HEADER, "")), answer.read(MOST_SAID)
    except (OSError, HTTPException) as error:
        return Asked(named, None, NO_ANSWER.of(error=type(error).__name__))
    finally:
        connection.close()
    if who is None:
        return Asked(named, None, NO_RELEASE)
    return Asked(named, who, unready="" if answer.status == 200 else _words(body))


def places(home: Path) -> dict[str, str]:
    """Where the processes of the supervisor of this home can be asked, by name; nothing where none has run."""
    file = home / ADDRESSES
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _words(body: bytes) -> Said | str:
    """A worker answers with figures, the others with a sentence."""
    text = body.decode(errors="replace").strip()
    return RECOVERS if text.startswith("{") else text or NOT_SAID
