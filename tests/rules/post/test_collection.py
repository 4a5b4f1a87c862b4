"""The day on which a dossier is to be fetched."""

from datetime import UTC, date, datetime

import pytest

from rules.deadlines.calendar import WorkingDays
from rules.post.collection import collect_on
from schemas.clock import CalendarTable, DayOff
from schemas.instant import VIETNAM

CALENDAR = WorkingDays(
    CalendarTable(
        "public offices",
        "v1",
        2026,
        2026,
        closed=(DayOff(date(2026, 9, 2), "a holiday"),),
        worked=(DayOff(date(2026, 8, 22), "a make-up day"),),
    )
)


@pytest.mark.parametrize(
    ("asked_at", "day"),
    [
        (datetime(2026, 10, 26, 14, 30, tzinfo=VIETNAM), date(2026, 10, 27)),
        (datetime(2026, 10, 26, 0, 0, tzinfo=VIETNAM), date(2026, 10, 27)),
        (datetime(2026, 10, 30, 23, 59, tzinfo=VIETNAM), date(2026, 11, 2)),
        (datetime(2026, 9, 1, 9, 0, tzinfo=VIETNAM), date(2026, 9, 3)),
        (datetime(2026, 8, 21, 9, 0, tzinfo=VIETNAM), date(2026, 8, 22)),
        (datetime(2026, 10, 26, 18, 0, tzinfo=UTC), date(2026, 10, 28)),
    ],
    ids=["the next day", "from midnight on", "over a weekend", "over a holiday", "a worked Saturday", "Viet Nam's day"],
)
def test_a_dossier_is_fetched_on_the_next_working_day(asked_at: datetime, day: date) -> None:
    assert collect_on("C1", asked_at, CALENDAR) == day


@pytest.mark.parametrize("leg", ["D1", "R1", "T2"])
def test_what_an_agency_hands_over_asks_for_no_day(leg: str) -> None:
    assert collect_on(leg, datetime(2026, 10, 26, 14, 30, tzinfo=VIETNAM), CALENDAR) is None
