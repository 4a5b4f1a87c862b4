"""Carriers: a report card each over the last weeks, and one of them with its wards and its cases."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk, NotYours
from connectors.console.door import Visit, visits
from connectors.console.kept import Kept
from connectors.console.people import Role
from connectors.console.reading import carriers as reading
from connectors.console.reading.carriers import Card
from rules.reports.period import Period
from schemas.instant import date_of, now

WINDOWS = (30, 90)
"""So many days, today the last of them."""


@dataclass(frozen=True, slots=True)
class Cards:
    """Every carrier's card, as of a moment (driven time)."""

    by_carrier: dict[str, Card]
    at: datetime


def routes(desk: Desk) -> APIRouter:
    """The cards, and a carrier's own page."""
    api = APIRouter()
    kept: Kept[Period, Cards] = Kept()

    def cards(visit: Visit, period: Period) -> Cards:
        def make() -> Cards:
            with desk.look(visit.person) as look:
                return Cards(reading.cards(look, period), now())

        # Whoever may see this page sees all dossiers: one answer is everybody's.
        return kept.get(period, make)

    allowed = visits(desk, Role.CITY, Role.OPERATOR)

    @api.get("/carriers")
    def carriers(visit: Annotated[Visit, Depends(allowed)], days: int = WINDOWS[0]) -> Response:
        period = _period(days)
        found = cards(visit, period)
        return visit.page(
            "carriers.html",
            "carriers",
            days=days,
            windows=WINDOWS,
            period=period,
            cards=found.by_carrier,
            at=found.at,
        )

    @api.get("/carriers/{carrier}")
    def carrier(visit: Annotated[Visit, Depends(allowed)], carrier: str, days: int = WINDOWS[0]) -> Response:
        period = _period(days)
        found = cards(visit, period)
        card = found.by_carrier.get(carrier)
        if card is None:
            raise NotYours(carrier)
        with desk.look(visit.person) as look:
            return visit.page(
                "carrier.html",
                "carriers",
                days=days,
                windows=WINDOWS,
                period=period,
                card=card,
                at=found.at,
                cases=reading.cases(look, carrier, period),
                wards=reading.wards_named(look.library.newest),
                edition=look.library.newest,
            )

    return api


def _period(days: int) -> Period:
    """The last so many days. Raises NotYours for a number that is none of ours."""
    if days not in WINDOWS:
        raise NotYours(str(days))
    today = date_of(now())
    return Period(today - timedelta(days=days - 1), today)
