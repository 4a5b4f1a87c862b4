"""Claims about one item that cannot all be true: kept, said with both sides, and never smoothed over.

The same set of updates in any order gives the same contradictions (carriers handbook, section 5, rule 6).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

from msgspec import Struct

from rules.post.leg import ENDED, Update, end_of
from schemas.instant import VIETNAM
from schemas.postal import RANK, ParcelStatus

TAKEN = RANK[ParcelStatus.PICKED_UP]
NIGHT_BEGINS_HOUR, NIGHT_ENDS_HOUR = 22, 5
"""Between these hours nobody hands an envelope over at a door."""
APART = timedelta(minutes=30)
"""Sooner than this nothing is in another province."""

KINDS_OF_PROVINCE = ("thành phố ", "tp. ", "tp.", "tp ", "tỉnh ")


class Kind(StrEnum):
    """What cannot be."""

    TWO_ENDS = "TWO_ENDS"
    MOVED_AFTER_ITS_END = "MOVED_AFTER_ITS_END"
    ENDED_BEFORE_IT_WAS_TAKEN = "ENDED_BEFORE_IT_WAS_TAKEN"
    DELIVERED_AT_NIGHT = "DELIVERED_AT_NIGHT"
    TWO_PROVINCES_AT_ONCE = "TWO_PROVINCES_AT_ONCE"


class Contradiction(Struct, frozen=True, gc=False):
    """The claim that stands, and the one against it; a delivery at night speaks against itself."""

    kind: Kind
    stands: Update
    against: Update


def contradictions(updates: tuple[Update, ...]) -> tuple[Contradiction, ...]:
    """All of these updates, whether sure or only reported."""
    dated = [update for update in updates if update.at is not None and update.status in RANK]
    return (*_against_its_end(dated), *_at_night(dated), *_two_provinces(dated))


def _against_its_end(moves: list[Update]) -> list[Contradiction]:
    end = end_of(moves)
    if end is None:
        return []
    found = (
        Contradiction(kind, end, move) for move in moves if move is not end and (kind := _kind(end, move)) is not None
    )
    return list(found)


def _kind(end: Update, move: Update) -> Kind | None:
    if move.status is end.status:
        return None
    if move.status in ENDED:
        return Kind.TWO_ENDS
    if _at(move) <= _at(end):
        return None
    return Kind.ENDED_BEFORE_IT_WAS_TAKEN if RANK[move.status] <= TAKEN else Kind.MOVED_AFTER_ITS_END


def _at_night(moves: list[Update]) -> list[Contradiction]:
    delivered = (move for move in moves if move.status is ParcelStatus.DELIVERED)
    return [Contradiction(Kind.DELIVERED_AT_NIGHT, move, move) for move in delivered if _is_night(_at(move))]


def _is_night(at: datetime) -> bool:
    hour = at.astimezone(VIETNAM).hour
    return hour >= NIGHT_BEGINS_HOUR or hour < NIGHT_ENDS_HOUR


def _two_provinces(moves: list[Update]) -> list[Contradiction]:
    """Of two places whose words end with a province each, where the provinces differ and half an hour does not pass."""
    placed = sorted(
        (
            (_at(move), move.evidence, move, province)
            for move in moves
            if move.location and (province := province_of(move.location))
        ),
        key=lambda one: one[:2],
    )
    return [
        Contradiction(Kind.TWO_PROVINCES_AT_ONCE, one, other)
        for (at, _, one, here), (then, _, other, there) in combinations(placed, 2)
        if here != there and then - at < APART
    ]


def province_of(location: str | None) -> str | None:
    """The province at the end of a place's words, without its kind; None where they name but one thing."""
    before, comma, last = (location or "").casefold().rpartition(",")
    words = " ".join(last.split())
    kind = next((kind for kind in KINDS_OF_PROVINCE if words.startswith(kind)), "")
    return words.removeprefix(kind) or None if comma and before.strip() else None


def _at(update: Update) -> datetime:
    assert update.at is not None
    return update.at
