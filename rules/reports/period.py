"""The days that a report is about."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from schemas.instant import VIETNAM

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both counted. ValueError where the last is before the first."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a period does not end ({self.last}) before it begins ({self.first})")

    @property
    def begins(self) -> datetime:
        """The first instant of it."""
        return datetime.combine(self.first, time(tzinfo=VIETNAM))

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return end_of(self.last)

    def holds(self, day: date | None) -> bool:
        """Whether a day is one of its days."""
        return day is not None and self.first <= day <= self.last


def end_of(day: date) -> datetime:
    """The first instant after a day."""
    return datetime.combine(day + A_DAY, time(tzinfo=VIETNAM))
