"""The city's plan: every dossier and every slip of the pen, all from one seed, before the first day begins."""

from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from sandbox import chance, people
from sandbox.days import Days, at_minute
from sandbox.kinds import ABSENT_ONCE, KINDS, ORDINARY, Kind
from sandbox.procedures import PROCEDURES, Procedure
from sandbox.steps import Step

FIRST_NUMBER = 101
"""Sequences of the day start here: what others hand in by hand has the numbers below."""
WEEK = (1.20, 1.05, 1.00, 0.95, 0.80, 0.3, 0.3)
PEAKS = ((8.0, 10.0, 0.55), (10.0, 11.3, 0.15), (13.1, 15.0, 0.25), (15.0, 16.5, 0.05))
"""From, to (hours), and how much of a day's intake falls there."""
REPEATED = 0.03
"""How many of its events an agency sends a second time."""
ABSENT = 0.1
"""How many are not there at first, among people whose envelope must not come back: too few days are left."""
LAST_DAY_OF_CHANCE, LAST_DAY_OF_ABSENCE = 0, 3
"""Until which working day a dossier's envelope may fare in any way; until which one it may need a second attempt."""
WORKING_DAYS_PLANNED = 10
"""The kinds' first and last days are of a life of so many working days; a longer or shorter one stretches them."""


@dataclass(frozen=True, slots=True)
class Life:
    """One dossier as it will be, unless the post decides otherwise."""

    code: str
    kind: str
    agency: str
    competent: str
    procedure: Procedure
    channel: str
    return_mode: str
    begins_at: datetime
    contact: dict[str, Any]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Mishap:
    """An event that ought not to be: what is wrong with it, who sends it, about which dossier, and when."""

    kind: str
    agency: str
    dossier: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the city means to do."""

    lives: tuple[Life, ...]
    mishaps: tuple[Mishap, ...]
    begins_on: date
    working_days: tuple[date, ...]

    def kinds(self) -> Counter[str]:
        """How many of each kind."""
        return Counter(life.kind for life in self.lives)


@dataclass(frozen=True)
class Town:
    """Who lives here and when. The last agency is the department that also decides for the others."""

    doors: dict[str, str]
    stranger: str
    start: datetime
    calendar_days: int
    days: Days

    def working_days(self) -> list[date]:
        """The days worked within the city's life; the first is the start's own or the next one."""
        found, day = [], self.days.after(self.start.date(), 0)
        while (day - self.start.date()).days < self.calendar_days:
            found.append(day)
            day = self.days.after(day, 1)
        return found


def draw_up(seed: int, dossiers: int, town: Town) -> Plan:
    """The plan of this town's life."""
    dice = chance.dice(seed, "city")
    worked, counters = town.working_days(), _Counters(town.doors, dice)
    lives = []
    for number, kind in enumerate(_shuffled(counts(dossiers), dice), start=1):
        begins_at = _begin(kind, worked, town.start, dice)
        phone = kind.phone or _phone(bisect(worked, begins_at.date()) - 1, len(worked), dice)
        lives.append(_life(number, kind, begins_at, phone, counters, dice))
    mishaps = _mishaps(lives, town.doors, town.stranger, worked)
    return Plan(tuple(lives), tuple(mishaps), town.start.date(), tuple(worked))


