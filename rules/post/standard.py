"""The post's time standard, J + n working days from acceptance to the first delivery attempt (Circular 17/2017 art. 7),

and its duty before an item goes back: two invitations, two working days apart (art. 5(2)h).
"""

from collections.abc import Container, Iterable
from datetime import date, datetime, time, timedelta

from rules.deadlines.limits import Limit, LimitAt, limit_at
from rules.life import View
from rules.post.leg import GOING_BACK, WITH_THE_POST, Leg, OrderState, Update
from rules.reference import Edition
from schemas.dossier import DossierStatus
from schemas.instant import VIETNAM, date_of
from schemas.postal import FailureReason, FaultParty, LegKind, ParcelStatus

TRIED = frozenset({ParcelStatus.DELIVERY_FAILED, ParcelStatus.AWAITING_COLLECTION, ParcelStatus.DELIVERED})
ANY = frozenset(ParcelStatus)
FAILED = frozenset({ParcelStatus.DELIVERY_FAILED})
WENT_BACK = GOING_BACK | {ParcelStatus.RETURNED_TO_SENDER}
NOT_AWAITED = TRIED | WENT_BACK | {ParcelStatus.CANCELLED}
"""After these no first attempt is waited for any more."""
INVITATIONS, APART_WORKING_DAYS = 2, 2
ASKED_FIRST = timedelta(hours=6)
"""How long a carrier has to answer the question where its item is, before the silence is said."""
GROUNDS = frozenset({
    FailureReason.REFUSED,
    FailureReason.ADDRESS_INCOMPLETE,
    FailureReason.ADDRESS_WRONG,
    FailureReason.MOVED,
    FailureReason.NOT_FOUND,
})  # fmt: skip
"""Why an item cannot be delivered at all, without any invitation (Postal Law 49/2010/QH12 art. 17)."""
GROUND_WORDS = {
    FailureReason.REFUSED: "the addressee refused it",
    FailureReason.ADDRESS_INCOMPLETE: "no or an incomplete address",
    FailureReason.ADDRESS_WRONG: "no or an incomplete address",
    FailureReason.MOVED: "the addressee moved and left no new address",
    FailureReason.NOT_FOUND: "the addressee was not found",
}
NOT_COLLECTED = "not collected after two invitations"


def first_attempt_by(edition: Edition, accepted_at: datetime, one_province: bool) -> datetime:
    """The end of the last day on which the first attempt is in time."""
    n = edition.bundle.same_province_days if one_province else edition.bundle.elsewhere_days
    day = edition.calendar.after(date_of(accepted_at), max(n, 1))
    return datetime.combine(day, time(23, 59, 59), VIETNAM)


def expected(leg: Leg) -> ParcelStatus | None:
    """What is to be heard of a leg next: nothing once it has ended or was never taken."""
    return ParcelStatus.DELIVERED if leg.accepted_at and leg.open() else None


def one_province(edition: Edition, view: View, leg: Leg) -> bool:
    """Whether both ends of a leg lie in one province, as far as is known."""
    agency = edition.agency(view.receiving)
    contact = view.return_contact if leg.kind is LegKind.DELIVER_RESULT else view.collection_contact
    return agency is None or contact is None or contact.get("province_code") == agency.address.province_code


def attempt_limit(leg: Leg, edition: Edition, view: View) -> LimitAt | None:
    """The last day of the first delivery attempt, unless it was made in time; none before the post has the item.

    What is only reported counts too: nobody is blamed against a carrier's word.
    """
    moves = [(update.at, update.status) for update in leg.heard if update.at is not None]
    accepted = [at for at, status in moves if status in WITH_THE_POST]
    if not accepted or leg.order in (OrderState.CANCELLING, OrderState.CANCELLED):
        return None
    n = edition.bundle.same_province_days if one_province(edition, view, leg) else edition.bundle.elsewhere_days
    limit = limit_at(Limit.ATTEMPT, leg.name, edition.calendar.after(date_of(min(accepted)), max(n, 1)))
    return None if any(status in NOT_AWAITED and at < limit.at for at, status in moves) else limit


