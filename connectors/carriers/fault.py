"""Who bears the cost of another try: by the reason, the phase and the leg (carriers handbook, section 2)."""

from schemas.postal import FailureReason, FaultParty, LegKind, ParcelStatus

SENDER = {
    LegKind.COLLECT_DOSSIER: FaultParty.CITIZEN,
    LegKind.DELIVER_RESULT: FaultParty.AGENCY,
    LegKind.AGENCY_TRANSFER: FaultParty.AGENCY,
    LegKind.RETURN_PAPERS: FaultParty.AGENCY,
}
RECEIVER = {
    LegKind.COLLECT_DOSSIER: FaultParty.AGENCY,
    LegKind.DELIVER_RESULT: FaultParty.CITIZEN,
    LegKind.AGENCY_TRANSFER: FaultParty.AGENCY,
    LegKind.RETURN_PAPERS: FaultParty.CITIZEN,
}
VISITS_SENDER = {ParcelStatus.PICKUP_FAILED, ParcelStatus.RETURN_FAILED}
BY_REASON = {
    # Who gave the address: the citizen, unless the record says that the agency typed it.
    FailureReason.ADDRESS_INCOMPLETE: FaultParty.CITIZEN,
    FailureReason.ADDRESS_WRONG: FaultParty.CITIZEN,
    FailureReason.NOT_FOUND: FaultParty.CITIZEN,
    FailureReason.FEE_UNPAID: FaultParty.CITIZEN,
    FailureReason.UNSAFE: FaultParty.NONE,
    FailureReason.FORCE_MAJEURE: FaultParty.NONE,
    FailureReason.CARRIER_FAULT: FaultParty.POST,
}
"""The other reasons are the visited party's."""


def fault_of(reason: FailureReason | None, status: ParcelStatus, kind: LegKind) -> FaultParty | None:
    """The party at fault; None without a reason."""
    if reason is None:
        return None
    visited = (SENDER if status in VISITS_SENDER else RECEIVER)[kind]
    return BY_REASON.get(reason, visited)
