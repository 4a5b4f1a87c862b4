"""Due dates a second on one core: a plain start in working days, and a history with a supplement and an extension.

Run it as `python bench/due_dates.py [seconds]` from the repository.
"""

import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rules.deadlines.calendar import WorkingDays  # noqa: E402
from rules.deadlines.clock import project  # noqa: E402
from schemas.clock import CalendarTable, ClockFact, ClockKind, SupplementPolicy, Term, Unit  # noqa: E402
from schemas.instant import VIETNAM  # noqa: E402

TABLE = ROOT / "deploy" / "reference" / "calendars" / "vn-public-offices.toml"
STARTS = [datetime(2025, 1, 2, 7, 30, tzinfo=VIETNAM) + timedelta(hours=7 * n) for n in range(500)]
CALENDAR = WorkingDays.of(msgspec.toml.decode(TABLE.read_bytes(), type=CalendarTable))


def plain(at: datetime) -> tuple[ClockFact, ...]:
    """A dossier received, and nothing more."""
    return (ClockFact(ClockKind.RECEIVED, at, id="a"),)


def supplemented(at: datetime) -> tuple[ClockFact, ...]:
    """A dossier received, asked to supplement, supplemented, extended and finished."""
    return (
        ClockFact(ClockKind.RECEIVED, at, id="a"),
        ClockFact(ClockKind.SUPPLEMENT_REQUESTED, at + timedelta(days=1), id="b"),
        ClockFact(ClockKind.SUPPLEMENT_RECEIVED, at + timedelta(days=5), complete=True, id="c"),
        ClockFact(ClockKind.EXTENDED, at + timedelta(days=6), new_due_on=at.date() + timedelta(days=40), id="d"),
        ClockFact(ClockKind.RESULT_READY, at + timedelta(days=9), id="e"),
    )


def measure(name: str, term: Term, history: Callable[[datetime], tuple[ClockFact, ...]], seconds: float) -> None:
    """Project the histories of all starts again and again for this long, and print how many a second."""
    histories = [history(at) for at in STARTS]
    done, began = 0, perf_counter()
    while (spent := perf_counter() - began) < seconds:
        for facts in histories:
            project(term, SupplementPolicy.PAUSE_RESUME, facts, CALENDAR)
        done += len(histories)
    print(f"{name:42} {done / spent:>10,.0f} due dates/s")


def main(seconds: float) -> None:
    """Print one figure a line."""
    print(f"calendar {CALENDAR.calendar} {CALENDAR.version}, {date(2025, 1, 2)} onwards")
    for unit, amount in ((Unit.WORKING_DAYS, 15), (Unit.CALENDAR_DAYS, 30), (Unit.MONTHS, 1), (Unit.WORKING_HOURS, 8)):
        measure(f"plain, {amount} {unit}", Term(amount, unit), plain, seconds)
    measure("supplement, extension, result: 15 days", Term(15, Unit.WORKING_DAYS), supplemented, seconds)
    measure("supplement, extension, result: 40 hours", Term(40, Unit.WORKING_HOURS), supplemented, seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
