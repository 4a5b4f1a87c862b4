"""Whose the days were: of the dossiers that ended in a period, days and late days by holder, adding up to the whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from msgspec import Struct

from rules.reports.period import Period

Group = tuple[str, str]


class Held(Struct, frozen=True, gc=False):
    """One holder's days of a dossier: who, which agency if it is one, how many, and how many after the due date."""

    holder: str
    agency: str | None
    days: int
    late: int


class Ended(Struct, frozen=True, gc=False):
    """A dossier that ended: when its clock stopped, and whose its days were."""

    agency: str
    ended_on: date
    held: tuple[Held, ...]


@dataclass(slots=True)
class HolderLine:
    """One holder's days; of how many dossiers."""

    dossiers: int = 0
    days: int = 0
    late: int = 0


@dataclass(slots=True)
class HolderReport:
    """By holder and its agency; the whole is counted apart."""

    lines: dict[Group, HolderLine] = field(default_factory=dict)
    dossiers: int = 0
    days: int = 0
    late: int = 0

    def problems(self) -> list[str]:
        """What does not add up."""
        days, late = (sum(getattr(line, name) for line in self.lines.values()) for name in ("days", "late"))
        found = []
        if days != self.days:
            found.append(f"the days of all dossiers are the days of all holders: {self.days} is not {days}")
        if late != self.late:
            found.append(f"the late days of all dossiers are those of all holders: {self.late} is not {late}")
        for group, line in sorted(self.lines.items()):
            if line.late > line.days:
                found.append(f"{' '.join(group)}: {line.late} late days of {line.days} days")
        return found


def holders(dossiers: Iterable[Ended], period: Period) -> HolderReport:
    """Of the dossiers that ended in the period."""
    report = HolderReport()
    for one in dossiers:
        if not period.holds(one.ended_on):
            continue
        report.dossiers += 1
        report.days += sum(held.days for held in one.held)
        report.late += sum(held.late for held in one.held)
        for held in one.held:
            line = report.lines.setdefault((held.holder, held.agency or ""), HolderLine())
            line.dossiers += 1
            line.days += held.days
            line.late += held.late
    return report
