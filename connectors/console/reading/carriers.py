"""How carriers fare: a report card each, from what the workers said and what the post's report makes of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from connectors.console.desk import Look
from connectors.console.reading.journeys import Taken, taken
from connectors.console.reading.today import NotUnderstood, not_understood
from rules.reference import Edition
from rules.reports.form06a import share
from rules.reports.period import Period
from rules.reports.post import Carried, carried

SHOWN, MOST_LINES = 50, 200
Lines = Sequence[tuple[str, Carried]]
"""What a carrier carried, by something; the most late first attempts first."""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long it took from what happened to an item until we had the word: driven seconds."""

    updates: int = 0
    median_seconds: float | None = None
    p95_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """Legs of which something was heard, and those of which the last word is only reported."""

    heard: int = 0
    unsure: int = 0

    @property
    def share(self) -> float | None:
        """The unsure of all, from 0 to 1."""
        return share(self.unsure, self.heard)


@dataclass(frozen=True, slots=True)
class Card:
    """A carrier's report card. `said` counts legs by what was said of them: silence, contradictions, late attempts."""

    carrier: str
    legs: Carried
    kinds: Lines
    wards: Lines
    agencies: Lines
    delay: Delay
    unsure: Unsure
    said: Mapping[str, int]
    refused: int
    unknown: Sequence[NotUnderstood]


@dataclass(frozen=True, slots=True)
class Case:
    """A leg that somebody should look at: what was said of it, and when."""

    code: str
    leg: str
    kind: str
    word: str | None
    at: float


SAID = ("silence_detected", "standard_missed", "contradiction_found", "returned_too_early")
NOT_STATED = ""
"""Stands for a ward that nobody has stated, as between agencies."""


def cards(look: Look, period: Period) -> dict[str, Card]:
    """The card of every carrier that the reference data names or that had anything to do in the period."""
    legs: dict[str, list[Taken]] = defaultdict(list)
    for one in taken(look, period):
        legs[one.journey.carrier].append(one)
    delays, said, refused = _delays(look, period), _said(look, period), _refused(look, period)
    unknown: dict[str, list[NotUnderstood]] = defaultdict(list)
    for code in not_understood(look, period.begins):
        unknown[code.carrier].append(code)
    names = {*_named(look.library.newest), *legs, *delays, *said, *refused, *unknown}
    return {
        name: Card(
            name,
            _carried(legs[name], period),
            _by(legs[name], period, lambda one: one.journey.kind),
            _by(legs[name], period, lambda one: one.ward or NOT_STATED),
            _by(legs[name], period, lambda one: one.journey.agency),
            delays.get(name, Delay()),
            Unsure(sum(one.heard for one in legs[name]), sum(one.unsure for one in legs[name])),
            said.get(name, {}),
            refused.get(name, 0),
            unknown[name],
        )
        for name in sorted(names)
    }


def cases(look: Look, carrier: str, period: Period) -> list[Case]:
    """The last legs of a carrier of which something was said that should not be."""
    table = look.tables.deadlines.c
    asked = (
        select(table.dossier, table.leg, table.kind, table.word, table.at)
        .where(*_in(table, period), table.kind.in_(SAID), table.carrier == carrier)
        .order_by(table.at.desc(), table.place.desc())
        .limit(SHOWN)
    )
    return [Case(*row) for row in look.connection.execute(asked)]


def wards_named(edition: Edition) -> dict[str, str]:
    """The names of wards, as far as an agency lies in one."""
    return {agency.address.ward_code: agency.address.ward for agency in edition.bundle.agencies}


def percentile(counts: Sequence[tuple[float, int]], part: float) -> float | None:
    """The value below or at which this part of all lies; `counts` are values in order and how often each occurs."""
    wanted, seen = part * sum(count for _, count in counts), 0
    for value, count in counts:
        seen += count
        if seen >= wanted:
            return value
    return None


def _named(edition: Edition) -> set[str]:
    return {carrier for rule in edition.carrier_rules for carrier in rule.carriers}


def _by(legs: Iterable[Taken], period: Period, key: Callable[[Taken], str]) -> Lines:
    groups: dict[str, list[Taken]] = defaultdict(list)
    for one in legs:
        groups[key(one)].append(one)
    lines = [(name, _carried(group, period)) for name, group in sorted(groups.items())]
    return sorted(lines, key=lambda line: -line[1].first_attempt_late)[:MOST_LINES]


def _carried(legs: Iterable[Taken], period: Period) -> Carried:
    return carried((one.journey for one in legs), period).total()


def _delays(look: Look, period: Period) -> dict[str, Delay]:
    facts = look.tables.facts.c
    seconds = func.round(facts.recorded_at - facts.at).label("seconds")
    asked = select(facts.carrier, seconds, func.count()).where(*_in(facts, period), facts.kind == "item_moved")
    counts: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for carrier, value, count in look.connection.execute(asked.group_by(facts.carrier, seconds)):
        counts[carrier].append((float(value), count))
    return {carrier: _delay(sorted(rows)) for carrier, rows in counts.items()}


def _delay(counts: Sequence[tuple[float, int]]) -> Delay:
    return Delay(sum(count for _, count in counts), percentile(counts, 0.5), percentile(counts, 0.95))


def _said(look: Look, period: Period) -> dict[str, dict[str, int]]:
    """How many legs each of these was said of; said twice of a leg it counts once."""
    table = look.tables.deadlines.c
    leg = func.count((table.dossier + "/" + table.leg).distinct())
    asked = select(table.carrier, table.kind, leg).where(*_in(table, period), table.kind.in_(SAID))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for carrier, kind, count in look.connection.execute(asked.group_by(table.carrier, table.kind)):
        found[carrier][kind] = count
    return dict(found)


def _refused(look: Look, period: Period) -> dict[str, int]:
    facts = look.tables.facts.c
    asked = select(facts.carrier, func.count(facts.ref.distinct()))
    rows = asked.where(*_in(facts, period), facts.kind == "order_refused").group_by(facts.carrier)
    return {carrier: int(count) for carrier, count in look.connection.execute(rows)}


def _in(table: Any, period: Period) -> tuple[ColumnElement[bool], ...]:
    return table.at >= period.begins.timestamp(), table.at < period.ends.timestamp()
