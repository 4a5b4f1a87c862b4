"""Promises that differ from the computed date: what slip 01 says, and what the rules make of the same reception."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date

from msgspec import Struct

from rules.deadlines.clock import Rule, turns
from rules.reports.form06a import share
from rules.reports.period import Period
from schemas.clock import ClockFact
from schemas.instant import date_of

Group = tuple[str, str]


class Promise(Struct, frozen=True, gc=False):
    """A dossier's promised date, the fact that started its clock, and the rule it is judged by."""

    code: str
    agency: str
    procedure: str
    promised_on: date | None
    start: ClockFact
    rule: Rule | None


@dataclass(slots=True)
class Promised:
    """A line: how many dossiers had a promise, and how it stands against the computed date, in calendar days."""

    dossiers: int = 0
    none: int = 0
    """Nothing was promised, or the procedure has no term."""
    same: int = 0
    sooner: int = 0
    later: int = 0
    days_sooner: int = 0
    days_later: int = 0

    def problems(self) -> list[str]:
        """What does not add up."""
        parts = self.none + self.same + self.sooner + self.later
        return (
            []
            if self.dossiers == parts
            else [f"dossiers = none + same + sooner + later: {self.dossiers} is not {parts}"]
        )

    def shares(self) -> dict[str, float | None]:
        """Of the promises made, those that differ."""
        return {"differs": share(self.sooner + self.later, self.dossiers - self.none)}


@dataclass(slots=True)
class PromiseReport:
    """By agency and procedure; `differing` are the dossiers, for their agency alone."""

    lines: dict[Group, Promised] = field(default_factory=dict)
    differing: list[tuple[str, date, date]] = field(default_factory=list)

    def total(self) -> Promised:
        """All together."""
        names = [one.name for one in fields(Promised)]
        return Promised(**{name: sum(getattr(line, name) for line in self.lines.values()) for name in names})

    def problems(self) -> list[str]:
        """What does not add up, by line."""
        return [f"{' '.join(group)}: {one}" for group, line in sorted(self.lines.items()) for one in line.problems()]


def promises(dossiers: Iterable[Promise], period: Period) -> PromiseReport:
    """Of the dossiers whose clock started in the period."""
    report = PromiseReport()
    for one in dossiers:
        if not period.holds(date_of(one.start.at)):
            continue
        line = report.lines.setdefault((one.agency, one.procedure), Promised())
        line.dossiers += 1
        computed = turns(one.rule, [one.start])[0].clock.due_on if one.rule else None
        if one.promised_on is None or computed is None:
            line.none += 1
            continue
        apart = (one.promised_on - computed).days
        line.same += apart == 0
        line.sooner += apart < 0
        line.later += apart > 0
        line.days_sooner += max(-apart, 0)
        line.days_later += max(apart, 0)
        if apart:
            report.differing.append((one.code, one.promised_on, computed))
    return report
