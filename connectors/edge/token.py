"""A page's token: whoever sends a form shows with it that the page was opened here, by its code, not long ago."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from fastapi import Request

GOOD_SECONDS = 24 * 3600
"""How long (real time) a page may lie open before its form is sent."""
PURPOSE = b"hoso rating page v1"


def token_of(key: bytes, tracking: str, at: float) -> str:
    """The token of a page that is made now, in unix seconds of real time."""
    made_at = f"{int(at):x}"
    return f"{made_at}.{_sign(key, tracking, made_at)}"


def is_good(token: str, key: bytes, tracking: str, at: float) -> bool:
    """Whether a page of ours bore this token, and is not too old."""
    made_at, _, signature = token.partition(".")
    # What was typed into a form may be no text that has bytes.
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), _sign(key, tracking, made_at).encode()):
        return False
    return -1 <= at - int(made_at, 16) <= GOOD_SECONDS


def _sign(key: bytes, tracking: str, made_at: str) -> str:
    return hmac.new(
        key, b"|".join((PURPOSE, tracking.encode(), made_at.encode("utf-8", "replace"))), sha256
    ).hexdigest()[:32]


def is_from_here(request: Request, public_url: str | None) -> bool:
    """Whether no browser says that another site sent this. Who is no browser says nothing, and shows the token."""
    if said := request.headers.get("sec-fetch-site"):
        return said == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return True
    ours = {request.headers.get("host", ""), urlsplit(public_url or "").netloc}
    return urlsplit(origin).netloc in ours - {""}
