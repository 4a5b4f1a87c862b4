"""A city's year from a seed: for each thousand of the table's dossiers one, and the facts of it.

Nothing here asks the rules. Due dates are places in a list of the days worked, and every dossier is counted by what it
was drawn for: a form that the rules make of its facts is held against figures of another origin.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from rules.reports.form06a import Group, Line
from sandbox import chance
from schemas.event import Event
from schemas.reference import Bundle
from tests.builders import a_bundle, an_agency
from tests.connectors.project.city_clerk import DEPARTMENT, MERGED, OLD_CODE, RESOLVED, WARDS, Clerk, End, Life
from tests.connectors.project.city_papers import PROCEDURES, Course, Entry, Procedure

TABLE = tomllib.loads((Path(__file__).parent / "city_2019.toml").read_text(encoding="utf-8"))
SECTORS = {one.code: one.sector for one in PROCEDURES}


@dataclass(frozen=True, slots=True)
class City:
    """The year's dossiers, and the facts of others that no column of its form may count."""

    lives: tuple[Life, ...]
    others: tuple[Event, ...]

    def facts(self) -> Iterator[Event]:
        """All that is told, each dossier's in order."""
        for life in self.lives:
            yield from life.facts
        yield from self.others


def thousandth(dossiers: int) -> int:
    """A figure of the city's at this city's size."""
    return round(dossiers / 1000)


def bundle() -> Bundle:
    """Four wards, one of which another was merged into, a department that decides for them, and the procedures."""
    agencies = [an_agency(code, aliases=[OLD_CODE] if code == MERGED else []) for code in (*WARDS, DEPARTMENT)]
    return a_bundle(agencies=agencies, procedures=[_row(one) for one in PROCEDURES])


def a_city(seed: int) -> City:
    """The year of this seed, with the figures of the table."""
    clerk = Clerk(chance.dice(seed, "a city's year"))
    entries, ends = list(_spread(_entries())), list(_spread(_ends()))
    clerk.dice.shuffle(ends)
    lives = [clerk.life(entry, end) for entry, end in zip(entries, ends, strict=True)]
    return City(tuple(lives), tuple(_others(clerk)))


def counted(lives: Iterable[Life], of: Callable[[Life], Group], known: bool = False) -> dict[Group, Line]:
    """The lines of the form by a plain count."""
    found: dict[Group, Counter[str]] = defaultdict(Counter)
    for life in lives:
        end = life.known if known else life.end
        carried = life.entry in (Entry.CARRIED, Entry.ADOPTED)
        words = ["to_handle", life.entry, "carried_over" if carried else "received"]
        words += [end, "resolved" if end in RESOLVED else "pending"]
        if life.course is Course.STOPPED or (life.course is Course.WITHDRAWN and end in RESOLVED):
            words.append(life.course)
        found[of(life)].update(map(str, words))
    return {group: Line(**line) for group, line in found.items()}


# ---------------------------------------------------------------- how many


def _entries() -> dict[Entry, int]:
    printed, guessed = TABLE["printed"], TABLE["guessed"]
    carried, direct = thousandth(TABLE["follows"]["carried_over"]), thousandth(printed["direct_and_postal"])
    adopted, postal = round(carried * guessed["adopted"]), round(direct * guessed["postal"])
    return {
        Entry.CARRIED: carried - adopted,
        Entry.ADOPTED: adopted,
        Entry.ONLINE: thousandth(printed["online"]),
        Entry.COUNTER: direct - postal,
        Entry.POSTAL: postal,
    }


def _ends() -> dict[End, int]:
    guessed = TABLE["guessed"]
    resolved, pending = thousandth(TABLE["printed"]["resolved"]), thousandth(TABLE["printed"]["pending"])
    early, on_time = round(resolved * guessed["early"]), round(resolved * guessed["on_time"])
    overdue = round(pending * guessed["overdue"])
    return {
        End.EARLY: early,
        End.ON_TIME: on_time,
        End.LATE: resolved - early - on_time,
        End.IN_TIME: pending - overdue,
        End.OVERDUE: overdue,
    }


def _others(clerk: Clerk) -> Iterator[Event]:
    refused = round(thousandth(TABLE["printed"]["received"]) * TABLE["guessed"]["refused_at_reception"])
    for told, count in ((clerk.refused, refused), (clerk.unanswered, 20), (clerk.of_another_year, 80)):
        for _ in range(count):
            yield from told()


def _spread(counts: dict[Any, int]) -> Iterator[Any]:
    for what, count in counts.items():
        yield from repeat(what, count)


def _row(one: Procedure) -> dict[str, Any]:
    row = {"code": one.code, "name": f"Thủ tục mẫu {one.code}", "level": "city" if one.department else "ward"}
    if one.days is None:
        return row
    unit = "calendar_days" if one.calendar_days else "working_days" if one.days else "same_day"
    return row | {"amount": max(one.days, 1), "unit": unit}
