"""Form II.06a: how an agency's dossiers were resolved in a period, in dossiers, with the identities of its columns.

The columns are the form's: 3 to handle, 4 online, 5 direct and postal, 6 carried over, 7 resolved, 8 early, 9 on time,
10 late, 11 pending, 12 in time, 13 overdue. docs/reports.md says where the form comes from and what is practice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime

from rules.reports.period import Period
from rules.reports.position import Case, Fate, Position, position
from schemas.clock import Outcome
from schemas.dossier import Channel

Group = tuple[str, ...]
BY = ("agency", "level", "sector", "procedure")
"""What a form may be broken down by: attributes of a case."""


@dataclass(frozen=True, slots=True)
class Practice:
    """What the form leaves open, as running one-stop systems do it: a stopped dossier stays pending, in time."""

    stopped_is_pending: bool = True


@dataclass(slots=True)
class Line:
    """One line of the form. What a sum is made of and the sum are counted apart: they agree or the line says so."""

    to_handle: int = 0
    online: int = 0
    direct: int = 0
    postal: int = 0
    carried_over: int = 0
    resolved: int = 0
    early: int = 0
    on_time: int = 0
    late: int = 0
    pending: int = 0
    in_time: int = 0
    overdue: int = 0
    received: int = 0
    adopted: int = 0
    """Of those carried over: open already when their agency joined, in this period."""
    pending_before: int = 0
    withdrawn: int = 0
    stopped: int = 0

    @property
    def direct_and_postal(self) -> int:
        """Column 5, which hides the postal share."""
        return self.direct + self.postal

    def problems(self) -> list[str]:
        """Every identity that does not hold, with its numbers."""
        pairs = (
            ("received = online + direct + postal", self.received, self.online + self.direct + self.postal),
            ("3 = 4 + 5 + 6", self.to_handle, self.online + self.direct_and_postal + self.carried_over),
            ("3 = 7 + 11", self.to_handle, self.resolved + self.pending),
            ("7 = 8 + 9 + 10", self.resolved, self.early + self.on_time + self.late),
            ("11 = 12 + 13", self.pending, self.in_time + self.overdue),
            ("6 = pending before + adopted", self.carried_over, self.pending_before + self.adopted),
        )
        return [f"{says}: {whole} is not {parts}" for says, whole, parts in pairs if whole != parts]

    def shares(self) -> dict[str, float | None]:
        """The rates that follow (domain handbook, 9.3), from 0 to 1; None where there is nothing to divide by."""
        return {
            "completion": share(self.resolved, self.to_handle),
            "in_time": share(self.early + self.on_time, self.resolved),
            "late": share(self.late, self.resolved),
            "overdue": share(self.overdue, self.pending),
            "online": share(self.online, self.received),
            "postal": share(self.postal, self.received),
        }


def share(part: int, whole: int) -> float | None:
    """A part of a whole, to four places."""
    return round(part / whole, 4) if whole else None


@dataclass(slots=True)
class Form:
    """The lines by group as stated, the same as known then, and what does not add up."""

    period: Period
    known_at: datetime
    stated: dict[Group, Line] = field(default_factory=dict)
    known: dict[Group, Line] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)
    """Why dossiers could not be judged: their rules are not known."""

    def total(self, lines: dict[Group, Line]) -> Line:
        """All groups together."""
        names = [one.name for one in fields(Line)]
        return Line(**{name: sum(getattr(line, name) for line in lines.values()) for name in names})

    def problems(self) -> list[str]:
        """Everything that does not add up; empty for a form that may be handed in."""
        found = [f"{why}" for why in sorted(set(self.unjudged))]
        for says, lines in (("as stated", self.stated), ("as known then", self.known)):
            for group, line in sorted(lines.items()):
                found += [f"{' '.join(group)} {says}: {one}" for one in line.problems()]
        return found


def form06a(
    cases: Iterable[Case],
    period: Period,
    known_at: datetime | None = None,
    by: tuple[str, ...] = BY,
    practice: Practice = Practice(),
) -> Form:
    """The form of a period; `known_at` is the end of the day on which it is known, its own last day without one."""
    form = Form(period, known_at or period.ends)
    for case in cases:
        group = tuple(str(getattr(case, name)) for name in by)
        stated = position(case, period.begins), position(case, period.ends)
        for lines, (before, after) in ((form.stated, stated), (form.known, _known_then(case, form, stated))):
            if _is_in(after, period, practice) or _is_pending(before, practice):
                _count(lines.setdefault(group, Line()), case, before, after, period, practice)
                if case.problem is not None:
                    form.unjudged.append(case.problem)
    return form


def _known_then(case: Case, form: Form, stated: tuple[Position, Position]) -> tuple[Position, Position]:
    """Where it stood before the period and at its end as known then: as stated, if all was known by then."""
    if case.recorded_at is not None and case.recorded_at < form.known_at:
        return stated
    period = form.period
    return position(case, period.begins, form.known_at), position(case, period.ends, form.known_at)


def _is_in(after: Position, period: Period, practice: Practice) -> bool:
    """Whether it was to be handled in the period: it had entered, and had not ended before."""
    if after.entered_on is None:
        return False
    return _is_pending(after, practice) or period.holds(after.ended_on)


def _is_pending(one: Position, practice: Practice) -> bool:
    return one.fate is Fate.OPEN or (one.fate is Fate.STOPPED and practice.stopped_is_pending)


def _count(line: Line, case: Case, before: Position, after: Position, period: Period, practice: Practice) -> None:
    line.pending_before += _is_pending(before, practice)
    if not _is_in(after, period, practice):
        return
    line.to_handle += 1
    joined = after.adopted and before.fate is Fate.NOWHERE
    if joined or _is_pending(before, practice):
        line.carried_over += 1
        line.adopted += joined
    else:
        line.received += 1
        line.online += case.channel == Channel.ONLINE
        line.direct += case.channel == Channel.COUNTER
        line.postal += case.channel == Channel.POSTAL
    if _is_pending(after, practice):
        line.pending += 1
        line.stopped += after.fate is Fate.STOPPED
        line.overdue += after.overdue
        line.in_time += not after.overdue
        return
    line.resolved += 1
    line.withdrawn += after.fate is Fate.WITHDRAWN
    line.stopped += after.fate is Fate.STOPPED
    line.early += after.outcome is Outcome.EARLY
    line.late += after.outcome is Outcome.LATE
    # No due date, withdrawn, stopped: on time, as the form's practice has it.
    line.on_time += after.outcome in (None, Outcome.ON_TIME)
