"""What a fact sets in motion: `react` compares a dossier before and after it, and says what changed.

Deadlines projected, the post asked, agencies told, facts refused. Pure: folding a log twice says the same things, byte
for byte, under the same ids.
"""

from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from rules.dossier import Dossier, Verdict, Waiting, fired_key, seen_before
from rules.facts import caused
from rules.life import View, clock_facts, effective
from rules.notices import Telling, addressed
from rules.post.leg import GOING_BACK, Leg, OrderState, Update
from rules.post.standard import expected
from rules.reference import Edition, Reference
from rules.standing import agency_of
from schemas.clock import ClockFact, ClockState, Outcome, Rung, Violation
from schemas.deadline import (
    DueToday,
    Escalated,
    LimitReached,
    Missed,
    MissWithdrawn,
    NearDue,
    Projected,
    RungData,
    RungReached,
    Stopped,
    Suspended,
    ViolationFound,
)
from schemas.dossier import NATIONAL, DossierFact, HandoverSigned
from schemas.event import Event
from schemas.instant import VIETNAM, date_of
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
from schemas.state import ClockFactShown, ClockShown, DossierStateChanged, LegShown

REQUESTS: dict[LegKind, type[Request]] = {
    LegKind.COLLECT_DOSSIER: CollectionRequested,
    LegKind.DELIVER_RESULT: DeliveryRequested,
    LegKind.RETURN_PAPERS: ReturnRequested,
    LegKind.AGENCY_TRANSFER: TransferRequested,
}

RUNGS: dict[str, tuple[type[NearDue | DueToday | Missed | Escalated], NoticeKind]] = {
    Rung.NEAR_DUE: (NearDue, NoticeKind.NEAR_DUE),
    Rung.DUE_TODAY: (DueToday, NoticeKind.DUE_TODAY),
    Rung.MISSED: (Missed, NoticeKind.MISSED),
    Rung.ESCALATED: (Escalated, NoticeKind.ESCALATED),
}


def react(before: Dossier | None, after: Dossier, event: Event, reference: Reference) -> tuple[Dossier, list[Event]]:
    """What this fact sets in motion, and the dossier with its counts of what was said (notices, states)."""
    was = before or Dossier(after.code)
    edition = reference.at(event.refversion or after.refversion or "")
    view = after.view()
    facts, tellings = list[Event](), list[Telling]()
    if seen_before(before, event) is Verdict.CONFLICT:
        tellings.append(_rejected(event.ref, "CONFLICT"))
    _clock(was, after, event, view, edition, facts, tellings)
    _rung(was, after, event, view, edition, facts, tellings)
    _post(was, after, event, view, facts, tellings)
    _standing(was, after, event, tellings)
    after, notices = addressed(after, tellings, event, view, edition)
    after, states = _state(was, after, event, view)
    return after, [*facts, *notices, *states]


# ---------------------------------------------------------------- the legal clock


def _clock(
    was: Dossier,
    after: Dossier,
    event: Event,
    view: View,
    edition: Edition,
    facts: list[Event],
    tellings: list[Telling],
) -> None:
    if after.problem and after.problem != was.problem:
        tellings.append(Telling(NoticeKind.CLOCK_FAILED, {"problem": after.problem}, {"why": after.problem}))
    if after.clock == was.clock:
        return
    match after.clock.state:
        case ClockState.RUNNING if after.clock.due_on and _date_is_new(was, after):
            _projected(was, after, event, facts, tellings)
        case ClockState.SUSPENDED if was.clock.state is not ClockState.SUSPENDED and after.clock.suspended_since:
            data = {"since": after.clock.suspended_since, "policy": _policy(view, edition)}
            facts.append(caused(Suspended, event, data))
        case ClockState.STOPPED:
            _stopped(was, after, event, view, facts, tellings)
    for violation, ref in _new_violations(was, after):
        _violated(violation, ref, event, facts, tellings)


def _date_is_new(was: Dossier, after: Dossier) -> bool:
    return was.clock.state is not ClockState.RUNNING or (was.clock.due_on, was.clock.due_at) != (
        after.clock.due_on,
        after.clock.due_at,
    )