def counts(dossiers: int) -> dict[str, int]:
    """How many dossiers of each kind: at least one of each, the rest by share."""
    total = sum(kind.share for kind in KINDS)
    found = {kind.name: 1 + (dossiers - len(KINDS)) * kind.share // total for kind in KINDS}
    largest = max(KINDS, key=lambda kind: kind.share).name
    found[largest] += dossiers - sum(found.values())
    return found


class _Counters:
    """The one-stops' desks: who takes the next dossier, and under what number."""

    def __init__(self, doors: dict[str, str], dice: Random) -> None:
        agencies = list(doors)
        self.department = agencies[-1]
        self.wards = [code for code in agencies if code != self.department] or list(agencies)
        self.on_kafka = [code for code in self.wards if doors[code] == "kafka"] or self.wards
        self.dice, self._numbers = dice, Counter[tuple[str, date]]()

    def desk(self, kind: Kind) -> str:
        """The one-stop of a dossier; where two agencies' words race, both use the same door."""
        return self.dice.choice(self.on_kafka if kind.name == "ahead" else self.wards)

    def code(self, agency: str, day: date) -> str:
        """The next dossier code of this agency on this day."""
        number = FIRST_NUMBER + self._numbers[agency, day]
        self._numbers[agency, day] += 1
        return f"{agency}-{day:%y%m%d}-{number:04d}"


def _phone(day: int, days: int, dice: Random) -> str | None:
    """Anybody's number while enough days are left for an envelope to come back; else one that keeps it short."""
    stretch = days / WORKING_DAYS_PLANNED
    if day <= LAST_DAY_OF_CHANCE * stretch:
        return None
    return ABSENT_ONCE if day <= LAST_DAY_OF_ABSENCE * stretch and dice.random() < ABSENT else ORDINARY


def _life(number: int, kind: Kind, begins_at: datetime, phone: str | None, counters: _Counters, dice: Random) -> Life:
    procedure = PROCEDURES[dice.choice(kind.codes)]
    agency = counters.desk(kind)
    return Life(
        code=counters.code(agency, begins_at.date()),
        kind=kind.name,
        agency=agency,
        competent=counters.department if procedure.department else agency,
        procedure=procedure,
        channel=kind.channel,
        return_mode=kind.return_mode,
        begins_at=begins_at,
        contact=people.citizen(number, dice, phone),
        steps=kind.steps(dice),
    )


def _begin(kind: Kind, worked: Sequence[date], start: datetime, dice: Random) -> datetime:
    """When its first step happens: a day by the week's rhythm, an hour by the day's."""
    stretch = len(worked) / WORKING_DAYS_PLANNED
    first, last = int(kind.first_day * stretch), max(int(kind.last_day * stretch), int(kind.first_day * stretch))
    within = worked[first : min(last, len(worked) - 1) + 1]
    day = dice.choices(within, [WEEK[day.weekday()] for day in within])[0]
    low, high, _ = dice.choices(PEAKS, [share for _, _, share in PEAKS])[0]
    hour = dice.uniform(low, high)
    if hour > kind.latest_hour:
        hour = dice.uniform(8, min(kind.latest_hour, 11.3))
    at = at_minute(day, 0).replace(hour=int(hour), minute=int(hour * 60) % 60, second=dice.randrange(60))
    return max(at, start)


def _shuffled(found: dict[str, int], dice: Random) -> list[Kind]:
    by_name = {kind.name: kind for kind in KINDS}
    kinds = [by_name[name] for name, count in found.items() for _ in range(count)]
    dice.shuffle(kinds)
    return kinds


def _mishaps(lives: Sequence[Life], doors: dict[str, str], stranger: str, worked: Sequence[date]) -> list[Mishap]:
    """A few bad events, about dossiers that are there by then: their rejection must come back, and change nothing."""
    by_time = sorted(lives, key=lambda life: life.begins_at)
    settled = [life for life in by_time if life.kind in ("counter", "online_post")]
    on_http = [code for code, door in doors.items() if door == "http"]
    on_kafka = [code for code, door in doors.items() if door == "kafka"]
    found = []
    for n, kind in enumerate(("no_zone", "bad_fields", "conflict", "no_standing", "garbage", "not_yours")):
        for m, agencies in enumerate((on_http, on_kafka)):
            life = settled[(2 * n + m) % len(settled)] if kind != "conflict" else _of(settled, agencies)
            if not agencies or life is None:
                continue
            agency = {"conflict": life.agency, "no_standing": stranger}.get(kind, agencies[n % len(agencies)])
            if (kind == "garbage" and m == 0) or (kind == "no_standing" and m == 0):
                continue
            if kind == "not_yours" and life.agency == agency:
                continue
            day = worked[min(worked.index(life.begins_at.date()) + 1, len(worked) - 1)]
            found.append(Mishap(kind, agency, life.code, at_minute(day, 570 + 7 * n + 3 * m)))
    return found


def _of(lives: Sequence[Life], agencies: Sequence[str]) -> Life | None:
    return next((life for life in lives if life.agency in agencies), None)
