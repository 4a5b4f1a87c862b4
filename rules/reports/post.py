"""The post's report: how many envelopes, how they fared, whether the first attempt came in time, and the fees."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime

from msgspec import Struct

from rules.reports.form06a import share
from rules.reports.period import Period
from schemas.instant import date_of
from schemas.postal import ParcelStatus

Group = tuple[str, ...]
ENDS = {
    ParcelStatus.DELIVERED: "delivered",
    ParcelStatus.RETURNED_TO_SENDER: "returned",
    ParcelStatus.LOST: "lost",
    ParcelStatus.DESTROYED: "destroyed",
    ParcelStatus.CANCELLED: "cancelled",
}


class Journey(Struct, frozen=True, gc=False):
    """A leg that a carrier took: how it stands by what is confirmed, and the agency's fees.

    `tried`: somebody tried to deliver it; `standard_missed`: it was said that nobody had, in time; `called_off`: the
    order was cancelled before the post had it.
    """

    carrier: str
    agency: str
    kind: str
    accepted_at: datetime
    status: ParcelStatus | None = None
    tried: bool = False
    standard_missed: bool = False
    damaged: bool = False
    contradicted: bool = False
    called_off: bool = False
    collected: int = 0
    remitted: int = 0


@dataclass(slots=True)
class Carried:
    """A line: legs, and dong."""

    legs: int = 0
    delivered: int = 0
    returned: int = 0
    lost: int = 0
    destroyed: int = 0
    cancelled: int = 0
    under_way: int = 0
    damaged: int = 0
    contradicted: int = 0
    first_attempt_in_time: int = 0
    first_attempt_late: int = 0
    first_attempt_ahead: int = 0
    collected: int = 0
    remitted: int = 0

    @property
    def owed(self) -> int:
        """What the post took for the agency and has not passed on, in dong."""
        return self.collected - self.remitted

    def problems(self) -> list[str]:
        """What does not add up."""
        ended = self.delivered + self.returned + self.lost + self.destroyed + self.cancelled + self.under_way
        tried = self.first_attempt_in_time + self.first_attempt_late + self.first_attempt_ahead + self.cancelled
        found = []
        if self.legs != ended:
            found.append(
                f"legs = delivered + returned + lost + destroyed + cancelled + under way: {self.legs} is not {ended}"
            )
        if self.legs != tried:
            found.append(f"legs = first attempt in time + late + ahead + cancelled: {self.legs} is not {tried}")
        return found

    def shares(self) -> dict[str, float | None]:
        """First attempts in time of those that were due, and what was delivered of what has ended."""
        judged = self.first_attempt_in_time + self.first_attempt_late
        return {
            "first_attempt_in_time": share(self.first_attempt_in_time, judged),
            "delivered": share(self.delivered, self.legs - self.cancelled - self.under_way),
        }


@dataclass(slots=True)
class PostReport:
    """By carrier, kind of leg and agency."""

    lines: dict[Group, Carried] = field(default_factory=dict)
    overpaid: list[str] = field(default_factory=list)

    def total(self) -> Carried:
        """Everything together."""
        names = [one.name for one in fields(Carried)]
        return Carried(**{name: sum(getattr(line, name) for line in self.lines.values()) for name in names})

    def problems(self) -> list[str]:
        """What does not add up, by line; and fees that were passed on without having been taken."""
        found = [f"{' '.join(group)}: {one}" for group, line in sorted(self.lines.items()) for one in line.problems()]
        return found + sorted(self.overpaid)


def carried(journeys: Iterable[Journey], period: Period) -> PostReport:
    """Of the legs whose order a carrier took in the period."""
    report = PostReport()
    for one in journeys:
        if not period.holds(date_of(one.accepted_at)):
            continue
        group = (one.carrier, one.kind, one.agency)
        line = report.lines.setdefault(group, Carried())
        end = "cancelled" if one.called_off else ENDS.get(one.status, "under_way") if one.status else "under_way"
        setattr(line, end, getattr(line, end) + 1)
        line.legs += 1
        line.damaged += one.damaged
        line.contradicted += one.contradicted
        if end != "cancelled":
            attempt = "late" if one.standard_missed else "in_time" if one.tried else "ahead"
            setattr(line, f"first_attempt_{attempt}", getattr(line, f"first_attempt_{attempt}") + 1)
        line.collected += one.collected
        line.remitted += one.remitted
        if one.remitted > one.collected:
            more = one.remitted - one.collected
            report.overpaid.append(f"{' '.join(group)}: {more} dong were remitted of a leg beyond what was collected")
    return report