def _projected(was: Dossier, after: Dossier, event: Event, facts: list[Event], tellings: list[Telling]) -> None:
    clock, previous = after.clock, was.announced_on
    data = {
        "due_on": clock.due_on,
        "due_at": clock.due_at,
        "previous_due_on": previous,
        "reason": clock.reason,
        "basis": clock.basis,
        "provisional": clock.provisional,
        "refversion": after.refversion,
    }
    facts.append(caused(Projected, event, data))
    payload = _shown(data)
    if previous is None:
        payload |= {"tracking_code": after.tracking}
        values = {"due": clock.due_on, "tracking": after.tracking}
        tellings.append(Telling(NoticeKind.DEADLINE_SET, payload, values))
    elif previous != clock.due_on:
        tellings.append(Telling(NoticeKind.DEADLINE_MOVED, payload, {"due": clock.due_on, "previous": previous}))


def _stopped(
    was: Dossier, after: Dossier, event: Event, view: View, facts: list[Event], tellings: list[Telling]
) -> None:
    clock = after.clock
    if (was.clock.state, was.clock.outcome, was.clock.due_on) == (clock.state, clock.outcome, clock.due_on):
        return
    facts.append(caused(Stopped, event, {"since": clock.stopped_at, "outcome": clock.outcome, "due_on": clock.due_on}))
    said = _was_missed(was, after)
    if said and clock.outcome in (Outcome.EARLY, Outcome.ON_TIME) and clock.due_on:
        data = RungData(due_on=clock.due_on, holder=view.holder)
        facts.append(caused(MissWithdrawn, event, data))
        tellings.append(Telling(NoticeKind.MISS_WITHDRAWN, _shown(data.model_dump()), {"due": clock.due_on}))
    if (said and clock.outcome is not Outcome.LATE) or (was.clock.outcome and was.clock.outcome != clock.outcome):
        _violated(Violation.STATED_AFTER_DUE, event.ref, event, facts, tellings)


def _was_missed(was: Dossier, after: Dossier) -> bool:
    """Whether `missed` was announced of the due date that the clock stopped against."""
    return after.clock.due_on is not None and f"{after.clock.due_on.isoformat()}/{Rung.MISSED}/1" in was.announced


def _new_violations(was: Dossier, after: Dossier) -> list[tuple[Violation, str]]:
    return [found for found in after.clock.violations if found not in was.clock.violations]


def _violated(code: Violation, ref: str, event: Event, facts: list[Event], tellings: list[Telling]) -> None:
    facts.append(caused(ViolationFound, event, {"code": code, "fact": ref}, code, ref))
    tellings.append(Telling(NoticeKind.VIOLATION, {"code": code, "fact": ref}, {"code": code}, (code, ref)))


def _policy(view: View, edition: Edition) -> str:
    procedure = edition.procedure(view.procedure)
    return procedure.supplement_policy if procedure else ""


# ---------------------------------------------------------------- rungs


def _rung(
    was: Dossier,
    after: Dossier,
    event: Event,
    view: View,
    edition: Edition,
    facts: list[Event],
    tellings: list[Telling],
) -> None:
    """A rung that this firing reached; one that was passed when its date was set is reached in silence."""
    if not isinstance(event, RungReached) or after.reached == was.reached:
        return
    kind, notice = RUNGS[event.data.rung]
    due_on, today = event.data.due_on, date_of(event.time)
    left = edition.calendar.between(today, due_on) if today <= due_on else None
    late = (today - due_on).days if today > due_on else None
    data = RungData(due_on=due_on, step=event.data.step, holder=view.holder, working_days_left=left, days_late=late)
    facts.append(caused(kind, event, data, fired_key(event)))
    tellings.append(Telling(notice, _shown(data.model_dump()), {"due": due_on}, (fired_key(event),)))


# ---------------------------------------------------------------- the post


def _post(was: Dossier, after: Dossier, event: Event, view: View, facts: list[Event], tellings: list[Telling]) -> None:
    for leg in after.legs:
        old = was.leg(leg.name)
        _asked(old, leg, event, view, facts)
        _order_told(old, leg, event, tellings)
        if old is None or old.updates != leg.updates or old.confirmed != leg.confirmed:
            _fate_told(old, leg, tellings)
    match event:
        case FeeCollected() | FeeRemitted():
            kind = NoticeKind.FEE_COLLECTED if isinstance(event, FeeCollected) else NoticeKind.FEE_REMITTED
            tellings.append(Telling(kind, _shown(event.data.model_dump()), {}, (event.data.leg,)))
        case HandoverSigned() if event.data.discrepancies:
            payload = {"leg": event.data.leg, "discrepancies": list(event.data.discrepancies)}
            tellings.append(Telling(NoticeKind.CUSTODY_DISCREPANCY, payload, {}, (event.data.leg,)))


