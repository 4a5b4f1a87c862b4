"""Pipeline, the operator's first page: what is wrong, worst first, and below it how everything stands."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk
from connectors.console.door import Visit, visits
from connectors.console.glance import Glance, Seen
from connectors.console.people import Role
from connectors.console.reading import pipeline as reading
from connectors.console.reading.pipeline import Behind, Growth, Owes, Projected, Rates
from connectors.dead_letters import printable
from connectors.doctor.examining import examine
from connectors.doctor.finding import Report
from rules.reference import UnknownVersion
from schemas.reference import Agency

SHOWN = 60
"""So many rows of a table are shown."""
WAIT_SECONDS = 6.0
"""How long (real time) a page waits for all that was not looked at lately."""


class Machinery:
    """What is looked at beside the pages."""

    def __init__(self, desk: Desk) -> None:
        bootstrap, rates = desk.settings.kafka_bootstrap, Rates(desk.settings.kafka_bootstrap)
        self.report = Glance[Report]("report", lambda: examine(desk.settings, desk.store, desk.read_store))
        self.growth = Glance[Growth]("growth", lambda: rates.look(reading.topics_of(_agencies(desk))))
        self.behind = Glance[list[Behind]]("behind", lambda: reading.behind(bootstrap))
        self.owed = Glance[list[Owes]]("owed", lambda: reading.owed(desk.store))
        self.projected = Glance[list[Projected]]("projected", lambda: reading.projected(bootstrap, desk.read_store))

    def seen(self) -> dict[str, Seen[Any] | None]:
        """What was seen last of everything, by name; all that is due is looked at at once."""
        glances: dict[str, Glance[Any]] = {
            "report": self.report,
            "growth": self.growth,
            "behind": self.behind,
            "owed": self.owed,
            "projected": self.projected,
        }
        for one in glances.values():
            one.begin()
        until = time.monotonic() + WAIT_SECONDS
        return {name: one.get(max(0.0, until - time.monotonic())) for name, one in glances.items()}


def routes(desk: Desk) -> APIRouter:
    """The first page, and the whole report."""
    api, seen, machinery = APIRouter(), visits(desk, Role.OPERATOR), Machinery(desk)

    @api.get("/pipeline")
    def pipeline(visit: Annotated[Visit, Depends(seen)]) -> Response:
        values: dict[str, Any] = {"holds": desk.holds.on, "shown": SHOWN, "printable": printable}
        return visit.page("pipeline.html", "pipeline", **(values | machinery.seen()))

    @api.get("/pipeline/doctor")
    def doctor(visit: Annotated[Visit, Depends(seen)]) -> Response:
        report = machinery.report.get(WAIT_SECONDS)
        return visit.page("doctor.html", "pipeline", report=report, printable=printable)

    return api


def _agencies(desk: Desk) -> Sequence[Agency]:
    """The agencies in force, each with topics of its own; none while nothing is published."""
    try:
        return desk.references.newest().agencies
    except UnknownVersion:
        return ()
