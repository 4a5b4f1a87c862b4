"""What counts as a result handed over, and what is known of it: from a dossier's own facts, nothing of a citizen.

A result is handed over once: by the one-stop (`result_returned`), or by the post, whose delivery is sure where the
carrier or an operator confirmed it. Of two ways the earlier one is the hand-over, whichever was heard of first.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from rules.dossier import Dossier
from rules.facts import here, present
from rules.life import LifeFact, View, entered
from rules.post.leg import Leg, Update, proof_of
from schemas.dossier import Direction, DossierStatus, ReturnMode
from schemas.event import canonical
from schemas.postal import Certainty, LegKind, ParcelStatus
from schemas.receipts import ConfirmedBy

Json = dict[str, Any]
NEVER = datetime.max.replace(tzinfo=UTC)
"""Where a delivery stands whose time the carrier did not say: behind all others."""


def handed_over(dossier: Dossier, view: View) -> Json | None:
    """The data of `HandedOver`; None while the result is with nobody, or was so before its agency joined."""
    if dossier.status is not DossierStatus.RESULT_RETURNED:
        return None
    life = dossier.effective_life()
    ways = [*_by_the_post(dossier.legs, life), *_by_the_one_stop(life)]
    if not ways:
        return None
    at, way = min(ways, key=lambda one: one[0])
    result = _result(life, at) or view.result
    evidence = present({"result": result.ref if result else None} | way.pop("evidence"))
    return way | _of(result) | {"evidence": evidence}


def _by_the_one_stop(life: tuple[LifeFact, ...]) -> Iterator[tuple[datetime, Json]]:
    """The first return that its status allowed: what is stated after it changes nothing."""
    returned_at = next((at for status, at in entered(life) if status is DossierStatus.RESULT_RETURNED), None)
    for fact in life:
        if fact.kind == "result_returned" and fact.at == returned_at:
            evidence = {"returned": fact.ref}
            # Its receiver is a name, and sealed: all there is to say is that it was stated.
            yield (
                fact.at,
                {"mode": fact.data["mode"], "at": here(fact.at), "receiver": {"named": True}} | {"evidence": evidence},
            )
            return


def _by_the_post(legs: tuple[Leg, ...], life: tuple[LifeFact, ...]) -> Iterator[tuple[datetime, Json]]:
    for leg in legs:
        update = leg.known.current
        if leg.kind is LegKind.DELIVER_RESULT and update and update.status is ParcelStatus.DELIVERED:
            yield update.at or NEVER, _delivered(leg, update, life)


def _delivered(leg: Leg, update: Update, life: tuple[LifeFact, ...]) -> Json:
    proof = proof_of(update)
    receiver = {"named": proof.receiver is not None, "relation": proof.relation, "id_type": proof.id_type}
    by_carrier = update.certainty is Certainty.CONFIRMED
    return present({
        "mode": ReturnMode.POST,
        "at": here(update.at),
        "receiver": present(receiver),
        "leg": leg.name,
        "carrier": leg.carrier,
        "item_code": update.item or leg.item,
        "evidence": {
            "minutes": _minutes(leg.name, life),
            "delivered": update.evidence,
            "confirmed_by": ConfirmedBy.CARRIER if by_carrier else ConfirmedBy.OPERATOR,
        },
    })  # fmt: skip


def _minutes(leg: str, life: tuple[LifeFact, ...]) -> str | None:
    """The last minutes by which the agency gave this leg's envelope to the post."""
    signed = (fact for fact in reversed(life) if fact.kind == "handover_signed" and fact.data["leg"] == leg)
    return next((fact.ref for fact in signed if fact.data["direction"] == Direction.AGENCY_TO_POST), None)


def _result(life: tuple[LifeFact, ...], at: datetime) -> LifeFact | None:
    """The result that was ready by then."""
    return next((fact for fact in reversed(life) if fact.kind == "result_ready" and fact.at <= at), None)


def _of(result: LifeFact | None) -> Json:
    if result is None:
        return {}
    number, outcome = result.data.get("result_no"), result.data["outcome"]
    return present({"result_no": number, "outcome": outcome, "manifest": manifest(result.data.get("documents", ()))})


def manifest(documents: Any) -> Json:
    """The data of `Manifest`: whoever has the list of papers finds the same hash."""
    listed = list(documents)
    return {"documents": len(listed), "sha256": sha256(canonical(listed)).hexdigest()}
