"""One journey of an envelope: what was ordered, and its fate, computed from its updates in any order.

The same set of updates in any order gives the same leg (carriers handbook, section 5): a carrier repeats, delays and
reorders, so nothing here depends on what came first.
"""

from bisect import insort
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import reduce

from msgspec import Struct
from msgspec.structs import replace

from rules.recent import remembered
from schemas.postal import RANK, TERMINAL, Certainty, FailureReason, FaultParty, LegKind, ParcelStatus, Proof

WITH_THE_POST = frozenset(status for status, rank in RANK.items() if rank >= RANK[ParcelStatus.PICKED_UP])
"""The post has the envelope, or it has come to an end."""
ENDED = frozenset(TERMINAL)
KINDS = {kind.value: kind for kind in LegKind}
NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for the time of an update that has none."""
ATTEMPTS = frozenset({ParcelStatus.PICKUP_FAILED, ParcelStatus.DELIVERY_FAILED})
ONE_VISIT = timedelta(minutes=30)
"""Failed attempts of a kind less far apart are one visit, which the postman and then his office state (GHTK, 4)."""
GOING_BACK = frozenset({ParcelStatus.RETURN_REQUESTED, ParcelStatus.RETURNING, ParcelStatus.RETURN_FAILED})


class OrderState(StrEnum):
    """How an order stands with its carrier."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"


class Update(Struct, frozen=True, array_like=True, gc=False):
    """What a carrier said of an item, in our vocabulary. `at` is None where the carrier's time cannot be read."""

    status: ParcelStatus
    at: datetime | None
    certainty: Certainty
    evidence: str
    item: str | None = None
    reason: FailureReason | None = None
    fault: FaultParty | None = None
    proof: dict[str, object] | None = None
    location: str | None = None


class Fate(Struct, frozen=True, array_like=True, gc=False):
    """What a set of updates comes to."""

    current: Update | None
    attempts: tuple[Update, ...]
    contradicted: bool
    held: bool
    """Whether the post has held the envelope at some time."""

    @property
    def status(self) -> ParcelStatus | None:
        """The current status, if any update counts."""
        return self.current.status if self.current else None

    @property
    def ended(self) -> bool:
        """Whether the journey is over."""
        return self.status in ENDED


NOTHING = Fate(None, (), False, False)


class Leg(Struct, frozen=True, array_like=True, gc=False):
    """One leg: the order as it stands, all updates of its item, and what they come to.

    `asked` counts the carriers asked so far. `known` is the fate that is CONFIRMED: what may leave the house; `told`
    the fate as reported, sure or not: what is shown. Both follow from `updates` and `confirmed`, which change by
    `with_update` and `with_confirmed` only.
    """

    name: str
    carrier: str
    reference: str
    because: str
    order: OrderState = OrderState.REQUESTED
    fallbacks: tuple[str, ...] = ()
    item: str | None = None
    asked: int = 1
    accepted_at: datetime | None = None
    registered_by: str = ""
    called_off: bool = False
    confirmed: tuple[ParcelStatus, ...] = ()
    updates: tuple[Update, ...] = ()
    known: Fate = NOTHING
    told: Fate = NOTHING
    expected_by: datetime | None = None
    invited: tuple[datetime, ...] = ()
    """When the addressee was asked to come for it, as the agency or an operator stated."""
    aged_out: bool = False
    """Whether somebody decided that nothing more is to be waited for."""

    @property
    def kind(self) -> LegKind:
        """What the journey is for."""
        return KINDS[self.name[0]]

    @property
    def heard(self) -> tuple[Update, ...]:
        """What its carrier said, each thing once."""
        return joined(self.updates)

    def open(self) -> bool:
        """Whether anything is still to come of it."""
        gone = self.aged_out or self.order in (OrderState.REFUSED, OrderState.CANCELLED)
        return not gone and not self.known.ended

    def is_sure(self, update: Update) -> bool:
        """Whether this update of it may leave the house: CONFIRMED by the carrier, or by an operator."""
        return update.certainty is Certainty.CONFIRMED or update.status in self.confirmed


def with_update(leg: Leg, update: Update) -> Leg:
    """The leg with one more update; one it already has, or has with less certainty, adds no second."""
    updates = _with_one(leg.updates, update)
    if updates == leg.updates:
        return leg
    return _weighed(replace(leg, updates=updates, item=leg.item or update.item))


def with_confirmed(leg: Leg, status: ParcelStatus) -> Leg:
    """The leg with an operator's word that this status, reported before or later, is true."""
    return _weighed(replace(leg, confirmed=tuple(sorted({*leg.confirmed, status}))))


def _weighed(leg: Leg) -> Leg:
    """The leg with what its updates come to, the sure ones and all."""
    heard = joined(leg.updates)
    sure = tuple(one for one in heard if leg.is_sure(one))
    known = fate(sure)
    return replace(leg, known=known, told=known if len(sure) == len(heard) else fate(heard))


def merged(updates: Iterable[Update]) -> tuple[Update, ...]:
    """One update for each status, time and reason, with the highest certainty of its copies, in an order of its own."""
    return joined(reduce(_with_one, updates, ()))


