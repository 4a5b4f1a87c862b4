"""What the post sets in motion, and what is asked of it: requests, cancellations, and the words agencies are owed."""

from typing import Any

from rules.deadlines.reactions import violated
from rules.facts import Derived, caused, here
from rules.life import View
from rules.notices import Telling
from rules.plain import plain, text_of
from rules.post.contradiction import contradictions
from rules.post.custody import differences
from rules.post.leg import GOING_BACK, Leg, OrderState, Update, is_one_visit
from rules.post.standard import at_fault, ground_of, went_back_too_early
from rules.turn import Turn
from schemas.clock import Violation
from schemas.deadline import ContradictionFound, DiscrepancyFound, ReturnedTooEarly
from schemas.event import Event
from schemas.notice import NoticeKind
from schemas.postal import (
    CancelRequested,
    CollectionRequested,
    DeliveryRequested,
    FeeCollected,
    FeeRemitted,
    LegKind,
    OrderRefused,
    ParcelStatus,
    Request,
    ReturnRequested,
    TransferRequested,
)

REQUESTS: dict[LegKind, type[Request]] = {
    LegKind.COLLECT_DOSSIER: CollectionRequested,
    LegKind.DELIVER_RESULT: DeliveryRequested,
    LegKind.RETURN_PAPERS: ReturnRequested,
    LegKind.AGENCY_TRANSFER: TransferRequested,
}


def post_reacts(turn: Turn) -> None:
    """New orders and cancellations, answers, attempts and ends that are CONFIRMED, fees, differences in custody."""
    event, tellings = turn.event, turn.tellings
    for leg in turn.after.legs:
        old = turn.was.leg(leg.name)
        if old is leg:
            continue
        _asked(old, leg, event, turn.view, turn.facts)
        _order_told(old, leg, event, tellings)
        if old is None or old.updates != leg.updates or old.confirmed != leg.confirmed:
            _fate_told(turn, old, leg)
            _went_back(turn, old, leg)
            _contradicted(turn, old, leg)
        if leg.aged_out and not (old and old.aged_out):
            payload = _leg_payload(leg, leg.told.current) | {"phase": "aged out"}
            result = leg.kind is LegKind.DELIVER_RESULT
            kind = NoticeKind.RESULT_UNDELIVERABLE if result else NoticeKind.POSTAL_SILENCE
            tellings.append(Telling(kind, payload, {"leg": leg.name}, (leg.name, "aged out")))
    _custody(turn)
    match event:
        case FeeCollected() | FeeRemitted():
            kind = NoticeKind.FEE_COLLECTED if isinstance(event, FeeCollected) else NoticeKind.FEE_REMITTED
            tellings.append(Telling(kind, plain(event.data.model_dump()), {}, (event.data.leg,)))


def _contradicted(turn: Turn, old: Leg | None, leg: Leg) -> None:
    """Claims that cannot all be true, sure or only reported: said with both sides; the agency is told of sure ones."""
    now = contradictions(leg.heard)
    known = contradictions(old.heard) if old and now else ()
    for found in (one for one in now if one not in known):
        data = {
            "leg": leg.name,
            "carrier": leg.carrier,
            "kind": found.kind,
            "expected": found.stands.status,
            "by": here(found.stands.at),
            "evidence": found.stands.evidence,
            "seen": found.against.status,
            "seen_at": here(found.against.at),
            "seen_evidence": found.against.evidence,
        }
        about = (leg.name, found.kind, found.stands.evidence, found.against.evidence)
        turn.facts.append(caused(ContradictionFound, turn.event, data, *about))


