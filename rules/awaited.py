"""What a dossier waits for, so that whoever opens it sees whose turn it is."""

from enum import StrEnum

from schemas.dossier import DossierStatus, ReturnMode


class Awaited(StrEnum):
    """Whose turn it is, and for what."""

    OPERATOR = "OPERATOR"
    """A fact could not be folded: it and those after it wait."""
    COLLECTION = "COLLECTION"
    """The post fetches it and hands it over with the minutes."""
    RECEPTION = "RECEPTION"
    DECISION = "DECISION"
    PAPERS = "PAPERS"
    PAYMENT = "PAYMENT"
    AT_COUNTER = "AT_COUNTER"
    """The citizen comes for the result."""
    BY_POST = "BY_POST"
    ELECTRONIC = "ELECTRONIC"
    ADDRESS = "ADDRESS"
    """The result came back: another address, or a visit."""
    NOTHING = "NOTHING"
    UNKNOWN = "UNKNOWN"


BY_STATUS = {
    DossierStatus.UNKNOWN: Awaited.UNKNOWN,
    DossierStatus.SUBMITTED: Awaited.RECEPTION,
    DossierStatus.RECEIVED: Awaited.DECISION,
    DossierStatus.IN_PROCESS: Awaited.DECISION,
    DossierStatus.AWAITING_SUPPLEMENT: Awaited.PAPERS,
    DossierStatus.AWAITING_PAYMENT: Awaited.PAYMENT,
    DossierStatus.RECEPTION_REFUSED: Awaited.NOTHING,
    DossierStatus.WITHDRAWN: Awaited.NOTHING,
    DossierStatus.STOPPED: Awaited.NOTHING,
    DossierStatus.RESULT_RETURNED: Awaited.NOTHING,
}
"""Of a result that is ready, its way out decides."""
BY_RETURN = {ReturnMode.POST: Awaited.BY_POST, ReturnMode.ELECTRONIC: Awaited.ELECTRONIC}


def awaited(
    status: DossierStatus,
    return_mode: ReturnMode | None = None,
    *,
    is_parked: bool = False,
    is_undelivered: bool = False,
    is_fetched: bool = False,
    is_sent: bool = False,
) -> Awaited:
    """What is to happen next. `is_fetched`: the post has an open order to collect it; `is_sent`: one to deliver."""
    if is_parked:
        return Awaited.OPERATOR
    if status is DossierStatus.SUBMITTED and is_fetched:
        return Awaited.COLLECTION
    if status is not DossierStatus.RESULT_READY:
        return BY_STATUS[status]
    if is_sent:
        return Awaited.BY_POST
    if is_undelivered:
        return Awaited.ADDRESS
    return BY_RETURN.get(return_mode, Awaited.AT_COUNTER) if return_mode else Awaited.AT_COUNTER
