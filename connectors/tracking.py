"""The citizen's way in: the tracking code on the slip, and the link that has the dossier's code in it too."""

import hmac
import re
from urllib.parse import quote

from connectors.gate.gate import LETTERS, TRACKING_LETTERS, tracking_code

FORM = re.compile(f"[{LETTERS}]{{{TRACKING_LETTERS}}}")
AS_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, ".": None})
"""No code has these letters: who reads one from a slip means the digit."""
MOST_TYPED = 40


def link(public_url: str, dossier: str, key: bytes) -> str:
    """Where a citizen reads of this dossier; whoever has the link may read it. It needs no read model."""
    return f"{short_link(public_url, tracking_code(dossier, key))}?dossier={quote(dossier)}"


def short_link(public_url: str, tracking: str) -> str:
    """The same by the tracking code alone."""
    return f"{public_url.rstrip('/')}/track/{tracking}"


def typed(text: str) -> str | None:
    """The tracking code that somebody typed, in its one form; None where it is none."""
    found = text.upper().translate(AS_MEANT) if len(text) <= MOST_TYPED else ""
    return found if FORM.fullmatch(found) else None


def opens(tracking: str, dossier: str, key: bytes | None) -> bool:
    """Whether this tracking code is that of the dossier, in a time that tells nothing. Without a key none is."""
    found = typed(tracking)
    if key is None or found is None:
        return False
    return hmac.compare_digest(found.encode(), tracking_code(dossier, key).encode())
