"""What the citizen who holds the slip is told: where the dossier stands, what is wanted, where each parcel is."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from rules.dossier import Dossier
from rules.life import LifeFact, View
from rules.post.leg import Leg, OrderState
from schemas.dossier import DossierStatus, PaymentRequested, ReturnMode, SupplementRequested
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.postal import FailureReason, LegKind, ParcelStatus


class Situation(StrEnum):
    """Where a dossier stands, as far as the citizen must tell one case from another."""

    UNKNOWN = "UNKNOWN"
    SUBMITTED = "SUBMITTED"
    RECEIVED = "RECEIVED"
    RECEPTION_REFUSED = "RECEPTION_REFUSED"
    IN_PROCESS = "IN_PROCESS"
    AWAITING_SUPPLEMENT = "AWAITING_SUPPLEMENT"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    WITHDRAWN = "WITHDRAWN"
    STOPPED = "STOPPED"
    READY_AT_COUNTER = "READY_AT_COUNTER"
    READY_BY_POST = "READY_BY_POST"
    READY_ONLINE = "READY_ONLINE"
    CAME_BACK = "CAME_BACK"
    """The result went out by post and is with the agency again."""
    RETURNED = "RETURNED"


def situation(dossier: Dossier) -> Situation:
    """Where it stands; of a result that is ready, how the citizen gets it."""
    match dossier.status:
        case DossierStatus.RESULT_RETURNED:
            return Situation.RETURNED
        case DossierStatus.RESULT_READY:
            return _ready(dossier, dossier.view())
        case status:
            return Situation(status)


def _ready(dossier: Dossier, view: View) -> Situation:
    if dossier.undelivered and view.by_post:
        return Situation.CAME_BACK
    if view.by_post:
        return Situation.READY_BY_POST
    return Situation.READY_ONLINE if view.return_mode == ReturnMode.ELECTRONIC else Situation.READY_AT_COUNTER


# ---------------------------------------------------------------- what is wanted of the citizen


class Want(StrEnum):
    """What somebody waits for."""

    PAPERS = "PAPERS"
    PAYMENT = "PAYMENT"
    ADDRESS = "ADDRESS"
    """The result came back: an address for another delivery, or a visit."""
    FETCH = "FETCH"
    """An item waits at the post office."""


class Wanted(Struct, frozen=True, gc=False):
    """One thing that is wanted: since when; papers by name, a fee in dong, a leg."""

    what: Want
    since: datetime | None = None
    documents: tuple[str, ...] = ()
    amount: int | None = None
    leg: str | None = None


def wanted(dossier: Dossier, facts: Iterable[Event]) -> tuple[Wanted, ...]:
    """What is wanted of the citizen now; the facts are those of its log, for papers and fees are named there alone."""
    return (*_from_agency(dossier, facts), *_from_post(dossier))


def _from_agency(dossier: Dossier, facts: Iterable[Event]) -> Iterator[Wanted]:
    life = dossier.effective_life()
    said = {fact.ref: fact for fact in facts}
    if dossier.status is DossierStatus.AWAITING_SUPPLEMENT:
        asked = [one for fact in _open(life, "supplement_requested") if (one := said.get(fact.ref))]
        names = [name for one in asked if isinstance(one, SupplementRequested) for name in one.data.documents]
        if asked:
            yield Wanted(Want.PAPERS, _here(asked[0].time), tuple(dict.fromkeys(names)))
    if dossier.status is DossierStatus.AWAITING_PAYMENT:
        for fact in _open(life, "payment_requested")[-1:]:
            one = said.get(fact.ref)
            if isinstance(one, PaymentRequested):
                yield Wanted(Want.PAYMENT, _here(one.time), amount=one.data.amount)


ANSWERED_BY = {"supplement_requested": "supplement_received", "payment_requested": "payment_received"}


def _open(life: Iterable[LifeFact], kind: str) -> list[LifeFact]:
    """The requests of a kind that nothing has met yet, in order of time."""
    asked = list[LifeFact]()
    for fact in life:
        if fact.kind == kind:
            asked.append(fact)
        elif fact.kind == ANSWERED_BY[kind] and fact.data.get("complete", True):
            asked.clear()
    return asked


def _from_post(dossier: Dossier) -> Iterator[Wanted]:
    if situation(dossier) is Situation.CAME_BACK:
        yield Wanted(Want.ADDRESS)
    for leg in dossier.legs:
        if leg.open() and leg.told.status is ParcelStatus.AWAITING_COLLECTION:
            since = leg.told.current.at if leg.told.current else None
            yield Wanted(Want.FETCH, _here(since), leg=leg.name)


# ---------------------------------------------------------------- where the parcels are


class Parcel(Struct, frozen=True, gc=False):
    """A leg as it is shown: what was reported of it last, and whether that is sure.

    `status` is REQUESTED until anything is known, and CANCELLED where the post never takes it.
    """

    leg: str
    purpose: LegKind
    carrier: str
    status: ParcelStatus
    item: str | None = None
    at: datetime | None = None
    location: str | None = None
    reason: FailureReason | None = None
    attempts: int = 0
    sure: bool = True
    open: bool = True


def parcels(dossier: Dossier) -> tuple[Parcel, ...]:
    """The dossier's parcels, in the order in which they were asked for."""
    return tuple(_parcel(leg) for leg in dossier.legs)


def _parcel(leg: Leg) -> Parcel:
    last = leg.told.current
    return Parcel(
        leg=leg.name,
        purpose=leg.kind,
        carrier=leg.carrier,
        status=last.status if last else _ordered(leg),
        item=leg.item,
        at=_here(last.at) if last else None,
        location=last.location if last else None,
        reason=last.reason if last else None,
        attempts=len(leg.told.attempts),
        sure=leg.told.status is leg.known.status,
        open=leg.open(),
    )


def _ordered(leg: Leg) -> ParcelStatus:
    """What an order comes to of which the carrier has said nothing."""
    match leg.order:
        case OrderState.REFUSED | OrderState.CANCELLED:
            return ParcelStatus.CANCELLED
        case _:
            return ParcelStatus.ACCEPTED if leg.accepted_at else ParcelStatus.REQUESTED


def _here(at: datetime | None) -> datetime | None:
    return at.astimezone(VIETNAM) if at else None
