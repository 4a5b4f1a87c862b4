"""The citizen's way in: a link of a dossier's code and its tracking code, which both stand on the slip."""

import hmac
from urllib.parse import quote

from connectors.gate.gate import tracking_code


def link(public_url: str, dossier: str, key: bytes) -> str:
    """Where a citizen reads the deadline of this dossier; whoever has the link may read it."""
    return f"{public_url.rstrip('/')}/track/{tracking_code(dossier, key)}?dossier={quote(dossier)}"


def opens(tracking: str, dossier: str, key: bytes | None) -> bool:
    """Whether this tracking code is that of the dossier, in a time that tells nothing. Without a key none is."""
    if key is None:
        return False
    wanted = tracking_code(dossier, key)
    # Whoever types it from a slip may type it small.
    return hmac.compare_digest(tracking.upper().encode(), wanted.encode())
