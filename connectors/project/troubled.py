"""What the read model knows of dossiers that wait for an operator: parked ones, silent items, codes nobody knows."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from connectors.project.tables import Tables
from schemas.postal import ParcelStatus


@dataclass(frozen=True, slots=True)
class Silent:
    """An open leg whose time to be heard of is over."""

    dossier: str
    leg: str
    carrier: str
    expected_by: datetime


def parked(connection: Connection, tables: Tables) -> list[str]:
    """The dossiers of which a fact could not be folded, by code."""
    table = tables.dossiers
    return list(connection.execute(select(table.c.code).where(table.c.parked).order_by(table.c.code)).scalars())


def silent(connection: Connection, tables: Tables, moment: datetime) -> list[Silent]:
    """The open legs of which nobody has heard in time, the longest silence first."""
    table = tables.dossiers
    late = table.c.heard_by.is_not(None) & (table.c.heard_by < moment.timestamp())
    rows = connection.execute(select(table.c.code, table.c.legs).where(late))
    found = [
        Silent(row.code, leg["leg"], leg["carrier"], by)
        for row in rows
        for leg in json.loads(row.legs)
        if leg.get("expected_by") and (by := datetime.fromisoformat(leg["expected_by"])) < moment
    ]
    return sorted(found, key=lambda one: (one.expected_by, one.dossier))


def unknown_codes(connection: Connection, tables: Tables, since: datetime) -> dict[str, int]:
    """How many updates since then carried a code that no table holds, by carrier."""
    facts = tables.facts
    rows = (
        select(facts.c.carrier, func.count())
        .where(facts.c.kind == "item_moved", facts.c.at >= since.timestamp(), facts.c.word == ParcelStatus.UNKNOWN)
        .group_by(facts.c.carrier)
    )
    return {carrier: int(count) for carrier, count in connection.execute(rows)}
