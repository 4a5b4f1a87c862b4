"""The legs that carriers took lately, as the report of the post takes them: with the ward at the citizen's end.

It reads what the report reads and no fees: so many legs that a page has no time for each of their facts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Row, Select, func, select

from connectors.console.desk import Look
from connectors.project.shapes import Leg
from rules.post.leg import OrderState
from rules.post.standard import TRIED
from rules.reports.period import Period
from rules.reports.post import Journey
from schemas.instant import aware
from schemas.postal import LegKind, ParcelStatus, kind_of

EARLIER = timedelta(days=30)
"""A carrier's clock may be so much behind: its words on an order may seem to be older than the order."""
ENDS = {
    "received": LegKind.DELIVER_RESULT,
    "return_registered": LegKind.DELIVER_RESULT,
    "collection_registered": LegKind.COLLECT_DOSSIER,
}
"""Facts with a contact: where a result goes, and where papers are fetched and brought back to."""
OTHER = Leg("", "", "", "")
"""Stands for a leg that is another carrier's by now."""

Name = tuple[str, str, str]
"""A dossier, a leg, a carrier."""
_legs = msgspec.json.Decoder(list[Leg]).decode


@dataclass(frozen=True, slots=True)
class Taken:
    """A leg that a carrier took. `heard`: something was said of it; `unsure`: what stands is only reported."""

    journey: Journey
    ward: str | None
    heard: bool
    unsure: bool


def taken(look: Look, period: Period) -> list[Taken]:
    """Every leg whose order a carrier took in the period."""
    heard, missed, wards = _heard(look, period), _missed(look, period), _wards(look, period)
    dossiers = _dossiers(look, period)
    found = []
    for (code, name, carrier), accepted_at in sorted(_accepted(look, period).items()):
        if (dossier := dossiers.get(code)) is None:
            continue
        agency, legs = dossier
        leg = next((one for one in legs if one.leg == name), OTHER)
        is_last = leg.carrier == carrier
        words = heard.get((code, name, carrier), frozenset())
        journey = Journey(
            carrier=carrier,
            agency=agency,
            kind=kind_of(name).name.lower(),
            accepted_at=aware(accepted_at),
            status=ParcelStatus(leg.status) if is_last and leg.status else None,
            tried=bool(TRIED & words),
            standard_missed=(code, name, carrier) in missed,
            damaged=ParcelStatus.DAMAGED in words,
            contradicted=is_last and leg.contradicted,
            called_off=not is_last or leg.order == OrderState.CANCELLED,
        )
        ward = wards.get((code, _end(name)))
        reported = is_last and leg.reported is not None
        found.append(Taken(journey, ward, reported, reported and leg.reported != leg.status))
    return found


def _accepted(look: Look, period: Period) -> dict[Name, float]:
    facts = look.tables.facts.c
    asked = select(facts.dossier, facts.leg, facts.carrier, func.min(facts.at)).where(
        facts.kind == "order_accepted",
        facts.at >= period.begins.timestamp(),
        facts.at < period.ends.timestamp(),
    )
    rows = look.connection.execute(asked.group_by(facts.dossier, facts.leg, facts.carrier))
    return {(code, leg, carrier): at for code, leg, carrier, at in rows}


def _of_taken(look: Look, period: Period) -> Select[Any]:
    """The dossiers of these legs."""
    facts = look.tables.facts.c
    window = (facts.at >= period.begins.timestamp()) & (facts.at < period.ends.timestamp())
    return select(facts.dossier).where(facts.kind == "order_accepted", window)


def _dossiers(look: Look, period: Period) -> dict[str, tuple[str, list[Leg]]]:
    table = look.tables.dossiers.c
    asked = select(table.code, table.competent_agency, table.receiving_agency, table.legs).where(
        table.code.in_(_of_taken(look, period)), look.theirs()
    )
    rows: Iterable[Row[Any]] = look.connection.execute(asked)
    return {row.code: (look.library.agency(row), _legs(row.legs)) for row in rows}


def _heard(look: Look, period: Period) -> Mapping[Name, frozenset[ParcelStatus]]:
    """Of each leg the attempts that were heard of, and damage."""
    facts = look.tables.facts.c
    words = sorted({*TRIED, ParcelStatus.DAMAGED})
    since = (period.begins - EARLIER).timestamp()
    asked = select(facts.dossier, facts.leg, facts.carrier, facts.word).distinct()
    rows = asked.where(facts.kind == "item_moved", facts.at >= since, facts.word.in_(words))
    found: dict[Name, frozenset[ParcelStatus]] = {}
    for code, leg, carrier, word in look.connection.execute(rows):
        name = (code, leg, carrier)
        found[name] = found.get(name, frozenset()) | {ParcelStatus(word)}
    return found


def _missed(look: Look, period: Period) -> set[Name]:
    """The legs of which it was said that nobody had tried in time."""
    said = look.tables.deadlines.c
    since = (period.begins - EARLIER).timestamp()
    asked = select(said.dossier, said.leg, said.carrier).where(said.kind == "standard_missed", said.at >= since)
    return {(code, leg, carrier) for code, leg, carrier in look.connection.execute(asked)}


def _wards(look: Look, period: Period) -> dict[tuple[str, LegKind], str]:
    """The ward at each citizen's end: where a result goes, where papers are fetched. The last word counts."""
    facts = look.tables.facts.c
    # Only facts with a contact have a ward. Asked for by their kinds too, the facts of every dossier would be read.
    asked = select(facts.dossier, facts.kind, facts.ward).where(
        facts.ward.is_not(None), facts.dossier.in_(_of_taken(look, period))
    )
    rows = look.connection.execute(asked.order_by(facts.at, facts.place))
    return {(code, ENDS[kind]): ward for code, kind, ward in rows if kind in ENDS}


def _end(leg: str) -> LegKind:
    """Whose contact a leg's is: that of the result, or that of the collection."""
    kind = kind_of(leg)
    return LegKind.COLLECT_DOSSIER if kind is LegKind.RETURN_PAPERS else kind
