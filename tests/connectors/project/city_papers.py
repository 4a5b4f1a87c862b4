"""One dossier of a city's year on paper: its term counted in days worked, and its facts as its agencies state them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from random import Random
from typing import Any

from rules.reports.period import A_DAY, Period
from sandbox.days import Days
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import ROOT, a_fact

YEAR = Period(date(2019, 1, 1), date(2019, 12, 31))
DAYS = Days.read(ROOT / "deploy/reference/calendars/vn-public-offices.toml")
WORKED = [day for n in range(900) if DAYS.works_on(day := date(2018, 5, 2) + n * A_DAY)]
FIRST, LAST = bisect_left(WORKED, YEAR.first), bisect_left(WORKED, YEAR.last)
"""Where the year's first and last working days stand in that list."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure, its sector, its term in working or calendar days (0: the same day; None: no term), its share."""

    code: str
    sector: str
    days: int | None
    share: float
    calendar_days: bool = False
    department: bool = False

    @property
    def can_wait(self) -> bool:
        """Whether there is time to ask for papers or to put the date off before it is due."""
        return self.days is not None and self.days >= 3 and not self.calendar_days

    def due(self, start: int) -> int | None:
        """The place of the due date of a term that starts on the day at this place, before 15:00."""
        if self.days is None:
            return None
        if self.calendar_days:
            return bisect_left(WORKED, WORKED[start] + self.days * A_DAY)
        return start + self.days


PROCEDURES = (
    Procedure("2.000635", "Hộ tịch", 0, 10),
    Procedure("1.004873", "Hộ tịch", 3, 40),
    Procedure("1.004222", "Cư trú", 7, 20),
    Procedure("1.009994", "Xây dựng", 15, 8, calendar_days=True),
    Procedure("2.001610", "Doanh nghiệp", 3, 10, department=True),
    Procedure("1.012753", "Đất đai", 20, 10, department=True),
    Procedure("1.003003", "Đất đai", None, 2, department=True),
)


class Entry(StrEnum):
    """How a dossier came into the year; a word of the form's line."""

    CARRIED = "pending_before"
    ADOPTED = "adopted"
    ONLINE = "online"
    COUNTER = "direct"
    POSTAL = "postal"


class Course(StrEnum):
    """What happened on the way."""

    PLAIN = "plain"
    SUPPLEMENTED = "papers were asked for and came"
    EXTENDED = "put off once"
    REFUSED = "refused after appraisal"
    WAITING = "papers were asked for and did not come"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Dates:
    """Places in the list of days worked: of the start, of papers asked for and come, of the due date, of the end."""

    start: int
    due: int | None
    asked: int | None = None
    full: int | None = None
    extended: int | None = None
    end: int | None = None


def at(place: int, clock: str) -> datetime:
    """A minute of the day at this place."""
    return datetime.fromisoformat(f"{WORKED[place]} {clock}").replace(tzinfo=VIETNAM)


class Paper:
    """One dossier, and its facts as its one-stop and its competent agency state them."""

    def __init__(self, code: str, procedure: Procedure, receiving: str, competent: str) -> None:
        self.code, self.procedure, self.receiving, self.competent = code, procedure, receiving, competent
        self._told = 0

    def say(self, fact: str, place: int, clock: str, *, by: str = "", **data: Any) -> Event:
        """A fact of a working day."""
        self._told += 1
        if fact in ("submitted", "received", "adopted", "handover_signed"):
            data = {"procedure_code": self.procedure.code, "receiving_agency": self.receiving} | data
        by, id = by or self.receiving, f"{self.code}-{self._told}"
        return a_fact(fact, f"{WORKED[place]} {clock}", by=by, code=self.code, id=id, **data)

    def entered(self, entry: Entry, dates: Dates, dice: Random) -> Iterator[Event]:
        """How it came in, and what happened until it ended or the year did."""
        start = dates.start
        match entry:
            case Entry.ADOPTED:
                assert dates.due is not None
                yield self.say("adopted", start, "08:00", status="IN_PROCESS", competent_agency=self.competent,
                               as_of=at(start, "08:00").isoformat(),
                               promised_due_on=WORKED[dates.due].isoformat())  # fmt: skip
            case Entry.ONLINE:
                yield self.say("submitted", start - dice.randint(0, 1), "07:40", channel="ONLINE")
                yield self.received(start, "ONLINE")
            case Entry.POSTAL:
                yield self.signed(start)
                # What the officer ticks is not always how it came.
                yield self.received(start, dice.choices(("POSTAL", "COUNTER"), (9, 1))[0])
            case Entry.CARRIED:
                yield self.received(start, dice.choices(("COUNTER", "ONLINE"), (9, 1))[0])
            case Entry.COUNTER:
                yield self.received(start, "COUNTER")
        if dates.extended is not None:
            assert dates.due is not None
            yield self.say("extended", dates.extended, "14:00", by=self.competent, reason="x", basis="x",
                           new_due_on=WORKED[dates.due].isoformat())  # fmt: skip
        if dates.asked is not None:
            yield self.say("supplement_requested", dates.asked, "09:00", by=self.competent, stage="APPRAISAL",
                           documents=["x"], reason="x")  # fmt: skip
        if dates.full is not None:
            yield self.say("supplement_received", dates.full, "09:00", complete=True)

    def received(self, place: int, channel: str) -> Event:
        """Accepted, with its slip."""
        said = {"competent_agency": self.competent, "return_mode": "COUNTER"}
        return self.say("received", place, "10:00", channel=channel, **said)

    def signed(self, place: int) -> Event:
        """The post hands it over."""
        said: dict[str, Any] = {"leg": "C1", "direction": "POST_TO_AGENCY", "minutes_no": "7", "documents": []}
        return self.say("handover_signed", place, "09:30", **said)

    def ended(self, course: Course, place: int) -> Event:
        """The fact that ends it."""
        match course:
            case Course.WITHDRAWN:
                return self.say("withdrawn", place, "14:30", reason="x")
            case Course.STOPPED:
                return self.say("processing_stopped", place, "14:30", by=self.competent, basis="x")
            case _:
                return self.result(place, "REFUSED" if course is Course.REFUSED else "APPROVED")

    def result(self, place: int, outcome: str = "APPROVED", clock: str = "14:30") -> Event:
        """Decided."""
        return self.say("result_ready", place, clock, by=self.competent, outcome=outcome, physical=True)

    def taken_back(self, place: int, back: int) -> Sequence[Event]:
        """A result, and that it was none."""
        result = self.result(place, clock="14:10")
        return result, self.say("corrected", back, "14:15", by=self.competent, retracts={"id": result.id}, reason="x")
