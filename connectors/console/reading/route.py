"""A dossier's postal legs as routes: each order, every scan in order of time, how sure it is, what is expected next."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from sqlalchemy import Row

from connectors.project.stated import standing
from rules.post.contradiction import Contradiction, Kind, contradictions
from rules.post.leg import Leg, OrderState, Update, with_confirmed, with_update
from schemas.instant import VIETNAM, aware
from schemas.postal import RANK, Certainty, ParcelStatus

KNOWN = frozenset(ParcelStatus)
BESIDES = (
    "order_accepted", "order_refused", "order_cancelled", "cancel_refused", "invitation_made", "fee_collected",
    "fee_remitted", "status_confirmed", "aged_out",
)  # fmt: skip
"""What else is told of a leg, besides its item's movements."""


class Certain(StrEnum):
    """How sure a scan is: by the carrier's proof, by an operator's word, or only as the carrier reports it."""

    CONFIRMED = "CONFIRMED"
    BY_OPERATOR = "BY_OPERATOR"
    REPORTED = "REPORTED"


@dataclass(frozen=True, slots=True)
class Step:
    """Something told of a leg: a scan (`status` and how sure it is) or what became of its order and its fees.

    `carrier_code` and `evidence`, the digest of the body it came in, are there where no table knows the code.
    """

    at: datetime
    kind: str
    status: str | None = None
    certain: Certain | None = None
    carrier: str | None = None
    amount: int | None = None
    carrier_code: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """Two claims that cannot both be true: the one that stands, and the one against it."""

    kind: Kind
    stands: str
    stands_at: datetime
    against: str
    against_at: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """One leg. `status` is what is sure of it, `reported` what is told; `is_silent`: a word was expected and none came.

    `to_confirm` are the movements that a carrier reported and nobody has confirmed, as statuses.
    """

    leg: str
    carrier: str
    item_code: str | None
    reference: str
    order: str
    status: str | None
    reported: str | None
    attempts: int
    is_contradicted: bool
    claims: tuple[Claims, ...]
    expected: str | None
    expected_by: datetime | None
    is_silent: bool
    steps: tuple[Step, ...]
    to_confirm: tuple[ParcelStatus, ...]

    @property
    def has_scans(self) -> bool:
        """Whether its carrier said anything of its item."""
        return any(step.certain for step in self.steps)

    @property
    def is_open(self) -> bool:
        """Whether a carrier was asked for it and something is still to come."""
        return self.expected is not None or self.order == OrderState.REQUESTED


def routes(row: Row[Any], facts: Sequence[Row[Any]], said: Sequence[Row[Any]], now: datetime) -> tuple[Route, ...]:
    """A dossier's legs, in the order in which they were asked for."""
    contradicted = {one.leg for one in said if one.kind == "contradiction_found"}
    return tuple(_route(leg, facts, leg["leg"] in contradicted, now) for leg in json.loads(row.legs))


def _route(said: dict[str, Any], facts: Sequence[Row[Any]], found_before: bool, now: datetime) -> Route:
    own = [one for one in facts if one.leg == said["leg"]]
    leg = _leg(said, own)
    by = datetime.fromisoformat(said["expected_by"]).astimezone(VIETNAM) if said.get("expected_by") else None
    return Route(
        leg=said["leg"],
        carrier=said["carrier"],
        item_code=said.get("item_code"),
        reference=said["reference"],
        order=said["order"],
        status=said.get("status"),
        reported=said.get("reported"),
        attempts=said.get("attempts", 0),
        is_contradicted=said.get("contradicted", False) or found_before,
        claims=tuple(_claims(one) for one in contradictions(leg.heard)),
        expected=said.get("expected"),
        expected_by=by,
        is_silent=by is not None and by < now,
        steps=tuple(sorted((*_scans(leg, own), *_besides(own)), key=lambda step: step.at)),
        to_confirm=tuple(dict.fromkeys(_unsure(leg))),
    )


def legs_of(row: Row[Any], facts: Sequence[Row[Any]]) -> list[Leg]:
    """A dossier's legs as the rules know them."""
    return [_leg(said, [one for one in facts if one.leg == said["leg"]]) for said in json.loads(row.legs)]


def _leg(said: dict[str, Any], facts: Sequence[Row[Any]]) -> Leg:
    """The leg that the rules make of its rows: every copy of a scan joined, an operator's word counted."""
    leg = Leg(said["leg"], said["carrier"], said["reference"], "")
    leg = reduce(with_update, (_update(one) for one in facts if _is_scan(one)), leg)
    words = (one.word for one in standing(facts, ("status_confirmed",)))
    return reduce(with_confirmed, (ParcelStatus(word) for word in words if word in KNOWN), leg)


def _is_scan(one: Row[Any]) -> bool:
    """Whether it is a movement by a status that this release knows."""
    return one.kind == "item_moved" and one.word in KNOWN


def _update(one: Row[Any]) -> Update:
    return Update(ParcelStatus(one.word), aware(one.at), Certainty(one.certainty), one.ref)


def _scans(leg: Leg, facts: Sequence[Row[Any]]) -> Iterator[Step]:
    rows = {one.ref: one for one in facts}
    for update in sorted(leg.heard, key=lambda one: (one.at, RANK.get(one.status, 0))):
        row = rows[update.evidence]
        yield Step(
            at=aware(row.at),
            kind=row.kind,
            status=update.status,
            certain=_certain(leg, update),
            carrier=row.carrier,
            carrier_code=row.carrier_code,
            evidence=row.evidence,
        )


def _certain(leg: Leg, update: Update) -> Certain:
    if update.certainty is Certainty.CONFIRMED:
        return Certain.CONFIRMED
    return Certain.BY_OPERATOR if leg.is_sure(update) else Certain.REPORTED


def _unsure(leg: Leg) -> Iterator[ParcelStatus]:
    """The newest first."""
    for update in sorted(leg.heard, key=lambda one: (one.at, RANK.get(one.status, 0)), reverse=True):
        if update.status in RANK and not leg.is_sure(update):
            yield update.status


def _besides(facts: Sequence[Row[Any]]) -> Iterator[Step]:
    for one in standing(facts, BESIDES):
        status = one.word if one.kind == "status_confirmed" else None
        yield Step(aware(one.at), one.kind, status, carrier=one.carrier, amount=one.amount)


def _claims(one: Contradiction) -> Claims:
    assert one.stands.at is not None and one.against.at is not None
    return Claims(one.kind, one.stands.status, one.stands.at, one.against.status, one.against.at)
