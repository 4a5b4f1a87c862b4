"""The post's time standard: J + n working days from acceptance to the first delivery attempt (Circular 17/2017 art.

7).
"""

from datetime import datetime, time

from rules.post.leg import Leg
from rules.reference import Edition
from schemas.instant import VIETNAM, date_of
from schemas.postal import ParcelStatus


def first_attempt_by(edition: Edition, accepted_at: datetime, one_province: bool) -> datetime:
    """The end of the last day on which the first attempt is in time."""
    n = edition.bundle.same_province_days if one_province else edition.bundle.elsewhere_days
    day = edition.calendar.after(date_of(accepted_at), max(n, 1))
    return datetime.combine(day, time(23, 59, 59), VIETNAM)


def expected(leg: Leg) -> ParcelStatus | None:
    """What is to be heard of a leg next: nothing once it has ended or was never taken."""
    return ParcelStatus.DELIVERED if leg.accepted_at and leg.open() else None
