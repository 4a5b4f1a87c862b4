"""What becomes of an envelope at the post: its scans, all fixed by seed and reference before it sets out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from sandbox.days import MINUTE, ROUND_THE_CLOCK, Days
from sandbox.scans import ABSENT, OTHERWISE, SENDER_AWAY, UNDELIVERABLE, Detail, Scan
from schemas.instant import aware
from schemas.postal import RANK, ParcelStatus

POSTMEN = ((450, 1080),)
"""07:30-18:00: postmen take no lunch break."""
COUNTER = ((480, 680), (785, 990))
"""When a postman finds an agency's counter open, with time to count and sign."""
GAP_WORKING_DAYS = 2
"""Between two invitations (Circular 17/2017 art. 5(2)h)."""
HOLDS = RANK[ParcelStatus.PICKED_UP]
"""From this rank on the post has the envelope: too late to cancel."""

Step = ParcelStatus | tuple[ParcelStatus, Detail]


class Outcome(StrEnum):
    """How a journey goes."""

    FIRST_TRY = "first try"
    ABSENT_ONCE = "absent once"
    FAILED_ONCE = "failed once"
    RETURNED = "returned"
    NO_PICKUP = "nobody hands it over"
    LIED = "said to be delivered, and sent back"
    SILENT = "never heard of after the pickup"


FAILURES = {Outcome.FIRST_TRY: 0, Outcome.LIED: 0, Outcome.RETURNED: 3}
"""Attempts that fail before the last one; any other outcome has one."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a journey depends on besides its dice. `collects`: from a citizen's door; `to_agency`: to a counter."""

    created_at: float
    collects: bool
    to_agency: bool
    cash: bool = False
    handed_in: bool = False


def outcome_of(roll: float, collects: bool) -> Outcome:
    """What an ordinary address brings: first-attempt rates of the domain handbook, section 10."""
    if collects:
        return Outcome.ABSENT_ONCE if roll < 0.05 else Outcome.FIRST_TRY
    for limit, outcome in ((0.08, Outcome.ABSENT_ONCE), (0.105, Outcome.FAILED_ONCE), (0.12, Outcome.RETURNED)):
        if roll < limit:
            return outcome
    return Outcome.FIRST_TRY


def journey(route: Route, outcome: Outcome, dice: Random, days: Days, pace: float = 1) -> tuple[Scan, ...]:
    """Every scan from the order to the end, in time order; spans divided by the pace."""
    walk = _Walk(aware(route.created_at), dice, days)
    walk.scan(ParcelStatus.REQUESTED, walk.now)
    if _picks_up(walk, route, outcome) and outcome is not Outcome.SILENT:
        _travels(walk)
        _delivers(walk, route, outcome)
    return tuple(_paced(scan, route.created_at, pace) for scan in walk.scans)


def cancelled(scans: tuple[Scan, ...], asked_at: float, approved_at: float) -> tuple[Scan, ...] | None:
    """The journey of an order withdrawn at this moment; None if the postman was faster."""
    if any((scan.ends or RANK.get(scan.status, 0) >= HOLDS) and scan.at <= asked_at for scan in scans):
        return None
    return (*(scan for scan in scans if scan.at <= asked_at), Scan(ParcelStatus.CANCELLED, approved_at))