def _custody(turn: Turn) -> None:
    """What passed at a hand-over and should not have, or did not and should: at once, whichever fact shows it."""
    was, now = turn.was.effective_life(), turn.after.effective_life()
    if was is now or not any(fact.kind == "handover_signed" for fact in now):
        return
    known = differences(was)
    new = [one for one in differences(now) if one not in known]
    for one in new:
        data = {"leg": one.leg, "expected": one.expected, "by": here(one.at), "seen": one.seen}
        turn.facts.append(caused(DiscrepancyFound, turn.event, data, one.leg, one.ref, one.expected, one.seen))
    for leg in dict.fromkeys(one.leg for one in new):
        rows = [{"expected": one.expected, "seen": one.seen} for one in new if one.leg == leg]
        payload = {"leg": leg, "discrepancies": rows}
        turn.tellings.append(Telling(NoticeKind.CUSTODY_DISCREPANCY, payload, {}, (leg,)))


def _asked(old: Leg | None, leg: Leg, event: Event, view: View, facts: list[Derived]) -> None:
    """A leg that is new, or has its next carrier, is asked for; one called off is cancelled."""
    if leg.order is OrderState.REQUESTED and (old is None or old.asked != leg.asked):
        facts.append(_request(leg, event, view))
    if leg.order is OrderState.CANCELLING and old is not None and old.order is not OrderState.CANCELLING:
        data = {"leg": leg.name, "reference": leg.reference, "carrier": leg.carrier, "item_code": leg.item}
        because = "no longer wanted: collection or return cancelled, or the dossier closed"
        facts.append(caused(CancelRequested, event, data | {"because": because}, leg.name, leg.carrier))


def _request(leg: Leg, event: Event, view: View) -> Derived:
    collecting = leg.kind in (LegKind.COLLECT_DOSSIER, LegKind.RETURN_PAPERS)
    result = view.result.data if view.result else {}
    sends = leg.kind is not LegKind.COLLECT_DOSSIER
    delivering = leg.kind is LegKind.DELIVER_RESULT
    transfer = leg.kind is LegKind.AGENCY_TRANSFER
    data = {
        "leg": leg.name,
        "reference": leg.reference,
        "carrier": leg.carrier,
        "because": leg.because,
        "fallbacks": leg.fallbacks,
        "sender_agency": view.receiving if sends else None,
        "receiver_agency": view.transfer_to if transfer else None if sends else view.receiving,
        "contact": None if transfer else view.collection_contact if collecting else view.return_contact,
        "documents": result.get("documents", ()) if delivering else view.collection_documents or view.documents,
        "cash_on_delivery": result.get("fee", 0) if delivering else 0,
        "procedure_code": view.procedure,
    }
    return caused(REQUESTS[leg.kind], event, data, leg.name, leg.carrier)


def _order_told(old: Leg | None, leg: Leg, event: Event, tellings: list[Telling]) -> None:
    if old is not None and (old.order, old.accepted_at) == (leg.order, leg.accepted_at):
        return
    payload: dict[str, Any] = {
        "leg": leg.name,
        "carrier": leg.carrier,
        "item_code": leg.item,
        "reference": leg.reference,
    }
    about, values = (leg.name,), {"item": leg.item or "-"}
    if leg.accepted_at and (old is None or old.accepted_at is None):
        match leg.kind:
            case LegKind.COLLECT_DOSSIER:
                tellings.append(Telling(NoticeKind.COLLECTION_ACCEPTED, payload, values, about))
            case _:
                tellings.append(Telling(NoticeKind.DELIVERY_ACCEPTED, payload, values, about))
    if old is None and leg.order is OrderState.REFUSED:
        tellings.append(Telling(NoticeKind.ORDER_REFUSED, payload | {"because": leg.because}, {}, about))
    if old is None or old.order is leg.order:
        return
    match leg.order:
        case OrderState.REFUSED:
            field = event.data.field if isinstance(event, OrderRefused) else None
            tellings.append(Telling(NoticeKind.ORDER_REFUSED, payload | {"field": field}, {}, about))
        case OrderState.CANCELLED:
            tellings.append(Telling(NoticeKind.ORDER_CANCELLED, payload, {}, about))
        case OrderState.ACCEPTED if old.order is OrderState.CANCELLING:
            tellings.append(Telling(NoticeKind.CANCEL_REFUSED, payload, {}, about))


