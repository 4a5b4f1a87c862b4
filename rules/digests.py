"""One change of the reference data, many notices: which follow from it, when they are told as one, what it says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from rules.plain import plain
from rules.rebasing import moving_id
from rules.time import TIMERS
from schemas.event import derived_id
from schemas.notice import Notice, NoticeKind

MOST_LISTED = 20
"""A digest of no more notices names each of them; of more, the feed does. A list that is not whole would be taken for
whole."""


class Change(Struct, frozen=True, gc=False):
    """A version of the reference data coming into force: the one cause. `was` is what a dossier rested on before."""

    was: str
    version: str
    at: datetime

    @property
    def id(self) -> str:
        """The same for every dossier that it moves, whatever that one rested on."""
        return derived_id(self.version, "change", self.at.isoformat())


class Gathered(Struct, frozen=True, gc=False):
    """A notice that a change brought, as a digest counts it. Of `deadline_moved` both dates, as JSON writes them."""

    notice_id: str
    dossier: str
    kind: str
    sequence: int
    was: str
    previous_on: str | None = None
    due_on: str | None = None


class Gathering(Struct, frozen=True, gc=False):
    """What a digest is of: an agency, a change, and how often it was told of it already and is told now."""

    agency: str
    change: str
    version: str
    in_force_at: str
    why: str | None
    part: int

    @property
    def id(self) -> str:
        """The digest's."""
        return _id(self.change, self.agency, self.part)


class Span(Struct, frozen=True, gc=False):
    """How long is gathered, in driven seconds: until nothing came for the quiet ones, or for the longest at most."""

    quiet_seconds: float
    longest_seconds: float

    def is_over(self, since: float, last_at: float, reads_since: float, now: float) -> bool:
        """Whether a digest is due of what came first and last at these instants.

        Both spans begin at the earliest when whoever gathers began to read: what came while it was away comes first.
        """
        quiet = now - max(last_at, reads_since) >= self.quiet_seconds
        return quiet or now - max(since, reads_since) >= self.longest_seconds


def change_behind(notice: Notice, versions: Iterable[str]) -> Change | None:
    """The change that a notice follows from; None where it follows from a fact of its dossier's own.

    `versions` are those that were ever in force. The fact that moves a dossier has a derived id: it is worked out and
    compared, and no notice has to say it.
    """
    cause, to = notice.causationid or "", notice.refversion
    if to is None or not cause.startswith(f"{TIMERS} "):
        return None
    id = cause.removeprefix(f"{TIMERS} ")
    found = (was for was in versions if id == moving_id(notice.subject, was, to, notice.time))
    return next((Change(was, to, notice.time) for was in found), None)


def gathered(notice: Notice, change: Change) -> Gathered:
    """A notice as its digest counts it."""
    data = notice.data
    moved = data.kind is NoticeKind.DEADLINE_MOVED
    dates = [data.payload.get(name) if moved else None for name in ("previous_due_on", "due_on")]
    return Gathered(notice.id, notice.subject, data.kind, data.sequence, change.was, *dates)


def payload(of: Gathering, told: Sequence[Gathered], link: str) -> dict[str, Any]:
    """What a digest says of a change: what came into force, when and why, what it did, and where all of it is listed.

    A later part says which digest it continues.
    """
    said = plain({
        "change": of.change,
        "version": of.version,
        "in_force_at": of.in_force_at,
        "why": of.why,
        "part": of.part,
        "continues": _id(of.change, of.agency, of.part - 1) if of.part > 1 else None,
        "link": link,
    })  # fmt: skip
    return said | _counted(told)


def _id(change: str, agency: str, part: int) -> str:
    return derived_id(change, "digest", agency, part)


def _counted(told: Sequence[Gathered]) -> dict[str, Any]:
    """How many notices of which kinds, on how many dossiers, how many dates moved which way; few are named, too."""
    moved = [(one.previous_on, one.due_on) for one in told if one.previous_on and one.due_on]
    counts: dict[str, Any] = {
        "notices": len(told),
        "dossiers": len({one.dossier for one in told}),
        "kinds": dict(sorted(Counter(one.kind for one in told).items())),
        "later": sum(due > previous for previous, due in moved),
        "earlier": sum(due < previous for previous, due in moved),
        "from": sorted({one.was for one in told}),
    }
    return counts | ({"listed": [_named(one) for one in told]} if len(told) <= MOST_LISTED else {})


def _named(one: Gathered) -> dict[str, Any]:
    return plain({
        "id": one.notice_id,
        "dossier": one.dossier,
        "kind": one.kind,
        "sequence": one.sequence,
        "previous_due_on": one.previous_on,
        "due_on": one.due_on,
    })  # fmt: skip
