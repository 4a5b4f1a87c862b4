"""Rows through the same gate as both doors: looked at without effect, then let in by batches, an outcome a row.

Nothing is kept of how far it came: a row's fact has an id drawn from what it says, so a second run says nothing twice.
What the gate has seen lately is not even sent again. A journal beside the file could only be wrong: about a file that
was corrected meanwhile, on another machine, or when the power went between the fact and the line about it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.dated_keys import DatedKeys
from connectors.gate.gate import Conflict, Gate, Known, Offer, Verdict
from connectors.gate.judge import Admitted, Rejection, judge
from connectors.gate.problems import distinct, problem
from connectors.importing.stating import Stated, column_of
from connectors.store import Store, gate_seen
from connectors.verdicts import TryLater
from schemas.event import digest_of
from schemas.notice import FieldProblem
from schemas.reference import Agency, Bundle, Stage

DOOR = "import"
BATCH = 500
WAITS = (1.0, 2.0, 5.0, 10.0, 15.0)
"""How long (real seconds) to wait after each time a batch could not be made durable; then it stops."""
OLD = timedelta(days=7)
"""What happened longer ago than this is history, which an agency in stage `act` should not set in motion unawares."""
OTHERWISE = (
    "This fact was stated before and said something else. Take that one back (a row `corrected`, its retracts.id being "
    "that id), and state the right one under an id of its own, in the column id."
)


class Outcome(StrEnum):
    """What became of a row."""

    TAKEN = "taken"
    ALREADY = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Done:
    """A row and what became of it; `problems` name its columns."""

    stated: Stated
    outcome: Outcome
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True)
class Desk:
    """What a row is looked at with."""

    agency: Agency
    bundle: Bundle
    store: Store
    digest_keys: DatedKeys
    now: datetime


def in_order(rows: Sequence[Stated]) -> list[Stated]:
    """The rows as they happened: a dossier is opened before anything else is said of it, wherever that row stands."""
    return sorted(rows, key=lambda one: (one.at is not None, one.at.timestamp() if one.at else 0.0))


def old_effects(rows: Sequence[Stated], agency: Agency, now: datetime) -> list[Stated]:
    """Of an agency in stage `act`, the facts of long ago: they would ask the post and tell of what is over."""
    if agency.stage is not Stage.ACT:
        return []
    return [one for one in rows if one.at and now - one.at > OLD and one.fact != "adopted" and not one.problems]


def look(rows: Sequence[Stated], desk: Desk, seen: Known | None = None) -> list[Done]:
    """What would become of each row; nothing is written. `seen` goes from batch to batch of one file."""
    seen = {} if seen is None else seen
    judged = [judge(dict(one.event), desk.agency.code, desk.bundle, desk.now) for one in rows]
    refs = [(one.event.source, one.event.id) for one in judged if isinstance(one, Admitted)]
    with desk.store.read() as connection:
        seen.update(gate_seen.digests(connection, refs) if refs else {})
    return [_looked(one, verdict, seen, desk) for one, verdict in zip(rows, judged, strict=True)]


def look_all(rows: Sequence[Stated], desk: Desk) -> Iterator[list[Done]]:
    """What would become of each row, a batch at a time."""
    seen: Known = {}
    for begin in range(0, len(rows), BATCH):
        yield look(rows[begin : begin + BATCH], desk, seen)


def take(
    rows: Sequence[Stated], desk: Desk, gate: Gate, pause: Callable[[float], None] = time.sleep
) -> Iterator[list[Done]]:
    """Let the rows in, a batch at a time; what is yielded is on the log. TryLater: the rest is not, call it again."""
    for looked in look_all(rows, desk):
        fresh = [one for one in looked if one.outcome is Outcome.TAKEN]
        verdicts = iter(_insist(gate, [Offer(dict(one.stated.event), desk.agency.code) for one in fresh], pause))
        yield [_told(one, next(verdicts)) if one.outcome is Outcome.TAKEN else one for one in looked]


def _looked(one: Stated, verdict: Admitted | Rejection, seen: Known, desk: Desk) -> Done:
    if one.problems or isinstance(verdict, Rejection):
        # Every faulty column at once: what the row itself got wrong, and what the gate says of the rest.
        said = verdict.errors if isinstance(verdict, Rejection) and "type" in one.event else ()
        return Done(one, Outcome.REFUSED, _columns(one, (*one.problems, *said)))
    event = verdict.event
    ref, digest = (event.source, event.id), digest_of(verdict.data, desk.digest_keys.of(event.subject))
    if ref not in seen:
        seen[ref] = digest
        return Done(one, Outcome.TAKEN)
    if seen[ref] == digest:
        return Done(one, Outcome.ALREADY)
    return Done(one, Outcome.REFUSED, (problem("id", OTHERWISE),))


def _told(one: Done, verdict: Verdict) -> Done:
    if isinstance(verdict, Conflict):
        return Done(one.stated, Outcome.REFUSED, (problem("id", OTHERWISE),))
    if isinstance(verdict, Rejection):
        return Done(one.stated, Outcome.REFUSED, _columns(one.stated, verdict.errors))
    return one


def _columns(one: Stated, problems: Sequence[FieldProblem]) -> tuple[FieldProblem, ...]:
    return distinct(problem(_column(one, each.field), each.problem) for each in problems)


def _column(one: Stated, field: str) -> str:
    """The column to look at; of an export the one that dates the fact."""
    if one.sheet and field == "time":
        return own if (own := f"{one.fact}_at") in one.row.said else "status_at"
    return column_of(field, one.row.said)


def _insist(gate: Gate, offers: Sequence[Offer], pause: Callable[[float], None]) -> Sequence[Verdict]:
    if not offers:
        return ()
    for wait in WAITS:
        try:
            return gate.admit(offers, DOOR)
        except TryLater:
            pause(wait)
    return gate.admit(offers, DOOR)
