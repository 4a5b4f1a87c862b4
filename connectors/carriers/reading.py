"""What every carrier's translation needs to read JSON and replies: bounded, and never an error of the library's own."""

import hmac
import json
import re
from base64 import b32encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from connectors.transport import Reply
from connectors.verdicts import TryLater, Unreadable
from schemas.event import DOSSIER

MOST_TEXT, MOST_NAME, MOST_MONEY = 4000, 200, 10**13
"""What our words hold: signs of a sentence, signs of a name, dong."""
DIGEST_SIGNS = 20
_OURS = re.compile(rf"(?P<dossier>{DOSSIER})[-_.](?P<leg>[CDRT][1-9][0-9]?)")


def answered(reply: Reply) -> Any:
    """What it says, once it is neither down nor hurried. TryLater is in doubt unless it surely did nothing."""
    up(reply)
    return json_of(reply)


def up(reply: Reply) -> None:
    """Raise TryLater where the status alone says: not now."""
    match reply.status:
        case 401 | 403:
            raise TryLater(f"it does not let us in: {reply.status}")
        case 429:
            raise TryLater("it is hurried: 429", reply.retry_after_seconds)
        case 408 | 425:
            raise TryLater(f"it did not wait: {reply.status}", reply.retry_after_seconds, in_doubt=True)
        case status if status >= 500:
            raise TryLater(f"it is down: {status}", reply.retry_after_seconds, in_doubt=True)
        case status if 300 <= status < 400:
            raise TryLater(f"it has moved: {status}")


def json_of(reply: Reply) -> Any:
    """The JSON of a reply; TryLater where it is none."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise TryLater(f"its answer is no JSON: {reply.status}", in_doubt=reply.status < 400) from error


def parsed(body: bytes) -> Any:
    """The JSON of a webhook; Unreadable where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error


def token_of(reply: Reply, *names: str) -> str:
    """The token in the answer to a login, under one of these names, at the top or in its `data`.

    Wrong credentials are an operator's to mend, not a citizen's order to refuse: TryLater.
    """
    said = object_of(json_of(reply))
    places = (said, object_of(said.get("data")))
    token = next((place[name] for place in places for name in names if place.get(name)), None)
    if reply.status != 200 or not isinstance(token, str) or not (token.isascii() and token.isprintable()):
        raise TryLater(f"no token: {reply.status}", reply.retry_after_seconds)
    return token


def object_of(said: Any) -> Mapping[str, Any]:
    """An object, or an empty one in its place."""
    return said if isinstance(said, dict) else {}


def record_of(said: Any) -> Mapping[str, Any]:
    """A record of a webhook; Unreadable where it is no object."""
    if not isinstance(said, dict):
        raise Unreadable("a record that is no object")
    return said


def text_of(record: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that says something. Lists and objects say nothing."""
    return next((text for name in names if (text := clean(record.get(name)))), "")


def clean(value: Any) -> str:
    """A value as text that can be stored and encoded: half a sign (a lone surrogate) becomes a question mark, and so
    does NUL, which PostgreSQL keeps in no text. None, a list or an object is empty.
    """
    if not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "?").strip().encode("utf-8", "replace").decode()[:MOST_TEXT]


def amount_of(value: Any) -> int | None:
    """A sum in dong, where it is one: a number, or its digits as text."""
    if isinstance(value, str) and len(value) <= len(str(MOST_MONEY)) and value.isascii() and value.isdecimal():
        value = int(value)
    is_sum = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST_MONEY
    return int(value) if is_sum else None


def knows(given: str | None, secret: SecretStr) -> bool:
    """Whether somebody knows our secret, in a time that tells nothing. Nobody knows one that is not set."""
    wanted = secret.get_secret_value().encode()
    return hmac.compare_digest((given or "").encode("utf-8", "replace"), wanted) and bool(wanted)


# ---------------------------------------------------------------- our reference in their fields


def told_as(reference: str, sign: str = "/", most: int = MOST_NAME) -> str:
    """Our reference as a carrier's field takes it: with its own sign for `/`, and if that is too long a short one.

    A short one is always the same for the same reference. `ours` cannot read it back: the item's number tells its leg.
    """
    told = reference.replace("/", sign)
    if len(told) <= most:
        return told
    digest = b32encode(sha256(reference.encode()).digest()).decode()[:DIGEST_SIGNS]
    return f"{digest}{sign}{reference.rpartition('/')[2]}"


def ours(told: str) -> str:
    """The reference that was told with another sign; anything else as it is."""
    found = _OURS.fullmatch(told)
    return f"{found['dossier']}/{found['leg']}" if found else told