def _fate_told(turn: Turn, old: Leg | None, leg: Leg) -> None:
    """What is CONFIRMED now and was not before; what is only reported stays in the house."""
    tellings = turn.tellings
    before, now = (old.known if old else None), leg.known
    told_attempts = before.attempts if before else ()
    for attempt in now.attempts:
        if not any(is_one_visit(attempt, told) for told in told_attempts):
            tellings.append(_attempt(leg, attempt, len(now.attempts)))
    if leg.kind is LegKind.COLLECT_DOSSIER and now.held and not (before and before.held):
        payload = _leg_payload(leg, now.current)
        tellings.append(Telling(NoticeKind.DOSSIER_COLLECTED, payload, {"item": leg.item or "-"}, (leg.name,)))
    if now.contradicted and not (before and before.contradicted):
        tellings.append(Telling(NoticeKind.POSTAL_CONTRADICTION, _leg_payload(leg, now.current), {}, (leg.name,)))
    if leg.kind is LegKind.DELIVER_RESULT and now.current and now.status is not (before.status if before else None):
        _result_told(turn, leg, now.current, before.status if before else None)


def _went_back(turn: Turn, old: Leg | None, leg: Leg) -> None:
    """Returned before the addressee was invited twice: once a leg."""
    early = went_back_too_early(leg, turn.edition)
    if early is None or (old is not None and went_back_too_early(old, turn.edition) is not None):
        return
    data = {"leg": leg.name, "carrier": leg.carrier, "expected": "TWO_INVITATIONS", "by": here(early.at)}
    turn.facts.append(caused(ReturnedTooEarly, turn.event, data | {"seen": early.status}, leg.name))
    violated(turn, Violation.RETURNED_TOO_EARLY, turn.event.ref)


def _result_told(turn: Turn, leg: Leg, update: Update, was: ParcelStatus | None) -> None:
    tellings, payload = turn.tellings, _leg_payload(leg, update)
    match update.status:
        case ParcelStatus.DELIVERED:
            proof = update.proof or "not stated by the carrier"
            tellings.append(Telling(NoticeKind.RESULT_DELIVERED, payload | {"proof": proof}, {}, (leg.name,)))
        case ParcelStatus.RETURNED_TO_SENDER | ParcelStatus.LOST | ParcelStatus.DESTROYED:
            payload |= {"phase": "ended"} | _undeliverable(turn, leg)
            tellings.append(Telling(NoticeKind.RESULT_UNDELIVERABLE, payload, {}, (leg.name, update.status)))
        case status if status in GOING_BACK and was not in GOING_BACK:
            payload |= {"phase": "going back"} | _undeliverable(turn, leg)
            tellings.append(Telling(NoticeKind.RESULT_UNDELIVERABLE, payload, {}, (leg.name, "back")))


def _undeliverable(turn: Turn, leg: Leg) -> dict[str, Any]:
    """The ground of the postal law, and who bears the cost of another try."""
    return {"ground": ground_of(leg, turn.edition), "borne_by": at_fault(leg)}


def _attempt(leg: Leg, attempt: Update, count: int) -> Telling:
    kind = NoticeKind.COLLECTION_FAILED if attempt.status is ParcelStatus.PICKUP_FAILED else NoticeKind.DELIVERY_FAILED
    payload = _leg_payload(leg, attempt) | {"attempt": count}
    return Telling(
        kind, payload, {"reason": attempt.reason}, (leg.name, attempt.at and text_of(attempt.at), attempt.reason)
    )


def _leg_payload(leg: Leg, update: Update | None) -> dict[str, Any]:
    if update is None:
        return {"leg": leg.name, "carrier": leg.carrier, "item_code": leg.item}
    return {
        "leg": leg.name,
        "carrier": leg.carrier,
        "item_code": leg.item,
        "status": update.status,
        "reason": update.reason,
        "fault_party": update.fault,
        "at": text_of(update.at) if update.at else None,
        "evidence": update.evidence,
    }
