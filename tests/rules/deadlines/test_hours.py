"""Office minutes: where they begin, where they end, and which hours are refused."""

from datetime import UTC, date

import pytest

from rules.deadlines.hours import Office, read_hours, to_minute
from schemas.clock import OFFICE_HOURS, OfficeHours
from tests.rules.deadlines.builders import CALENDAR, at

OFFICE = Office.of(CALENDAR, OFFICE_HOURS)


@pytest.mark.parametrize(
    ("since", "minutes", "until"),
    [
        ("2025-03-03 07:30", 240, "2025-03-03 11:30"),
        ("2025-03-03 07:30", 241, "2025-03-03 13:01"),
        ("2025-03-03 11:30", 1, "2025-03-03 13:01"),
        ("2025-03-03 06:00", 1, "2025-03-03 07:31"),
        ("2025-03-07 17:00", 480, "2025-03-10 17:00"),
        ("2025-03-08 09:00", 481, "2025-03-11 07:31"),
        ("2025-04-25 16:59:59", 2, "2025-04-26 07:31"),
    ],
)
def test_minutes_are_used_up_only_while_the_office_is_open(since: str, minutes: int, until: str) -> None:
    assert OFFICE.add(at(since), minutes) == at(until)
    assert OFFICE.between(at(since), at(until)) == minutes


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    assert OFFICE.add(at("2025-03-03 09:00").astimezone(UTC), 60) == at("2025-03-03 10:00")


def test_the_hours_of_a_day_open_and_close_it() -> None:
    assert OFFICE.opens_at(date(2025, 3, 3)) == at("2025-03-03 07:30")
    assert OFFICE.closes_at(date(2025, 3, 3)) == at("2025-03-03 17:00")
    assert OFFICE.minutes_a_day == 480


def test_an_instant_is_cut_to_its_minute() -> None:
    assert to_minute(at("2025-03-03 09:00:59.999999")) == at("2025-03-03 09:00")


def test_hours_are_read_as_they_are_written() -> None:
    assert read_hours([("07:30", "11:30"), ("13:00", "17:00")]) == OFFICE_HOURS


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [("11:30", "07:30")],
        [("07:30", "11:30"), ("11:30", "17:00")],
        [("07:30", "24:00")],
        [("0730", "1130")],
        [("07:3", "11:30")],
        [("-1:00", "11:30")],
    ],
)
def test_hours_that_do_not_ascend_or_cannot_be_read_are_refused(spans: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"hours|time of the day"):
        read_hours(spans)


@pytest.mark.parametrize("hours", [(), ((700, 600),), ((-1, 60),), ((0, 1440),)])
def test_an_office_is_not_built_from_such_hours(hours: OfficeHours) -> None:
    with pytest.raises(ValueError, match="hours"):
        Office(CALENDAR, hours)