def _with_one(updates: tuple[Update, ...], update: Update) -> tuple[Update, ...]:
    """One update for each status, time and reason, none counting as one; with this one more, all others as they are."""
    copies = [one for one in updates if _is_copy(one, update)]
    if update in copies:
        return updates
    kept = [one for one in updates if one not in copies] if copies else list(updates)
    insort(kept, _surest([*copies, update]), key=_identity)
    return tuple(kept)


def _is_copy(one: Update, other: Update) -> bool:
    return one.status is other.status and one.reason is other.reason and _when(one) == _when(other)


@remembered
def joined(updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """The same with copies without a reason joined to the one with it: a history that a carrier gives on request leaves
    out the reason that its webhook gave. Of several reasons the first by name has the copy.
    """
    named: dict[tuple[ParcelStatus, tuple[bool, datetime, str]], Update] = {}
    for one in updates:
        if one.reason is not None:
            place = one.status, _when(one)
            named[place] = min(named.get(place, one), one, key=_reason)
    if not named:
        return updates
    bare = {(one.status, _when(one)): one for one in updates if one.reason is None}
    if named.keys().isdisjoint(bare):
        return updates
    found: list[Update] = []
    for one in updates:
        place = one.status, _when(one)
        if one.reason is None and place in named:
            continue
        copy = bare.get(place) if one.reason is not None and named[place] is one else None
        found.append(_surest([one, copy], one.reason) if copy is not None else one)
    return tuple(found)


def _reason(update: Update) -> str:
    return update.reason or ""


def _identity(update: Update) -> tuple[bool, datetime, str, str, str, str, str]:
    return (*_when(update), update.status, update.reason or "", update.certainty, update.evidence)


def _when(update: Update) -> tuple[bool, datetime, str]:
    """The carrier's time; of an update without one, what tells it from others."""
    return (True, NEVER, update.evidence) if update.at is None else (False, update.at, "")


def _surest(copies: list[Update], reason: FailureReason | None = None) -> Update:
    """One update of its copies: the highest certainty, the smallest evidence of it, and whatever any of them states.

    Of several statements the smallest by value: which copy came first, or was merged before, must not show.
    """
    if len(copies) == 1:
        return copies[0]
    best = min(copies, key=lambda copy: (copy.certainty is not Certainty.CONFIRMED, copy.evidence))
    of_the_reason = [copy for copy in copies if copy.reason is reason] if reason else copies
    return replace(
        best,
        reason=reason or best.reason,
        fault=min((copy.fault for copy in of_the_reason if copy.fault), default=None),
        proof=min((copy.proof for copy in copies if copy.proof), key=repr, default=None),
        location=min((copy.location for copy in copies if copy.location), default=None),
    )


def fate(updates: tuple[Update, ...]) -> Fate:
    """What these updates come to, in whatever order they came: event time first, then rank, then the order of ends."""
    moves = [update for update in updates if update.status in RANK]
    moves = [update for update in moves if update.at is not None] or moves
    if not moves:
        return NOTHING
    with_the_post = [move for move in moves if move.status in WITH_THE_POST]
    held = any(move.status is not ParcelStatus.CANCELLED for move in with_the_post)
    attempts = visits(move for move in moves if move.status in ATTEMPTS)
    if (end := end_of(with_the_post)) is not None:
        return Fate(end, attempts, _contradicted(end, moves), held)
    return Fate(reduce(_later, with_the_post or moves), attempts, False, held)


def visits(attempts: Iterable[Update]) -> tuple[Update, ...]:
    """One attempt for each visit: the first word of it, with the first reason that any word of it gives."""
    found: list[Update] = []
    for attempt in sorted(attempts, key=lambda one: (*_when(one), one.status, one.reason or "", one.evidence)):
        place = next((place for place, visit in enumerate(found) if is_one_visit(visit, attempt)), None)
        if place is None:
            found.append(attempt)
        elif found[place].reason is None and attempt.reason is not None:
            found[place] = replace(found[place], reason=attempt.reason, fault=attempt.fault)
    return tuple(found)


def is_one_visit(one: Update, other: Update) -> bool:
    """Whether two failed attempts are words of one visit; without a time each is one of its own."""
    if one.status is not other.status or one.at is None or other.at is None:
        return one.status is other.status and _when(one) == _when(other)
    return abs(one.at - other.at) < ONE_VISIT


def end_of(moves: Iterable[Update]) -> Update | None:
    """The end that stands: the first by event time, then by the order of ends; None while there is none."""
    ends = [move for move in moves if move.status in ENDED]
    return min(ends, key=lambda move: (_instant(move), TERMINAL.index(move.status), move.evidence), default=None)


def _later(one: Update, other: Update) -> Update:
    """Of two, the one that stands: the later; at one instant the one further along; then the smaller evidence."""
    place, others = (_instant(one), RANK[one.status]), (_instant(other), RANK[other.status])
    if place == others:
        return one if one.evidence <= other.evidence else other
    return one if place > others else other


def _contradicted(end: Update, moves: list[Update]) -> bool:
    """Two different ends, or a movement dated after the end; the same end again is none."""
    return any(
        move.status is not end.status and (move.status in ENDED or _instant(move) > _instant(end)) for move in moves
    )


def _instant(update: Update) -> datetime:
    return update.at or NEVER


def proof_of(update: Update) -> Proof:
    """Who took it, as far as the carrier states it."""
    return Proof.model_validate(update.proof or {})
