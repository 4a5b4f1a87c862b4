"""Whose days these were: every day of a dossier's life belongs to one holder, and the days add up to the whole.

A day belongs to whoever holds the dossier at its end; its last day to whoever held it when it ended. So each late day
has somebody who answers for it (Decree 61/2018 art. 19(5)).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from operator import itemgetter

from msgspec import Struct

from rules.life import LifeFact
from rules.post.leg import ENDED, WITH_THE_POST, Leg
from schemas.dossier import Direction
from schemas.instant import VIETNAM, date_of
from schemas.postal import LegKind, ParcelStatus


class Holder(StrEnum):
    """Who can hold a dossier."""

    CITIZEN = "citizen"
    ONE_STOP = "one-stop"
    COMPETENT = "competent"
    CONSULTED = "consulted"
    POST = "post"


class Days(Struct, frozen=True, gc=False):
    """How many days were one holder's, and how many of them lay after the due date in force."""

    holder: Holder
    agency: str | None
    days: int
    late: int


Move = tuple[datetime, Holder | None, str | None]
"""At this instant somebody takes it, an agency of this code if it is one; BACK and END stand for no one."""

BACK, END = "back at the desk that had it", "the end"
DESKS = {
    "adopted": (Holder.ONE_STOP, "receiving_agency"),
    "submitted": (Holder.ONE_STOP, "receiving_agency"),
    "received": (Holder.ONE_STOP, "receiving_agency"),
    "forwarded": (Holder.COMPETENT, "to_agency"),
    "rerouted": (Holder.ONE_STOP, "to_agency"),
    "assigned": (Holder.COMPETENT, "agency"),
    "result_ready": (Holder.ONE_STOP, ""),
}
"""Facts that put it on a desk, and what of their data names whose."""
AWAY = frozenset({"supplement_requested", "payment_requested", "collection_registered"})
"""Facts after which it is with the citizen."""
ENDS = frozenset({"result_returned", "withdrawn", "processing_stopped", "reception_refused"})


def days(life: Sequence[LifeFact], legs: Iterable[Leg], as_of: date, due_on: date | None = None) -> tuple[Days, ...]:
    """The days of a dossier's life up to its end, or up to `as_of` while it is open, by holder in order of first days.

    The life is in order of time, without what was retracted. Empty where its first fact is later.
    """
    last, due = as_of.toordinal(), due_on.toordinal() if due_on else None
    counted: dict[tuple[Holder, str | None], list[int]] = {}
    for whose, begins, ends in _stretches(_moves(life, legs), last):
        row = counted.setdefault(whose, [0, 0])
        row[0] += ends - begins
        if due is not None and ends - 1 > due:
            row[1] += ends - max(begins, due + 1)
    return tuple(Days(holder, agency, *row) for (holder, agency), row in counted.items())


def _stretches(moves: Sequence[Move], last: int) -> list[tuple[tuple[Holder, str | None], int, int]]:
    """Who held it from which day on, before which day no longer (ordinals): without gap or overlap up to the end."""
    found: list[tuple[tuple[Holder, str | None], int, int]] = []
    desk: tuple[Holder, str | None] | None = None
    now: tuple[Holder, str | None] | None = None
    begins = 0
    for at, holder, agency in moves:
        if holder is None:
            if agency is END:
                last = min(last, date_of(at).toordinal())
                break
            following = desk
        elif holder in (Holder.ONE_STOP, Holder.COMPETENT):
            following = desk = (holder, agency or (desk[1] if desk else None))
        else:
            following = (holder, agency)
        if following == now:
            continue
        day = date_of(at).toordinal()
        if day > last:
            break
        if now is not None and day > begins:
            found.append((now, begins, day))
        if now is None or day > begins:
            begins = day
        now = following
    if now is not None and last >= begins:
        found.append((now, begins, last + 1))
    return found


def _moves(life: Sequence[LifeFact], legs: Iterable[Leg]) -> list[Move]:
    """Everything that puts it into other hands, in order of time."""
    moves: list[Move] = []
    sorted_already = True
    for fact in life:
        kind = fact.kind
        if (desk := DESKS.get(kind)) is not None:
            moves.append((fact.at, desk[0], fact.data.get(desk[1])))
        elif kind in AWAY:
            moves.append((fact.at, Holder.CITIZEN, None))
        elif kind in ENDS:
            moves.append((fact.at, None, END))
        elif kind == "payment_received" or (kind == "supplement_received" and fact.data["complete"]):
            moves.append((fact.at, None, BACK))
        elif kind == "handover_signed":
            to_agency = fact.data["direction"] == Direction.POST_TO_AGENCY
            moves.append((fact.at, Holder.ONE_STOP if to_agency else Holder.POST, fact.data.get("receiving_agency")))
        elif kind == "consultation_requested":
            moves += _consulted(fact, life)
            sorted_already = False
    for leg in legs:
        if leg.updates and leg.kind is not LegKind.AGENCY_TRANSFER:
            moves += _carried(leg)
            sorted_already = False
    if not sorted_already:
        moves.sort(key=itemgetter(0))
    return moves


def _consulted(asked: LifeFact, life: Sequence[LifeFact]) -> list[Move]:
    """The days after its limit are the consulted agency's, until it answers."""
    id = asked.data["consultation_id"]
    late = datetime.combine(date.fromisoformat(asked.data["limit_on"]) + timedelta(days=1), time(tzinfo=VIETNAM))
    answers = (one.at for one in life if one.kind == "consultation_answered" and one.data["consultation_id"] == id)
    answered_at = min(answers, default=None)
    if answered_at is None:
        return [(late, Holder.CONSULTED, asked.data["agency"])]
    if answered_at <= late:
        return []
    return [(late, Holder.CONSULTED, asked.data["agency"]), (answered_at, None, BACK)]


def _carried(leg: Leg) -> list[Move]:
    """The post holds what it confirms to have, until the other end has it."""
    sure = [(one.at, one.status) for one in leg.heard if one.at is not None and leg.is_sure(one)]
    taken = [at for at, status in sure if status in WITH_THE_POST and status not in ENDED]
    if not taken:
        return []
    ends = [(at, status) for at, status in sure if status in ENDED]
    moves: list[Move] = [(min(taken), Holder.POST, None)]
    if ends and leg.kind is LegKind.DELIVER_RESULT:
        at, status = min(ends)
        delivered = status is ParcelStatus.DELIVERED
        moves.append((at, None, END) if delivered else (at, Holder.ONE_STOP, None))
    return moves
