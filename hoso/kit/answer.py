"""What an edge answered, and whether that is what the contract promises. Each check says what came where it is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.transport import Reply

PROBLEM = "application/problem+json"
MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, read."""

    reply: Reply

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self.reply.status

    @property
    def media_type(self) -> str:
        """What it calls itself, without parameters."""
        return self.reply.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def said(self) -> dict[str, Any]:
        """The JSON object in it; an empty one where there is none."""
        try:
            found = msgspec.json.decode(self.reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def accepted(self) -> list[Any]:
        """The ids that it says are on the log."""
        return self._list("accepted")

    @property
    def rejected(self) -> list[dict[str, Any]]:
        """What it says is not let in."""
        return [one for one in self._list("rejected") if isinstance(one, dict)]

    def shown(self) -> str:
        """The answer in a line: its status and what is worth reading in it."""
        said, faults = self.said, [f"{field}: {problem}" for one in self.rejected for field, problem in faults_of(one)]
        parts = [str(said["detail"])] if "detail" in said else []
        if self.accepted or (self.status == 202 and not faults):
            parts.append(f"accepted {self.accepted}")
        text = " ".join(parts + faults) or self.reply.body.decode("utf-8", "replace")
        return f"{self.status} {text[:MOST_SHOWN]}".strip()

    def _list(self, name: str) -> list[Any]:
        found = self.said.get(name)
        return found if isinstance(found, list) else []


def faults_of(rejected: dict[str, Any]) -> list[tuple[str, str]]:
    """The faulty fields of an event that was not let in, each with its sentence."""
    errors = rejected.get("errors")
    rows = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return [(str(one.get("field")), str(one.get("problem"))) for one in rows]


def taken(answer: Answer, *ids: str) -> str | None:
    """Whether just these ids were let in and nothing was refused."""
    if answer.status == 202 and answer.accepted == list(ids) and answer.said.get("rejected") == []:
        return None
    return answer.shown()


def problem(answer: Answer, *statuses: int) -> str | None:
    """Whether it is a problem of RFC 9457 with one of these statuses, and with a sentence."""
    if answer.status not in statuses:
        return answer.shown()
    if answer.media_type != PROBLEM:
        return f"{answer.shown()}: as {answer.media_type or 'nothing'}, not {PROBLEM}"
    lacks = [name for name in ("type", "title", "status", "detail") if not answer.said.get(name)]
    if lacks or answer.said["status"] != answer.status:
        return f"{answer.shown()}: a problem without {', '.join(lacks) or 'its own status'}"
    return None


def refused(answer: Answer, status: int, id: str, field: str) -> str | None:
    """Whether it is such a problem and names this event, and this field of it with a sentence."""
    return problem(answer, status) or (None if names(answer.rejected, id, field) else answer.shown())


def names(rejected: Sequence[dict[str, Any]], id: str, field: str) -> bool:
    """Whether among these one is that event, for that field."""
    faults = [fault for one in rejected if one.get("id") == id for fault in faults_of(one)]
    return any(name == field and says for name, says in faults)
