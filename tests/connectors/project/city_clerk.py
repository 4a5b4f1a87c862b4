"""Draws dossiers of a city's year: each is drawn again until it stands where it is to stand on the year's last day."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import Any

from sandbox.plan import WEEK
from schemas.event import Event
from tests.connectors.project.city_papers import (
    FIRST,
    LAST,
    PROCEDURES,
    WORKED,
    Course,
    Dates,
    Entry,
    Paper,
    Procedure,
    at,
)

DEPARTMENT, MERGED, OLD_CODE = "H29.07", "H29.99", "H29.55"
"""Who decides for the wards; the ward that another was merged into, and the code which that one had."""
WARDS = ("H29.12", "H29.21", "H29.64", MERGED)
SHARES = {one: one.share for one in PROCEDURES}
TRIES = 500
"""What fits seldom is tried for so long before another course is drawn: the courses keep their shares."""
TOLD_LATE, TWICE_DECIDED, RETURNED = 0.004, 0.005, 0.3
"""How many results are told only after the year; follow one that was taken back; are said to have been handed out."""
TAKEN_BACK, DECIDED_LATER = 0.05, 0.5
"""How many of the pending had a result that was taken back after the year; have theirs in the year that follows."""


def _busy(places: range) -> tuple[range, list[float]]:
    """Days, and how much begins on each by the week's rhythm, added up."""
    return places, list(accumulate(WEEK[WORKED[place].weekday()] for place in places))


BEFORE, WITHIN = _busy(range(FIRST - 60, FIRST)), _busy(range(FIRST, LAST + 1))
"""The days on which those begin that are carried over, and all others."""


class End(StrEnum):
    """Where the year's last day found it; a word of the form's line."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    IN_TIME = "in_time"
    OVERDUE = "overdue"


RESOLVED = (End.EARLY, End.ON_TIME, End.LATE)
COURSES: dict[End, dict[Course, int]] = {
    End.EARLY: {Course.PLAIN: 92, Course.SUPPLEMENTED: 6, Course.EXTENDED: 1, Course.REFUSED: 1},
    End.ON_TIME: {Course.PLAIN: 85, Course.SUPPLEMENTED: 6, Course.WITHDRAWN: 6, Course.WAITING: 3},
    End.LATE: {Course.PLAIN: 85, Course.SUPPLEMENTED: 10, Course.EXTENDED: 5},
    End.IN_TIME: {Course.PLAIN: 95, Course.WAITING: 4, Course.STOPPED: 1},
    End.OVERDUE: {Course.PLAIN: 85, Course.SUPPLEMENTED: 10, Course.EXTENDED: 5},
}


@dataclass(frozen=True, slots=True)
class Life:
    """One dossier of the year: the lines it is counted in, as stated and as known on the year's last day."""

    agency: str
    sector: str
    entry: Entry
    end: End
    known: End
    course: Course
    facts: tuple[Event, ...]


