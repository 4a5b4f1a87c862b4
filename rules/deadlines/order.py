"""The facts of a clock in the order in which they apply, each once, and the one that starts it."""

from collections.abc import Iterable
from datetime import date, datetime

from schemas.clock import ClockFact, ClockKind

RANK = {kind: rank for rank, kind in enumerate(ClockKind)}
STARTS = (ClockKind.RECEIVED, ClockKind.HANDOVER_SIGNED)
STOPS = (ClockKind.RESULT_READY, ClockKind.RESOLUTION_REFUSED, ClockKind.WITHDRAWN, ClockKind.PROCESSING_STOPPED)


def in_order(facts: Iterable[ClockFact]) -> list[ClockFact]:
    """The facts by instant, then by kind as the kinds are declared, then the earlier new date; each once.

    The same kind, instant and content said twice is one fact, known by the smallest of its ids.
    """
    ordered = list(facts)
    if len(ordered) < 2:
        return ordered
    once = {_content(fact): fact for fact in sorted(ordered, key=_id, reverse=True)}
    return [once[content] for content in sorted(once)]


def starting(ordered: list[ClockFact]) -> ClockFact | None:
    """The fact that starts the clock: the signed minutes where there are any, else the reception; None before both.

    A reception whose clock was already stopped when the minutes were signed stays the start.
    """
    received = next((fact for fact in ordered if fact.kind is ClockKind.RECEIVED), None)
    signed = next((fact for fact in ordered if fact.kind is ClockKind.HANDOVER_SIGNED), None)
    if received is None or signed is None:
        return received or signed
    stopped_between = any(fact.kind in STOPS and received.at <= fact.at < signed.at for fact in ordered)
    return received if stopped_between else signed


def following(start: ClockFact, ordered: list[ClockFact]) -> list[ClockFact]:
    """The facts that apply to the clock that this fact started: nothing older, and no second start."""
    return [fact for fact in ordered if fact.at >= start.at and fact.kind not in STARTS]


def _content(fact: ClockFact) -> tuple[datetime, int, date, bool]:
    new_due_on = fact.new_due_on if fact.kind is ClockKind.EXTENDED else None
    complete = fact.kind is ClockKind.SUPPLEMENT_RECEIVED and bool(fact.complete)
    return (fact.at, RANK[fact.kind], new_due_on or date.min, complete)


def _id(fact: ClockFact) -> str:
    return fact.id
