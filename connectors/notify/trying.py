"""An agency's callback tried out: the challenge, then a test notice, signed as any other; what went over the wire kept.

For `hoso agency test`: it neither proves an endpoint to notify nor counts as a try of anything that is owed.
"""

import secrets as random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors import transport
from connectors.notify import guard
from connectors.notify.callback import SOURCE, TIMEOUT_SECONDS, challenge_event, split, unanswered
from connectors.notify.retry import Outcome, outcome
from connectors.notify.signature import headers
from connectors.transport import Call
from connectors.verdicts import TryLater, Unreadable
from schemas.event import CONTENT_TYPE, derived_id, type_name
from schemas.instant import now
from schemas.reference import Agency, Callback

TEST = type_name("endpoint", "test")
TOLD = ("content-type", "content-length", "retry-after", "location", "date", "server")
"""What is shown of an answer's headers: cookies and the like are somebody's secrets."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer. `status` is None where there was none; `verdict` is None where all is well."""

    what: str
    url: str
    sent: Mapping[str, str]
    body: bytes
    seconds: float
    status: int | None
    answered: Mapping[str, str]
    answer: bytes
    verdict: str | None


def try_out(
    agency: Agency, callback: Callback, secrets: Sequence[bytes], signing: Sequence[Ed25519PrivateKey] = ()
) -> list[Exchange]:
    """The challenge and, where it was answered, a test notice. Raises Forbidden where the address may not be called."""
    guard.check(callback)
    word = random.token_urlsafe(24)
    asked = _exchange("challenge", callback, challenge_event(agency.code, word), secrets, signing)
    challenge = _judged(asked, unanswered(asked.status, asked.answer, word, asked.verdict or f"status {asked.status}"))
    if challenge.verdict is not None:
        return [challenge]
    told = _exchange("test notice", callback, test_event(agency.code), secrets, signing)
    if told.status is not None and outcome(told.status) is not Outcome.DELIVERED:
        told = _judged(told, _refusal(told.status))
    return [challenge, told]


def test_event(agency: str) -> dict[str, object]:
    """A notice that says nothing of any dossier. Its type is none of the kinds that agencies are told."""
    at = now().isoformat()
    return {
        "specversion": "1.0",
        "id": derived_id(agency, "test", at, random.token_hex(8)),
        "source": SOURCE,
        "type": TEST,
        "subject": agency,
        "time": at,
        "datacontenttype": "application/json",
        "data": {
            "agency": agency,
            "text": {"vi": "Thông báo thử: không nói về hồ sơ nào.", "en": "A test notice: it is about no dossier."},
        },
    }


def shown_url(url: str) -> str:
    """An address without what may be a secret in it: a password, the values of its query."""
    parts = urlsplit(url)
    query = "&".join(f"{one.partition('=')[0]}=***" for one in parts.query.split("&")) if parts.query else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _exchange(
    what: str,
    callback: Callback,
    event: Mapping[str, object],
    secrets: Sequence[bytes],
    signing: Sequence[Ed25519PrivateKey],
) -> Exchange:
    body = msgspec.json.encode(event)
    sent = headers(str(event["id"]), body, int(time.time()), secrets, signing if callback.ed25519 else ())
    sent |= {"content-type": CONTENT_TYPE.decode(), "user-agent": "hoso"}
    base, path = split(callback.url)
    url, began = shown_url(callback.url), time.monotonic()
    try:
        reply = transport.send(base, Call("POST", path, data=body, headers=sent), TIMEOUT_SECONDS)
    except (TryLater, Unreadable) as error:
        return Exchange(what, url, sent, body, time.monotonic() - began, None, {}, b"", error.why)
    took = time.monotonic() - began
    answered = {name: value for name, value in reply.headers.items() if name in TOLD}
    return Exchange(what, url, sent, body, took, reply.status, answered, reply.body, None)


def _judged(one: Exchange, verdict: str | None) -> Exchange:
    return Exchange(one.what, one.url, one.sent, one.body, one.seconds, one.status, one.answered, one.answer, verdict)


def _refusal(status: int) -> str:
    match outcome(status):
        case Outcome.GONE:
            return "410: it wants no more; notify would disable it"
        case Outcome.THROTTLED:
            return f"status {status}: busy; notify would come back later"
        case _:
            return f"status {status}: 2xx is wanted"
