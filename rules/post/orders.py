"""What is wanted of the post for a dossier, and how its answers change the legs.

A leg comes into being here, with the carrier the policy names and why; `react` says it to the world.
"""

from datetime import datetime

from msgspec.structs import replace

from rules.life import View
from rules.post import policy
from rules.post.leg import Leg, OrderState, Update, with_confirmed, with_update
from rules.post.standard import at_fault, first_attempt_by, one_province
from rules.reference import Edition
from rules.transitions import CLOSED
from schemas.dossier import DossierStatus
from schemas.event import Event
from schemas.ops import AgedOut, StatusConfirmed
from schemas.postal import (
    IN_DOUBT,
    CancelRefused,
    InvitationMade,
    ItemMoved,
    LegKind,
    OrderAccepted,
    OrderCancelled,
    OrderRefused,
    ParcelStatus,
    reference_of,
)
from schemas.reference import Stage

Legs = tuple[Leg, ...]


# ---------------------------------------------------------------- what is wanted


def planned(code: str, legs: Legs, view: View, edition: Edition) -> Legs:
    """The legs with every new one that the facts call for, and every order called off that they no longer do."""
    agency = edition.agency(view.receiving)
    if agency is None or agency.stage is not Stage.ACT:
        return legs
    legs = tuple(_called_off(leg, view) for leg in legs)
    for kind, registered_by in _wanted(legs, view, edition):
        legs = (*legs, _new_leg(code, legs, kind, registered_by, view, edition))
    return legs


def _wanted(legs: Legs, view: View, edition: Edition) -> list[tuple[LegKind, str]]:
    """Which journeys are owed and not begun, each with the fact it rests on."""
    wanted = []
    if view.collection_fact and not view.collection_cancelled and not view.handed_in and view.status not in CLOSED:
        wanted.append((LegKind.COLLECT_DOSSIER, view.collection_fact))
    if view.status is DossierStatus.RESULT_READY and view.by_post and view.result and view.result.data["physical"]:
        wanted.append((LegKind.DELIVER_RESULT, view.return_fact))
    if view.status in CLOSED and view.collection_contact and _collected(legs, view):
        wanted.append((LegKind.RETURN_PAPERS, view.collection_fact))
    if _transfer_by_post(view, edition):
        wanted.append((LegKind.AGENCY_TRANSFER, f"to {view.transfer_to}"))
    return [(kind, fact) for kind, fact in wanted if fact and _is_new(legs, kind, fact)]


def _transfer_by_post(view: View, edition: Edition) -> bool:
    """Papers go to an agency elsewhere, and the sender's profile sends them by post."""
    agency = edition.agency(view.receiving)
    elsewhere = view.transfer_to is not None and not edition.same(view.transfer_to, view.receiving)
    return elsewhere and agency is not None and agency.transfers_by_post and bool(view.documents)


def _collected(legs: Legs, view: View) -> bool:
    """Whether the agency holds the citizen's papers: minutes signed, or the post says they arrived."""
    arrived = any(leg.kind is LegKind.COLLECT_DOSSIER and leg.known.status is ParcelStatus.DELIVERED for leg in legs)
    return view.handed_in or arrived


def _is_new(legs: Legs, kind: LegKind, fact: str) -> bool:
    """The first of its kind; or, the last one having failed, one that rests on a newer fact."""
    same = [leg for leg in legs if leg.kind is kind]
    if not same:
        return True
    delivered = any(leg.known.status is ParcelStatus.DELIVERED for leg in same)
    return not delivered and not same[-1].open() and all(leg.registered_by != fact for leg in same)


def _new_leg(code: str, legs: Legs, kind: LegKind, fact: str, view: View, edition: Edition) -> Leg:
    """The next leg of its kind with the carrier that the policy names; refused at once where it names nobody."""
    name = f"{kind}{1 + sum(leg.kind is kind for leg in legs)}"
    choice = policy.choose(edition, kind, view.procedure, view.receiving, _province(kind, view))
    if choice is None:
        why = f"no carrier may carry {name} of procedure {view.procedure}"
        return Leg(name, policy.NOBODY, reference_of(code, name), why, OrderState.REFUSED, registered_by=fact)
    before = [leg for leg in legs if leg.kind is kind]
    fault = at_fault(before[-1]) if before else None
    cost = f"; {fault} bears the cost of this try (Decision 45/2016 art. 12(4))" if fault else ""
    return Leg(
        name,
        choice.carrier,
        reference_of(code, name),
        choice.because + cost,
        fallbacks=choice.fallbacks,
        registered_by=fact,
    )


