"""The demo's swap of working days: announced a few days ahead, as it happens, while the city's dossiers are open."""

from datetime import date, datetime

from connectors.reference import publish, versioned
from schemas.instant import VIETNAM
from schemas.reference import Bundle, CalendarDay

ANNOUNCED = datetime(2026, 11, 19, 14, 0, tzinfo=VIETNAM)
CLOSED, WORKED = date(2026, 11, 25), date(2026, 11, 28)
"""A Wednesday off, and the Saturday after it worked instead."""
DOCUMENT = "01/MAU (invented for the demo)"


def announce(bootstrap: str, bundle: Bundle) -> Bundle:
    """Put the reference data with the swapped days in force; every open dossier moves by itself."""
    calendar = bundle.calendar
    rows = {
        "closed": _with(calendar.closed, CLOSED, f"swapped with {WORKED}"),
        "worked": _with(calendar.worked, WORKED, f"for {CLOSED}"),
        "version": f"{calendar.version}-swap",
    }
    swapped = versioned(bundle.model_copy(update={"calendar": calendar.model_copy(update=rows)}))
    publish(bootstrap, swapped)
    return swapped


def _with(days: tuple[CalendarDay, ...], day: date, basis: str) -> tuple[CalendarDay, ...]:
    row = CalendarDay(day=day.isoformat(), basis=basis, document=DOCUMENT)
    return tuple(sorted((*days, row), key=lambda one: one.day))
