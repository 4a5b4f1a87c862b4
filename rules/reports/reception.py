"""Late receptions: a dossier submitted online has its answer by the end of the next working day (Decree 118/2025)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime

from msgspec import Struct

from rules.deadlines.calendar import WorkingDays
from rules.reports.form06a import share
from rules.reports.period import A_DAY, Period
from schemas.instant import date_of


class Submission(Struct, frozen=True, gc=False):
    """An online submission, its first answer, and when that was taken in; `missed_at`: when it was announced as missed.

    An answer is a reception, a refusal, a request for papers, or the dossier's end.
    """

    agency: str
    submitted_at: datetime
    answered_at: datetime | None = None
    answer_recorded_at: datetime | None = None
    missed_at: datetime | None = None


@dataclass(slots=True)
class Receptions:
    """An agency's online submissions of a period. `late` is as stated, `late_as_known` what was known to be late."""

    submitted: int = 0
    in_time: int = 0
    late: int = 0
    waiting: int = 0
    """No answer yet, and the limit is still ahead."""
    late_as_known: int = 0
    announced: int = 0
    unanswered: int = 0
    """Of the late: no answer at all yet."""

    def problems(self) -> list[str]:
        """What does not add up."""
        parts = self.in_time + self.late + self.waiting
        return (
            []
            if self.submitted == parts
            else [f"submitted = in time + late + waiting: {self.submitted} is not {parts}"]
        )

    def shares(self) -> dict[str, float | None]:
        """Late receptions of all online submissions."""
        return {"late": share(self.late, self.submitted)}


@dataclass(slots=True)
class ReceptionReport:
    """By agency, and together."""

    lines: dict[str, Receptions] = field(default_factory=dict)

    def total(self) -> Receptions:
        """All agencies together."""
        names = [one.name for one in fields(Receptions)]
        return Receptions(**{name: sum(getattr(line, name) for line in self.lines.values()) for name in names})

    def problems(self) -> list[str]:
        """What does not add up, by agency."""
        return [f"{agency}: {one}" for agency, line in sorted(self.lines.items()) for one in line.problems()]


def receptions(
    submissions: Iterable[Submission],
    period: Period,
    calendar: WorkingDays,
    today: date,
    known_at: datetime | None = None,
) -> ReceptionReport:
    """Of the online submissions of a period; `today` says which limits have passed, `known_at` what was known then."""
    report, known_at = ReceptionReport(), known_at or period.ends
    for one in submissions:
        if not period.holds(date_of(one.submitted_at)):
            continue
        line = report.lines.setdefault(one.agency, Receptions())
        limit_on = calendar.after(date_of(one.submitted_at), 1)
        line.submitted += 1
        late = _late(one.answered_at, limit_on, today)
        line.late += late
        line.unanswered += late and one.answered_at is None
        line.in_time += one.answered_at is not None and not late
        line.waiting += one.answered_at is None and not late
        known = one.answer_recorded_at is not None and one.answer_recorded_at < known_at
        line.late_as_known += _late(one.answered_at if known else None, limit_on, date_of(known_at) - A_DAY)
        line.announced += one.missed_at is not None and one.missed_at < known_at
    return report


def _late(answered_at: datetime | None, limit_on: date, today: date) -> bool:
    """Whether it was answered after the limit, or the limit has passed without an answer."""
    return (today if answered_at is None else date_of(answered_at)) > limit_on
