"""The rules of deadlines.md written a second time, as plainly as possible, walking the days and minutes one by one.

It reads written cases and shares nothing with the engine, so that the two can disagree.
"""

import calendar
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

ZONE = timezone(timedelta(hours=7))
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
KINDS = [
    "received",
    "handover_signed",
    "supplement_requested",
    "supplement_received",
    "extended",
    "result_ready",
    "resolution_refused",
    "withdrawn",
    "processing_stopped",
]
STOPS = KINDS[5:]


class Oracle:
    """Answers written cases on one set of closed and worked days."""

    def __init__(self, closed: set[date], worked: set[date]) -> None:
        self.closed, self.worked = closed, worked

    def works(self, day: date) -> bool:
        return day in self.worked or (day.isoweekday() <= 5 and day not in self.closed)

    def next_working(self, day: date) -> date:
        day += DAY
        while not self.works(day):
            day += DAY
        return day

    def answer(self, case: dict[str, Any]) -> dict[str, Any]:
        hours = case.get("office_hours", [["07:30", "11:30"], ["13:00", "17:00"]])
        return Walk(self, case["term"], case.get("supplement_policy", "RESTART"), hours).answer(events_of(case))


def local(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(ZONE).replace(tzinfo=None)


def events_of(case: dict[str, Any]) -> list[tuple[datetime, int, str, Any]]:
    """Every different event known, in the order of the rules: (local instant, rank, kind, own field)."""
    events = set()
    for event in case["history"]:
        own = {"extended": event.get("new_due_on"), "supplement_received": event.get("complete")}.get(event["kind"])
        events.add((local(event["at"]), KINDS.index(event["kind"]), event["kind"], own))
    if "as_of" in case:
        events = {event for event in events if event[0] <= local(case["as_of"])}
    return sorted(events, key=lambda event: (event[0], event[1], str(event[3])))


class Walk:
    """One case, walked from its first event to its last."""

    def __init__(self, days: Oracle, term: dict[str, Any], policy: str, hours: list[list[str]]) -> None:
        self.days, self.policy = days, policy
        self.unit, self.amount = term["unit"], term["amount"]
        self.spans = [[int(clock[:2]) * 60 + int(clock[3:]) for clock in span] for span in hours]
        self.open = frozenset(minute for opens, closes in self.spans for minute in range(opens, closes))
        self.state = "NOT_STARTED"
        self.nominal: date | None = None
        self.due_at: datetime | None = None
        self.rolled = False
        self.outcome: str | None = None
        self.violations: list[str] = []

    def answer(self, events: list[tuple[datetime, int, str, Any]]) -> dict[str, Any]:
        start = self.find_start(events)
        if start is not None:
            self.day_zero = start[0].date()
            self.begin(start[0])
            self.follow([event for event in events if event[1] > 1 and event[0] >= start[0]])
        due_at = self.due_at
        return {
            "clock": self.state,
            "due_on": due_at and due_at.date().isoformat(),
            "due_at": due_at and due_at.isoformat() + "+07:00",
            "outcome": self.outcome,
            "violations": self.violations,
            "rolled": self.rolled,
        }

    def find_start(self, events: list[tuple[datetime, int, str, Any]]) -> tuple[datetime, int, str, Any] | None:
        current = None
        stopped = False
        for event in events:
            if event[2] == "received" and current is None:
                current = event
            elif event[2] == "handover_signed" and not stopped:
                return event if current is None or current[2] == "received" else current
            elif event[2] in STOPS and current is not None:
                stopped = True
        return current or next((event for event in events if event[2] == "handover_signed"), None)

    def follow(self, events: list[tuple[datetime, int, str, Any]]) -> None:
        rounds = 0
        in_round = extended = False
        left = 0
        for at, _, kind, own in events:
            if kind == "supplement_requested" and not in_round:
                if self.late(at):
                    self.violations.append("SUPPLEMENT_AFTER_DUE")
                    continue
                third = self.day_zero
                for _ in range(3):
                    third = self.days.next_working(third)
                if at.date() > third:
                    self.violations.append("SUPPLEMENT_REQUEST_LATE")
                if rounds:
                    self.violations.append("SUPPLEMENT_REPEATED")
                in_round = True
                if self.policy != "KEEP_RUNNING":
                    left = self.left_at(at)
                    self.state, self.due_at, self.rolled = "SUSPENDED", None, False
            elif kind == "supplement_received" and own and in_round:
                in_round = False
                rounds += 1
                if self.policy == "RESTART":
                    self.begin(at)
                if self.policy == "PAUSE_RESUME":
                    self.go_on(at, left)
            elif kind == "extended":
                code = self.refuses(at, date.fromisoformat(own), extended)
                if code:
                    self.violations.append(code)
                    continue
                extended = True
                self.settle(date.fromisoformat(own))
                assert self.due_at is not None
                self.nominal = self.due_at.date()
            elif kind in STOPS:
                self.finish(at, kind)
                return

    def finish(self, at: datetime, kind: str) -> None:
        self.state = "STOPPED"
        if kind not in ("result_ready", "resolution_refused"):
            return
        if self.due_at is None:
            self.outcome = "ON_TIME"
        elif self.late(at):
            self.outcome = "LATE"
        else:
            self.outcome = "EARLY" if at.date() < self.due_at.date() else "ON_TIME"

    def refuses(self, at: datetime, new: date, extended: bool) -> str | None:
        if extended:
            return "EXTENSION_REPEATED"
        if self.due_at is None:
            return "EXTENSION_WHILE_SUSPENDED"
        last = self.due_at.date() - DAY
        while not self.days.works(last):
            last -= DAY
        if at.date() > last:
            return "EXTENSION_LATE"
        while not self.days.works(new):
            new += DAY
        return None if new > self.due_at.date() else "EXTENSION_NOT_LATER"

    def begin(self, at: datetime) -> None:
        """A start with the whole term."""
        day = at.date()
        if self.unit == "working_days":
            self.count(day, self.amount)
        elif self.unit == "calendar_days":
            self.settle(day + self.amount * DAY)
        elif self.unit == "months":
            self.settle(self.month_after(day, self.amount))
        elif self.unit == "working_hours":
            self.spend(at, self.amount * 60)
        elif self.days.works(day) and (at.hour, at.minute, at.second, at.microsecond) > (15, 0, 0, 0):
            self.count(day, 1)
        else:
            self.settle(day)

    def go_on(self, at: datetime, left: int) -> None:
        """The rest of a term after a pause."""
        if left == 0:
            self.settle(at.date())
        elif self.unit in ("working_days", "same_day"):
            self.count(at.date(), left)
        elif self.unit == "working_hours":
            self.spend(at, left)
        else:
            self.settle(at.date() + left * DAY)

    def left_at(self, at: datetime) -> int:
        assert self.due_at is not None
        if self.unit == "working_hours":
            minute, left = at.replace(second=0, microsecond=0), 0
            while minute < self.due_at:
                if minute.time() == time() and minute + DAY <= self.due_at:
                    left += self.of_a_day() * self.days.works(minute.date())
                    minute += DAY
                    continue
                left += self.open_at(minute)
                minute += MINUTE
            return left
        day, end, left = at.date(), self.due_at.date(), 0
        if self.unit in ("calendar_days", "months"):
            assert self.nominal is not None
            end = self.nominal
        while day < end:
            day += DAY
            left += self.unit in ("calendar_days", "months") or self.days.works(day)
        return left

    def late(self, at: datetime) -> bool:
        if self.due_at is None:
            return False
        if self.unit == "working_hours":
            return at.replace(second=0, microsecond=0) > self.due_at
        return at.date() > self.due_at.date()

    def count(self, day: date, n: int) -> None:
        for _ in range(n):
            day = self.days.next_working(day)
        self.settle(day)

    def settle(self, day: date) -> None:
        """Due at the end of this day's hours, or of the next working day's."""
        self.state, self.nominal = "RUNNING", day
        while not self.days.works(day):
            day += DAY
        self.rolled = day != self.nominal
        self.due_at = datetime.combine(day, time()) + self.spans[-1][1] * MINUTE

    def spend(self, at: datetime, minutes: int) -> None:
        minute = at.replace(second=0, microsecond=0)
        while minutes:
            tomorrow = datetime.combine(minute.date(), time()) + DAY
            if not self.days.works(minute.date()):
                minute = tomorrow
            elif minute.time() == time() and minutes > self.of_a_day():
                minutes -= self.of_a_day()
                minute = tomorrow
            while minutes and minute < tomorrow:
                minutes -= minute.hour * 60 + minute.minute in self.open
                minute += MINUTE
        self.state, self.due_at, self.rolled = "RUNNING", minute, False

    def of_a_day(self) -> int:
        return len(self.open)

    def open_at(self, minute: datetime) -> bool:
        of_day = minute.hour * 60 + minute.minute
        return of_day in self.open and self.days.works(minute.date())

    def month_after(self, day: date, months: int) -> date:
        first = date(day.year, day.month, 1)
        for _ in range(months):
            first = (first + 31 * DAY).replace(day=1)
        return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))