def accepted_at_once(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """The same journey at a carrier that accepts an order in the moment in which it takes it."""
    first, *rest = scans
    later = (scan for scan in rest if scan.status is not ParcelStatus.ACCEPTED)
    return replace(first, status=ParcelStatus.ACCEPTED), *later


def between(scans: tuple[Scan, ...], scan: Scan, share: float) -> float:
    """A moment on the way to a scan from the one before it: 0 is that one's, 1 its own."""
    came = scans[scans.index(scan) - 1].at
    return came + (scan.at - came) * share


class _Walk:
    """The envelope on its way: where the time stands, and what was scanned so far."""

    def __init__(self, now: datetime, dice: Random, days: Days) -> None:
        always = days.always
        self.now, self.dice, self.scans = now, dice, list[Scan]()
        self.postmen = replace(days, hours=ROUND_THE_CLOCK if always else POSTMEN)
        self.counters = replace(days, hours=ROUND_THE_CLOCK if always else COUNTER)

    def scan(self, step: Step, at: datetime, cause: str = "") -> None:
        """Enter a scan, to the second, never before the last one."""
        status, detail = step if isinstance(step, tuple) else (step, Detail.NONE)
        last = self.scans[-1].at if self.scans else 0.0
        self.scans.append(Scan(status, max(round(at.timestamp()), last), cause, detail))
        self.now = aware(self.scans[-1].at)

    def on(self, step: Step, low: float, high: float, days: Days | None = None, cause: str = "") -> None:
        """Enter a scan after some minutes: worked minutes of these days, or any minutes."""
        span = self.dice.uniform(low, high)
        self.scan(step, days.minutes_after(self.now, span) if days else self.now + span * MINUTE, cause)

    def next_visit(self, working_days: int, days: Days) -> datetime:
        """A moment on a later day, when somebody is there."""
        if days.always:
            return self.now + timedelta(days=working_days, hours=self.dice.uniform(0, 3))
        opens = days.next_at(self.now.date(), working_days, days.hours[0][0])
        return days.minutes_after(opens, self.dice.uniform(20, 360))


def _picks_up(walk: _Walk, route: Route, outcome: Outcome) -> bool:
    """The postman comes for it: at the citizen's door, or at the agency after a lead time. Whether he gets it."""
    if route.handed_in:
        walk.on(ParcelStatus.PICKED_UP, 5, 20, walk.counters)
        return True
    walk.on(ParcelStatus.ACCEPTED, 4, 20, walk.postmen)
    doors = walk.postmen if route.collects else walk.counters
    failures = {Outcome.ABSENT_ONCE: 1, Outcome.NO_PICKUP: 3}.get(outcome, 0) if route.collects else 0
    walk.on(ParcelStatus.PICKUP_SCHEDULED, 45, 110, doors)
    for n in range(failures):
        walk.on(ParcelStatus.PICKUP_FAILED, 20, 50, cause=walk.dice.choice(SENDER_AWAY))
        if n < 2:
            walk.scan(ParcelStatus.PICKUP_SCHEDULED, walk.next_visit(1, doors))
    if failures == 3:
        walk.on((ParcelStatus.PICKUP_FAILED, Detail.GIVEN_UP), 30, 60)
        return False
    walk.on(ParcelStatus.PICKED_UP, 20, 45, doors)
    return True


def _travels(walk: _Walk) -> None:
    """From office to office."""
    walk.on((ParcelStatus.IN_TRANSIT, Detail.FIRST_OFFICE), 25, 70)
    walk.on(ParcelStatus.IN_TRANSIT, 60, 180)
    walk.on(ParcelStatus.AT_DELIVERY_OFFICE, 120, 300)


def _delivers(walk: _Walk, route: Route, outcome: Outcome) -> None:
    """To the door: once, or again after two working days, or back to where it came from."""
    doors = walk.counters if route.to_agency else walk.postmen
    opens = doors.minutes_after(walk.now, 0)
    goes_out = opens if opens.date() == walk.now.date() else doors.minutes_after(opens, walk.dice.uniform(10, 240))
    failures = 0 if route.collects else FAILURES.get(outcome, 1)
    causes = {Outcome.ABSENT_ONCE: ABSENT, Outcome.FAILED_ONCE: OTHERWISE}.get(outcome, UNDELIVERABLE)
    cause = walk.dice.choice(causes)
    for n in range(failures):
        walk.scan(ParcelStatus.OUT_FOR_DELIVERY, goes_out)
        walk.on(ParcelStatus.DELIVERY_FAILED, 25, 70, doors, cause)
        if n + 1 < max(failures, 2):
            goes_out = walk.next_visit(GAP_WORKING_DAYS, doors)
    if failures == 3:
        _goes_back(walk)
        return
    walk.scan(ParcelStatus.OUT_FOR_DELIVERY, goes_out)
    if outcome is Outcome.LIED:
        walk.on((ParcelStatus.DELIVERED, Detail.UNTRUE), 20, 80, doors)
        _sent_back(walk)
        return
    walk.on(ParcelStatus.DELIVERED, 20, 80, doors)
    if route.cash:
        walk.on((ParcelStatus.FEE_SETTLED, Detail.REMITTED), 120, 400, walk.postmen)


def _goes_back(walk: _Walk) -> None:
    """Nobody took it: approved, sent back."""
    walk.on(ParcelStatus.RETURN_REQUESTED, 20, 60)
    walk.on((ParcelStatus.RETURN_REQUESTED, Detail.APPROVED), 30, 90)
    _sent_back(walk)


def _sent_back(walk: _Walk) -> None:
    """On its way back, and given back where it came from."""
    walk.scan(ParcelStatus.RETURNING, walk.next_visit(1, walk.postmen))
    walk.scan(ParcelStatus.RETURNED_TO_SENDER, walk.next_visit(1, walk.counters))


def _paced(scan: Scan, origin: float, pace: float) -> Scan:
    return scan if pace == 1 else replace(scan, at=origin + (scan.at - origin) / pace)