def _asked(old: Leg | None, leg: Leg, event: Event, view: View, facts: list[Event]) -> None:
    """A leg that is new, or has its next carrier, is asked for; one called off is cancelled."""
    if leg.order is OrderState.REQUESTED and (old is None or old.asked != leg.asked):
        facts.append(_request(leg, event, view))
    if leg.order is OrderState.CANCELLING and old is not None and old.order is not OrderState.CANCELLING:
        data = {"leg": leg.name, "reference": leg.reference, "carrier": leg.carrier, "item_code": leg.item}
        because = "no longer wanted: collection or return cancelled, or the dossier closed"
        facts.append(caused(CancelRequested, event, data | {"because": because}, leg.name, leg.carrier))


def _request(leg: Leg, event: Event, view: View) -> Request:
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
    }
    return caused(REQUESTS[leg.kind], event, data, leg.name, leg.carrier)


def _order_told(old: Leg | None, leg: Leg, event: Event, tellings: list[Telling]) -> None:
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


def _fate_told(old: Leg | None, leg: Leg, tellings: list[Telling]) -> None:
    """What is CONFIRMED now and was not before; what is only reported stays in the house."""
    before, now = (old.known if old else None), leg.known
    told_attempts = before.attempts if before else ()
    for attempt in now.attempts:
        if all(_same_attempt(attempt, told) is False for told in told_attempts):
            tellings.append(_attempt(leg, attempt, len(now.attempts)))
    if leg.kind is LegKind.COLLECT_DOSSIER and now.held and not (before and before.held):
        payload = _leg_payload(leg, now.current)
        tellings.append(Telling(NoticeKind.DOSSIER_COLLECTED, payload, {"item": leg.item or "-"}, (leg.name,)))
    if now.contradicted and not (before and before.contradicted):
        tellings.append(Telling(NoticeKind.POSTAL_CONTRADICTION, _leg_payload(leg, now.current), {}, (leg.name,)))
    if leg.kind is LegKind.DELIVER_RESULT and now.current and now.status is not (before.status if before else None):
        _result_told(leg, now.current, before.status if before else None, tellings)


def _result_told(leg: Leg, update: Update, was: ParcelStatus | None, tellings: list[Telling]) -> None:
    payload = _leg_payload(leg, update)
    match update.status:
        case ParcelStatus.DELIVERED:
            proof = update.proof or "not stated by the carrier"
            tellings.append(Telling(NoticeKind.RESULT_DELIVERED, payload | {"proof": proof}, {}, (leg.name,)))
        case ParcelStatus.RETURNED_TO_SENDER | ParcelStatus.LOST | ParcelStatus.DESTROYED:
            ended = Telling(
                NoticeKind.RESULT_UNDELIVERABLE, payload | {"phase": "ended"}, {}, (leg.name, update.status)
            )
            tellings.append(ended)
        case status if status in GOING_BACK and was not in GOING_BACK:
            going = Telling(NoticeKind.RESULT_UNDELIVERABLE, payload | {"phase": "going back"}, {}, (leg.name, "back"))
            tellings.append(going)


def _same_attempt(one: Update, other: Update) -> bool:
    """Whether two attempts are one: the reason may have become known in between."""
    return (one.status, one.at) == (other.status, other.at) and (one.reason == other.reason or other.reason is None)


def _attempt(leg: Leg, attempt: Update, count: int) -> Telling:
    kind = NoticeKind.COLLECTION_FAILED if attempt.status is ParcelStatus.PICKUP_FAILED else NoticeKind.DELIVERY_FAILED
    payload = _leg_payload(leg, attempt) | {"attempt": count}
    return Telling(
        kind, payload, {"reason": attempt.reason}, (leg.name, attempt.at and _text(attempt.at), attempt.reason)
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
        "at": _text(update.at) if update.at else None,
        "evidence": update.evidence,
    }


# ---------------------------------------------------------------- standing


