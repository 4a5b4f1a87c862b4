"""Which status may follow which: data, from which the docs draw their picture.

A surprising fact is recorded and moves nothing.
"""

from schemas.dossier import DossierStatus

UNKNOWN, SUBMITTED, RECEIVED = DossierStatus.UNKNOWN, DossierStatus.SUBMITTED, DossierStatus.RECEIVED
RECEPTION_REFUSED, IN_PROCESS = DossierStatus.RECEPTION_REFUSED, DossierStatus.IN_PROCESS
AWAITING_SUPPLEMENT, AWAITING_PAYMENT = DossierStatus.AWAITING_SUPPLEMENT, DossierStatus.AWAITING_PAYMENT
WITHDRAWN, STOPPED = DossierStatus.WITHDRAWN, DossierStatus.STOPPED
RESULT_READY, RESULT_RETURNED = DossierStatus.RESULT_READY, DossierStatus.RESULT_RETURNED

AT_WORK = frozenset({IN_PROCESS, AWAITING_SUPPLEMENT, AWAITING_PAYMENT, RESULT_READY, WITHDRAWN, STOPPED})

FOLLOWS: dict[DossierStatus, frozenset[DossierStatus]] = {
    UNKNOWN: frozenset({SUBMITTED, RECEIVED, RECEPTION_REFUSED, AWAITING_SUPPLEMENT}),
    # A supplement may be asked at the counter, before a code exists.
    SUBMITTED: frozenset({RECEIVED, RECEPTION_REFUSED, AWAITING_SUPPLEMENT, WITHDRAWN, STOPPED}),
    # Where one agency receives and decides, nothing is forwarded: from here as from IN_PROCESS.
    RECEIVED: AT_WORK,
    IN_PROCESS: AT_WORK,
    # A supplement at the counter ends in reception, or in its refusal when it never comes.
    AWAITING_SUPPLEMENT: AT_WORK | {RECEIVED, RECEPTION_REFUSED},
    AWAITING_PAYMENT: AT_WORK,
    # A result that came back from the post is still ready: undelivered is an attribute, not a status.
    RESULT_READY: frozenset({RESULT_RETURNED, WITHDRAWN, STOPPED}),
    RESULT_RETURNED: frozenset(),
    RECEPTION_REFUSED: frozenset(),
    WITHDRAWN: frozenset(),
    STOPPED: frozenset(),
}

FINAL = frozenset(status for status, after in FOLLOWS.items() if not after)
"""Where a dossier's life ends."""

CLOSED = frozenset({WITHDRAWN, STOPPED, RECEPTION_REFUSED})
"""Ended without a result: papers the agency holds go back."""


def moved(status: DossierStatus, enters: DossierStatus | None) -> DossierStatus:
    """The status after a fact that would enter one: what the table allows, else what it was."""
    return enters if enters in FOLLOWS[status] else status
