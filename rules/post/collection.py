"""The day on which a carrier is asked to fetch a dossier from its citizen."""

from datetime import date, datetime

from rules.deadlines.calendar import WorkingDays
from schemas.instant import date_of
from schemas.postal import LegKind, kind_of


def collect_on(leg: str, asked_at: datetime, calendar: WorkingDays) -> date | None:
    """The first working day after the day (in Viet Nam) of asking; None for a leg that fetches nothing from a citizen.

    No page of law names a day: the next one is ours, a working one so that the papers can be handed over.
    """
    if kind_of(leg) is not LegKind.COLLECT_DOSSIER:
        return None
    return calendar.after(date_of(asked_at), 1)