def _standing(was: Dossier, after: Dossier, event: Event, tellings: list[Telling]) -> None:
    """The wait is over for a fact that never got standing: its agency is told why it stays without effect."""
    if not isinstance(event, LimitReached):
        return
    left = {waiting.ref for waiting in after.waiting}
    for waiting in was.waiting:
        if waiting.ref not in left:
            tellings.append(_rejected(waiting.ref, "NO_STANDING" if _is_known(after) else "UNKNOWN_DOSSIER", waiting))


def _is_known(dossier: Dossier) -> bool:
    return dossier.view().receiving is not None


def _rejected(ref: str, why: str, waiting: Waiting | None = None) -> Telling:
    source, id = ref.split(" ", 1)
    agency = agency_of(source)
    payload = {"id": id, "source": source, "reason": why}
    if waiting is not None:
        payload["type"] = DossierFact.decode(waiting.raw).type
    return Telling(NoticeKind.REJECTED, payload, {"why": why}, (ref, why), (agency,) if agency else ())


# ---------------------------------------------------------------- the public state


def _state(was: Dossier, after: Dossier, event: Event, view: View) -> tuple[Dossier, list[Event]]:
    """The whole public state, when anything of it changed: no contact, no free text."""
    changed = (was.status, was.clock, was.legs, was.waiting, was.problem, was.life, was.retracted) != (
        after.status,
        after.clock,
        after.legs,
        after.waiting,
        after.problem,
        after.life,
        after.retracted,
    )
    if not changed:
        return after, []
    after = replace(after, sequence=after.sequence + 1)
    return after, [caused(DossierStateChanged, event, shown(after, view))]


def shown(dossier: Dossier, view: View) -> DossierStateChanged.Data:
    """A dossier as everyone who watches may see it. Made of our own values, so nothing is validated again."""
    return DossierStateChanged.Data.model_construct(
        sequence=dossier.sequence,
        status=dossier.status,
        national_status=NATIONAL.get(dossier.status),
        undelivered=dossier.undelivered,
        receiving_agency=view.receiving,
        competent_agency=view.competent,
        holder=view.holder,
        procedure_code=view.procedure,
        channel=view.channel,
        return_mode=view.return_mode,
        promised_due_on=view.promised_due_on,
        clock=_clock_shown(dossier),
        legs=tuple(_leg_shown(leg) for leg in dossier.legs),
        waiting=len(dossier.waiting),
        parked=None,
        refversion=dossier.refversion,
    )


def _clock_shown(dossier: Dossier) -> ClockShown:
    clock = dossier.clock
    facts = clock_facts(effective(dossier.life, dossier.retracted))
    return ClockShown.model_construct(
        state=clock.state,
        started_at=_here(clock.started_at),
        due_on=clock.due_on,
        due_at=_here(clock.due_at),
        outcome=clock.outcome,
        provisional=clock.provisional,
        reason=clock.reason,
        basis=clock.basis or None,
        facts=tuple(_fact_shown(fact) for fact in facts),
        problem=dossier.problem,
    )


def _fact_shown(fact: ClockFact) -> ClockFactShown:
    return ClockFactShown.model_construct(
        kind=fact.kind, at=fact.at.astimezone(VIETNAM), complete=fact.complete, new_due_on=fact.new_due_on, id=fact.id
    )


def _leg_shown(leg: Leg) -> LegShown:
    return LegShown.model_construct(
        leg=leg.name,
        carrier=leg.carrier,
        reference=leg.reference,
        item_code=leg.item,
        order=leg.order,
        status=leg.known.status,
        reported=leg.told.status,
        attempts=len(leg.known.attempts),
        contradicted=leg.known.contradicted,
        expected=expected(leg),
        expected_by=_here(leg.expected_by) if leg.open() else None,
    )


def _here(at: datetime | None) -> datetime | None:
    """An instant in Viet Nam's zone; a state read back from bytes has it in another."""
    return at.astimezone(VIETNAM) if at else None


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON writes them, without those that are not there."""
    return {
        name: _text(value) if isinstance(value, date) else value for name, value in data.items() if value is not None
    }


def _text(value: date) -> str:
    """A date, or an instant in Viet Nam's zone, as JSON writes it."""
    return value.astimezone(VIETNAM).isoformat() if isinstance(value, datetime) else value.isoformat()
