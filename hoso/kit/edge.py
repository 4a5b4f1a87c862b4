"""An edge as a client outside has it: calls with a key, and a little patience where it asks for some."""

import threading
from collections.abc import Mapping

import msgspec

from connectors import transport
from connectors.transport import Call, Reply
from hoso.kit.answer import Answer

TIMEOUT_SECONDS = 30.0
TRIES = 4
MOST_WAIT_SECONDS = 60.0
USUAL_WAIT_SECONDS = 5.0


class Edge:
    """Calls an edge; no answer is TryLater. 429 and 503 are tried again after what `Retry-After` says."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key

    def get(self, path: str, key: str | None = None, query: Mapping[str, str] | None = None) -> Answer:
        """A question. `key` is the agency's own unless said otherwise; an empty one is none."""
        return self._answer(Call("GET", path, headers=self._headers(key), query=query or {}))

    def post(self, body: bytes, key: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Bytes at the door for events."""
        said = {"content-type": "application/json", **self._headers(key), **(headers or {})}
        return self._answer(Call("POST", "/v1/events", data=body, headers=said))

    def state(self, *events: Mapping[str, object], key: str | None = None) -> Answer:
        """One event, or an array of several."""
        return self.post(msgspec.json.encode(events[0] if len(events) == 1 else events), key)

    def _headers(self, key: str | None) -> dict[str, str]:
        shown = self.key if key is None else key
        return {"authorization": f"Bearer {shown}"} if shown else {}

    def _answer(self, call: Call) -> Answer:
        for left in reversed(range(TRIES)):
            reply = transport.send(self.url, call, TIMEOUT_SECONDS)
            if reply.status not in (429, 503) or not left:
                return Answer(reply)
            threading.Event().wait(_wait(reply))
        raise AssertionError("the last try returns")


def _wait(reply: Reply) -> float:
    said = reply.retry_after_seconds
    return USUAL_WAIT_SECONDS if said is None else min(said, MOST_WAIT_SECONDS)
