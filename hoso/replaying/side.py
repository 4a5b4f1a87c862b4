"""One side of a replay, a program: the log in on standard input, every derived fact of the window out, a line each.

It runs under any release, also an older one, so it takes from that release no more than its three verbs and its
schemas. It sees no broker and no settings. Timers are not read from the log: a firing belongs to the due date that it
was made of, so what is due is fired anew, at its nominal instant.

The first line in is `{"from", "to", "now", "bundles": [{"time", "bundle"}]}`, each other one `{"key", "value"}`. The
last line out is `{"folded": facts}`.
"""

import json
import sys
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rules import parking
from rules.parking import Kept, advance, due_of
from rules.reference import reference_of
from schemas.deadline import LimitReached, RungReached
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.reference import Bundle
from schemas.topics import TOPICS

assert TOPICS, "the catalogue of types is filled by reading schemas.topics"

MOST_AT_ONCE = 1_000
"""How often a dossier's timers may fire between two facts; more is a rule that never comes to rest."""


class Side:
    """The states of one side, and where its facts go."""

    def __init__(self, head: dict[str, Any]) -> None:
        self.begins, self.ends = (datetime.fromisoformat(head[name]) for name in ("from", "to"))
        bundles = [Bundle.model_validate(one["bundle"]) for one in head["bundles"]]
        self._in_force: list[tuple[datetime, str]] = [
            (datetime.fromisoformat(one["time"]), str(one["bundle"]["version"])) for one in head["bundles"]
        ]
        self._reference = reference_of(*bundles)
        self._kept: dict[str, Kept] = {}
        self.folded = 0

    def take(self, code: str, raw: bytes) -> None:
        """One fact of the log; before it, what time alone set in motion meanwhile."""
        try:
            event: Event | None = Event.decode(raw)
            ref = event.ref if event else ""
        except UnknownType:
            event, ref = None, ref_in(raw)
        except NotAnEvent:
            return
        if isinstance(event, RungReached | LimitReached):
            return
        if event is not None:
            self.fire(code, event.recorded)
            if event.recorded >= self.ends:
                return
        self._advance(code, event, raw, ref)
        self.folded += 1

    def fire(self, code: str, until: datetime) -> None:
        """What is due of a dossier up to this instant, nearest first."""
        until, fired = min(until, self.ends), set[str]()
        for _ in range(MOST_AT_ONCE):
            kept = self._kept.get(code, Kept())
            at = kept.next_due()
            if at is None or at > until:
                return
            fresh = [fact for fact in due_of(kept, self._version(at), at) if fact.ref not in fired]
            if not fresh:
                return
            for fact in fresh:
                fired.add(fact.ref)
                self._advance(code, fact, fact.encode(), fact.ref)

    def finish(self, now: datetime) -> None:
        """What is due of every dossier up to the window's end, or to now."""
        for code in list(self._kept):
            self.fire(code, now)

    def _advance(self, code: str, event: Event | None, raw: bytes, ref: str) -> None:
        before = self._kept.get(code, Kept())
        after, facts = advance(before, event, raw, ref, self._reference)
        try:
            said = [fact.encode() for fact in facts if self.begins <= (fact.recordedtime or fact.time) < self.ends]
        except Exception:  # what cannot be put into bytes parks its dossier, if this release parks for that
            if (told := getattr(parking, "told", None)) is None:
                raise
            after, outputs = told(before, event, raw, ref, self._reference)
            said = [raw for _, raw in outputs]
        self._kept[code] = after
        for line in said:
            sys.stdout.buffer.write(line + b"\n")

    def _version(self, at: datetime) -> str:
        """The version of the reference data that was in force at an instant."""
        place = bisect_right(self._in_force, at, key=lambda one: one[0])
        return self._in_force[max(0, place - 1)][1]


def main(lines: Iterable[bytes]) -> None:
    """Fold every line."""
    lines = iter(lines)
    head = json.loads(next(lines))
    side = Side(head)
    for line in lines:
        record = json.loads(line)
        side.take(record["key"], record["value"].encode())
    side.finish(datetime.fromisoformat(head["now"]))
    sys.stdout.buffer.write(json.dumps({"folded": side.folded}).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer)