def _province(kind: LegKind, view: View) -> str | None:
    """The province of the citizen's end."""
    contact = view.return_contact if kind is LegKind.DELIVER_RESULT else view.collection_contact
    province: str | None = contact.get("province_code") if contact else None
    return province


def _called_off(leg: Leg, view: View) -> Leg:
    """An order that is no longer wanted is withdrawn once, as long as the post does not hold the envelope."""
    if leg.order not in (OrderState.REQUESTED, OrderState.ACCEPTED) or not _unwanted(leg, view):
        return leg
    if leg.known.held or leg.known.ended or leg.called_off:
        return leg
    return replace(leg, order=OrderState.CANCELLING, called_off=True)


def _unwanted(leg: Leg, view: View) -> bool:
    match leg.kind:
        case LegKind.COLLECT_DOSSIER:
            return (view.collection_cancelled or view.status in CLOSED) and not view.handed_in
        case LegKind.DELIVER_RESULT:
            return (not view.by_post or view.status in CLOSED) and leg.name not in view.handed_out
        case _:
            return False


# ---------------------------------------------------------------- what was answered


def answered(legs: Legs, event: Event, edition: Edition, view: View) -> Legs:
    """The legs after what a carrier answered or an operator confirmed. A leg we never asked for is left alone."""
    name = getattr(event.data, "leg", None)
    return tuple(_answer(leg, event, edition, view) if leg.name == name else leg for leg in legs)


def _answer(leg: Leg, event: Event, edition: Edition, view: View) -> Leg:
    match event:
        case ItemMoved() if event.data.carrier == leg.carrier:
            return _moved(leg, event, edition, view)
        case OrderAccepted():
            return _accepted(leg, event, edition, view)
        case OrderRefused() if event.data.carrier == leg.carrier and leg.order is not OrderState.ACCEPTED:
            return _refused(leg, event.data.verdict)
        case OrderCancelled() if event.data.carrier == leg.carrier:
            return replace(leg, order=OrderState.CANCELLED, expected_by=None)
        case CancelRefused() if leg.order is OrderState.CANCELLING:
            return replace(leg, order=OrderState.ACCEPTED)
        case InvitationMade():
            return replace(leg, invited=tuple(sorted({*leg.invited, event.data.at})))
        case StatusConfirmed():
            return with_confirmed(leg, event.data.status)
        case AgedOut():
            return replace(leg, aged_out=True, expected_by=None)
        case _:
            return leg


def _accepted(leg: Leg, event: OrderAccepted, edition: Edition, view: View) -> Leg:
    if event.data.carrier != leg.carrier or leg.accepted_at is not None:
        return leg
    order = OrderState.ACCEPTED if leg.order is OrderState.REQUESTED else leg.order
    by = _expected_by(edition, view, leg, event.time)
    return replace(leg, order=order, item=event.data.item_code, accepted_at=event.time, expected_by=by)


def _refused(leg: Leg, verdict: str) -> Leg:
    """The policy's next carrier, by a second request; or nobody. While it may be at the first, nobody else is asked."""
    if not leg.fallbacks or leg.order is OrderState.CANCELLING or verdict == IN_DOUBT:
        return replace(leg, order=OrderState.REFUSED)
    return replace(
        leg, carrier=leg.fallbacks[0], fallbacks=leg.fallbacks[1:], order=OrderState.REQUESTED, asked=leg.asked + 1
    )


def _moved(leg: Leg, event: ItemMoved, edition: Edition, view: View) -> Leg:
    data = event.data
    update = Update(
        data.status,
        data.at,
        data.certainty,
        data.evidence,
        data.item_code,
        data.reason,
        data.fault_party,
        data.proof.model_dump(mode="json", exclude_none=True) if data.proof else None,
        data.location,
    )
    leg = with_update(leg, update)
    accepted_at = leg.accepted_at or event.time
    # It moves, so the carrier has it, whatever became of its answer. A cancel under way is answered by itself.
    settled = leg.order in (OrderState.CANCELLED, OrderState.CANCELLING)
    order = leg.order if settled else OrderState.ACCEPTED
    by = _expected_by(edition, view, leg, event.time) if leg.open() else None
    return replace(leg, order=order, accepted_at=accepted_at, expected_by=by)


def _expected_by(edition: Edition, view: View, leg: Leg, since: datetime) -> datetime:
    """By when the post is to be heard of again: its time standard, from what was heard last."""
    return first_attempt_by(edition, since, one_province(edition, view, leg))
