"""A carrier's day: orders go from its opening to its cut-off, and no more than its run takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count

from schemas.instant import VIETNAM

OPENS = time(7)


@dataclass(frozen=True, slots=True)
class Run:
    """When a carrier's day opens and when its run is closed (Vietnam time); `most` orders go in it.

    Without a cut-off and without `most`, orders go at any hour.
    """

    opens: time = OPENS
    cut_off: time | None = None
    most: int | None = None


def goes_at(run: Run, owed_at: datetime, taken: Callable[[date], int]) -> datetime:
    """When an order owed at this moment goes: now, or when the first day's run opens that it can be part of.

    `taken` says how many orders are part of a day's run already.
    """
    if run.cut_off is None and run.most is None:
        return owed_at
    here = owed_at.astimezone(VIETNAM)
    first = here.date() + timedelta(days=1 if run.cut_off is not None and here.time() >= run.cut_off else 0)
    days = (first + timedelta(days=more) for more in count())
    day = next(day for day in days if run.most is None or taken(day) < run.most)
    return max(owed_at, datetime.combine(day, run.opens, VIETNAM))