def silence_limit(leg: Leg) -> LimitAt | None:
    """When an item that nothing was heard of in time is said to be silent: after its carrier was asked in vain."""
    if leg.expected_by is None or expected(leg) is None:
        return None
    return LimitAt(Limit.SILENCE, leg.name, date_of(leg.expected_by), leg.expected_by + ASKED_FIRST)


def storage_limit(legs: Iterable[Leg], edition: Edition, view: View) -> LimitAt | None:
    """The last day on which the agency keeps a result that came back: none once it goes out again or is handed out."""
    deliveries = [leg for leg in legs if leg.kind is LegKind.DELIVER_RESULT]
    if not deliveries or not edition.bundle.storage_days or view.status is not DossierStatus.RESULT_READY:
        return None
    last, back = deliveries[-1], deliveries[-1].known.current
    if back is None or back.status is not ParcelStatus.RETURNED_TO_SENDER or back.at is None:
        return None
    limit_on = date_of(back.at) + timedelta(days=edition.bundle.storage_days)
    return limit_at(Limit.STORAGE, last.name, limit_on, view.receiving)


def went_back_too_early(leg: Leg, edition: Edition) -> Update | None:
    """The update that sent an item back before two invitations, two working days apart; None if there is none.

    An item that was refused or whose addressee cannot be found needs none, nor does one its sender called off.
    """
    if leg.kind is not LegKind.DELIVER_RESULT or leg.called_off or not (back := list(_sure(leg, WENT_BACK))):
        return None
    first = min(back, key=_when)
    failed = [one for one in _sure(leg, FAILED) if _when(one) <= _when(first)]
    if not failed or {one.reason for one in (*failed, *back)} & GROUNDS:
        return None
    days = sorted({date_of(at) for at in _invited(leg, failed) if at <= _when(first)})
    return None if _apart(days, edition) >= INVITATIONS else first


def ground_of(leg: Leg, edition: Edition) -> str | None:
    """Why an item counts as undeliverable, in the words of the Postal Law (art. 17); None where no ground is known."""
    failed = list(_sure(leg, FAILED))
    for one in sorted((one for one in _sure(leg) if one.reason in GROUND_WORDS), key=_when, reverse=True):
        assert one.reason is not None
        return GROUND_WORDS[one.reason]
    invited = _apart(sorted({date_of(at) for at in _invited(leg, failed)}), edition)
    return NOT_COLLECTED if invited >= INVITATIONS else None


def at_fault(leg: Leg) -> FaultParty | None:
    """Who bears the cost of another try: the party at fault of the last failure (Decision 45/2016 art. 12(4))."""
    faults = [one for one in _sure(leg) if one.fault is not None]
    return max(faults, key=_when).fault if faults else None


def _sure(leg: Leg, statuses: Container[ParcelStatus] = ANY) -> Iterable[Update]:
    return (one for one in leg.heard if one.status in statuses and one.at is not None and leg.is_sure(one))


def _when(update: Update) -> datetime:
    assert update.at is not None
    return update.at


def _invited(leg: Leg, failed: Iterable[Update]) -> list[datetime]:
    """When the addressee was invited: as somebody stated; else each failed attempt, and waiting to be fetched."""
    if leg.invited:
        return list(leg.invited)
    return [_when(one) for one in (*failed, *_sure(leg, {ParcelStatus.AWAITING_COLLECTION}))]


def _apart(days: list[date], edition: Edition) -> int:
    """How many of these days, each two working days after the one before, there are at most."""
    counted: list[date] = []
    for day in days:
        if not counted or edition.calendar.between(counted[-1], day) >= APART_WORKING_DAYS:
            counted.append(day)
    return len(counted)