class Clerk:
    """Draws lives until one fits what it is drawn for, and writes their facts down."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self._numbers = Counter[tuple[str, date]]()

    def life(self, entry: Entry, end: End) -> Life:
        """A dossier that came in like this and stands like that at the end of the year."""
        while True:
            course = self._one_of(COURSES[end]) if entry is not Entry.ADOPTED else Course.PLAIN
            for _ in range(TRIES):
                procedure = self._one_of(SHARES)
                dates = self._dates(entry, end, course, procedure)
                if dates is not None and _fits(dates, end):
                    return self._written(entry, end, course, procedure, dates)

    def refused(self) -> Iterator[Event]:
        """A dossier whose reception is refused, a third of them after the minutes of the post were signed."""
        paper, start = self._somebody_s(self.dice.randint(FIRST, LAST - 1))
        by_post = self.dice.random() < 1 / 3
        yield paper.signed(start) if by_post else paper.say("submitted", start, "09:00", channel="ONLINE")
        yield paper.say("reception_refused", start + 1, "10:00", reason="x")

    def unanswered(self) -> Iterator[Event]:
        """A dossier that was sent in and waits for somebody to accept it."""
        paper, start = self._somebody_s(self.dice.randint(FIRST, LAST))
        yield paper.say("submitted", start, "09:00", channel="ONLINE")

    def of_another_year(self) -> Iterator[Event]:
        """A dossier that had its result before the year, or came after it."""
        paper, start = self._somebody_s(self.dice.choice((FIRST - 50, LAST + 5)))
        yield paper.received(start, "COUNTER")
        yield paper.result(start + 2)

    def _somebody_s(self, start: int) -> tuple[Paper, int]:
        return self._paper(self._one_of(SHARES), start), start

    def _one_of(self, shares: dict[Any, Any]) -> Any:
        return self.dice.choices(list(shares), list(shares.values()))[0]

    def _dates(self, entry: Entry, end: End, course: Course, procedure: Procedure) -> Dates | None:
        """Dates of this course, which may not fit; None where the procedure has no such course."""
        start = self._start(entry)
        due = procedure.due(start)
        if entry is Entry.ADOPTED:
            # Nothing is known but the promise.
            dates = Dates(start, start + self.dice.randint(3, 30))
        elif course is Course.SUPPLEMENTED and procedure.can_wait:
            full = start + 1 + self.dice.randint(1, 30)
            dates = Dates(start, procedure.due(full), start + 1, full)
        elif course is Course.EXTENDED and procedure.can_wait and due is not None:
            dates = Dates(start, due + self.dice.randint(1, 20), extended=start + 1)
        elif course is Course.WAITING and procedure.can_wait:
            dates = Dates(start, None, start + 1)
        elif course is Course.STOPPED:
            # What is stopped is never overdue.
            dates = Dates(start, None)
        elif course in (Course.PLAIN, Course.REFUSED, Course.WITHDRAWN):
            dates = Dates(start, due)
        else:
            return None
        ends_at = self._end(dates, end, course)
        return None if ends_at is None else replace(dates, end=ends_at if end in RESOLVED else None)

    def _start(self, entry: Entry) -> int:
        places, weights = BEFORE if entry is Entry.CARRIED else WITHIN
        return self.dice.choices(places, cum_weights=weights)[0]

    def _end(self, dates: Dates, end: End, course: Course) -> int | None:
        """A day on which it ends like this (any for one that does not); None where there is no such day."""
        begins, due = dates.full or dates.extended or dates.asked or dates.start, dates.due
        if end not in RESOLVED:
            return begins
        if due is None or course is Course.WITHDRAWN:
            return begins + self.dice.randint(0, 40) if end is End.ON_TIME else None
        if end is End.EARLY:
            return self.dice.randint(begins, due - 1) if begins < due else None
        return due if end is End.ON_TIME else due + self.dice.randint(1, 20)

    def _paper(self, procedure: Procedure, start: int) -> Paper:
        ward = self.dice.choice(WARDS)
        said = OLD_CODE if ward == MERGED and self.dice.random() < 0.5 else ward
        self._numbers[said, WORKED[start]] += 1
        code = f"{said}-{WORKED[start]:%y%m%d}-{self._numbers[said, WORKED[start]]:04d}"
        return Paper(code, procedure, said, DEPARTMENT if procedure.department else said)

    def _written(self, entry: Entry, end: End, course: Course, procedure: Procedure, dates: Dates) -> Life:
        paper, dice, known = self._paper(procedure, dates.start), self.dice, end
        facts = list(paper.entered(entry, dates, dice))
        decided = course not in (Course.WITHDRAWN, Course.STOPPED)
        if dates.end is not None:
            last = paper.ended(course, dates.end)
            if decided and dates.start < dates.end and dice.random() < TWICE_DECIDED:
                facts += paper.taken_back(dates.end - 1, dates.end)
            if dice.random() < TOLD_LATE:
                known = _open(dates.due)
                last = last.model_copy(update={"recordedtime": at(LAST + 3, "09:00")})
            facts.append(last)
            if known is end and decided and dice.random() < RETURNED:
                facts.append(paper.say("result_returned", dates.end, "16:55", mode="COUNTER", receiver="x"))
        elif course is Course.STOPPED:
            facts.append(paper.ended(course, dates.start))
        elif course is Course.PLAIN and dice.random() < TAKEN_BACK:
            decided_at = dice.randint(max(dates.start, FIRST), LAST)
            known = _judged(decided_at, dates.due)
            facts += paper.taken_back(decided_at, LAST + 4)
        elif dice.random() < DECIDED_LATER:
            facts.append(paper.result(LAST + dice.randint(1, 30)))
        agency = MERGED if paper.competent == OLD_CODE else paper.competent
        return Life(agency, procedure.sector, entry, end, known, course, tuple(facts))


def _fits(dates: Dates, end: End) -> bool:
    """Whether these dates leave it there on the year's last day."""
    if dates.end is not None:
        return FIRST <= dates.end <= LAST
    happened = max(dates.start, dates.asked or 0, dates.full or 0, dates.extended or 0) <= LAST
    return happened and _open(dates.due) is end


def _open(due: int | None) -> End:
    """Where a dossier stands that the year's last day finds open."""
    return End.IN_TIME if due is None or due >= LAST else End.OVERDUE


def _judged(end: int, due: int | None) -> End:
    if due is None or end == due:
        return End.ON_TIME
    return End.EARLY if end < due else End.LATE
