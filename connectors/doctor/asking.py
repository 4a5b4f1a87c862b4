"""Who answers at an operators' port: which process, of which release, and whether it can do its work."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from schemas.release import HEADER, Running, running

TIMEOUT_SECONDS = 2.0
ADDRESSES = "fleet.json"
"""The file in the home where a supervisor leaves its processes' operators' ports."""
MOST_SAID = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """An operators' port, and who answered there."""

    address: str
    who: Running | None
    why: str = ""
    """Why nobody is known to run there."""
    not_ready: str = ""
    """Why it cannot do its work now, in its own words; empty if it can."""


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
        return Asked(named, None, f"does not answer ({type(error).__name__})")
    finally:
        connection.close()
    if who is None:
        return Asked(named, None, "does not say which release it runs: it is older, or not ours")
    return Asked(named, who, not_ready="" if answer.status == 200 else _words(body))


def places(home: Path) -> dict[str, str]:
    """Where the processes of the supervisor of this home can be asked, by name; nothing where none has run."""
    file = home / ADDRESSES
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _words(body: bytes) -> str:
    """A worker answers with figures, the others with a sentence."""
    text = body.decode(errors="replace").strip()
    return "it recovers or stands still" if text.startswith("{") else text or "it does not say why"
