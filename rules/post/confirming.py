"""Whether a carrier is asked at once about what it only reported (carriers handbook, section 6).

What leaves the house waits for CONFIRMED, so whatever may lead to that is asked about at once. A movement between two
hands of the post leads to nothing: the answer to the next question has it in its history, and a carrier is asked a
third as often.
"""

from collections.abc import Collection

from rules.post.leg import ENDED, WITH_THE_POST
from schemas.postal import ParcelStatus

PATIENCE_SECONDS = 24 * 3600.0
"""How long (driven) a report that may wait does, for an answer that has it in its history. No page names a span."""
ON_ITS_WAY = frozenset(
    {
        ParcelStatus.REQUESTED,
        ParcelStatus.ACCEPTED,
        ParcelStatus.PICKUP_SCHEDULED,
        ParcelStatus.IN_TRANSIT,
        ParcelStatus.FORWARDED,
        ParcelStatus.AT_DELIVERY_OFFICE,
        ParcelStatus.OUT_FOR_DELIVERY,
        ParcelStatus.RETRY_SCHEDULED,
    }
)


def may_wait(reported: ParcelStatus, confirmed: Collection[ParcelStatus]) -> bool:
    """Whether a report of a leg may wait for a later answer, given what is confirmed of the leg.

    The first sign that the post holds the envelope may not, whatever it is; nor may a move after the leg's end: it
    speaks against the end.
    """
    if reported not in ON_ITS_WAY or any(one in ENDED for one in confirmed):
        return False
    return reported not in WITH_THE_POST or any(one in WITH_THE_POST for one in confirmed)
