"""One call to an agency: signed, sent, its answer's meaning given back."""

import secrets as random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors import transport
from connectors.metrics import counter, histogram
from connectors.notify.retry import Outcome, outcome
from connectors.notify.signature import headers
from connectors.transport import Call
from connectors.verdicts import TryLater, Unreadable
from schemas.event import CONTENT_TYPE, derived_id, type_name
from schemas.instant import now
from schemas.reference import Callback

CHALLENGE = type_name("endpoint", "challenge")
SOURCE = "/hoso/notify"
TIMEOUT_SECONDS = 10.0
"""How long (real time) an agency may take to answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agency answered. `status` is None where it did not; `why` is a sentence without its words."""

    outcome: Outcome
    status: int | None
    why: str
    retry_after_seconds: float | None = None
    body: bytes = b""


class Caller:
    """Calls one agency at its present address, with its present secrets."""

    def __init__(
        self, agency: str, callback: Callback, secrets: Sequence[bytes], signing: Sequence[Ed25519PrivateKey] = ()
    ) -> None:
        self._agency, self._callback, self._secrets = agency, callback, secrets
        self._signing = signing if callback.ed25519 else ()

    def call(self, message_id: str, body: bytes, traceparent: str | None = None) -> Answer:
        """Its answer to one message; never raises for what the other side does."""
        began = time.monotonic()
        signed = headers(message_id, body, int(time.time()), self._secrets, self._signing)
        traced = {"traceparent": traceparent} if traceparent else {}
        sent = {**signed, **traced, "content-type": CONTENT_TYPE.decode(), "user-agent": "hoso"}
        base, path = split(self._callback.url)
        try:
            reply = transport.send(base, Call("POST", path, data=body, headers=sent), TIMEOUT_SECONDS)
        except (TryLater, Unreadable) as error:
            answer = Answer(outcome(None), None, error.why)
        else:
            said = outcome(reply.status)
            answer = Answer(said, reply.status, f"status {reply.status}", reply.retry_after_seconds, reply.body)
        histogram("hoso_call_seconds").labels(self._agency).observe(time.monotonic() - began)
        counter("hoso_calls_total").labels(self._agency, answer.outcome.value).inc()
        return answer

    def challenge(self) -> str | None:
        """Whether the one at that address knows the secret and is willing: None if so, otherwise why not."""
        word = random.token_urlsafe(24)
        event = challenge_event(self._agency, word)
        answer = self.call(str(event["id"]), msgspec.json.encode(event))
        return unanswered(answer.status, answer.body, word, answer.why)


def challenge_event(agency: str, word: str) -> dict[str, object]:
    """What asks an endpoint whether it is willing: it answers with the same word."""
    return {
        "specversion": "1.0",
        "id": derived_id(word, "challenge", agency),
        "source": SOURCE,
        "type": CHALLENGE,
        "subject": agency,
        "time": now().isoformat(),
        "datacontenttype": "application/json",
        "data": {"challenge": word},
    }


def unanswered(status: int | None, body: bytes, word: str, why: str) -> str | None:
    """Why an answer is none to the challenge with this word; None where it is one. `why`: what became of the call."""
    if status != 200:
        return f"the challenge was not answered with 200: {why}"
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "the answer to the challenge is not JSON"
    if not isinstance(said, dict) or said.get("challenge") != word:
        return 'the answer to the challenge is not {"challenge": <the same word>}'
    return None


def split(url: str) -> tuple[str, str]:
    """An address as its origin and the rest."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
