"""How agencies stand at the doors, for whoever only looks: heard of when, their callbacks, how much they are owed.

Nothing here changes a row. Instants are driven unix seconds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from connectors.store.callbacks import QUEUE
from connectors.store.endpoints import Endpoint
from connectors.store.queue import WAITING, OwedState
from connectors.store.tables import ENDPOINTS, GATE_SEEN, OWED

LATELY = 20_000
"""So many events that came in last are looked at first: most who send anything are among them."""


@dataclass(frozen=True, slots=True)
class Untold:
    """Callbacks of an agency that it has not taken: still owed, given up, set aside."""

    owed: int = 0
    gave_up: int = 0
    aside: int = 0


def heard_last(connection: Connection, sources: Iterable[str]) -> dict[str, float]:
    """When an event of each source came in last; a source of which none ever did is left out."""
    lately = select(GATE_SEEN.c.source, GATE_SEEN.c.at).order_by(GATE_SEEN.c.at.desc()).limit(LATELY).subquery()
    rows = select(lately.c.source, func.max(lately.c.at)).group_by(lately.c.source)
    found = {source: float(at) for source, at in connection.execute(rows)}
    wanted = set(sources)
    if rare := sorted(wanted - found.keys()):
        # Whoever is not among the last has sent little, or nothing for long: its own part of the key is short.
        rows = select(GATE_SEEN.c.source, func.max(GATE_SEEN.c.at)).where(GATE_SEEN.c.source.in_(rare))
        found |= {source: float(at) for source, at in connection.execute(rows.group_by(GATE_SEEN.c.source))}
    return {source: at for source, at in found.items() if source in wanted}


def untold(connection: Connection, agencies: Collection[str]) -> dict[str, Untold]:
    """What each of these agencies has not taken; one that took everything is left out."""
    states = (*WAITING, OwedState.GAVE_UP, OwedState.ASIDE)
    rows = select(OWED.c.lane, OWED.c.state, func.count()).where(
        OWED.c.queue == QUEUE, OWED.c.lane.in_(sorted(agencies)), OWED.c.state.in_(states)
    )
    counts: dict[str, dict[str, int]] = {}
    for lane, state, count in connection.execute(rows.group_by(OWED.c.lane, OWED.c.state)):
        counts.setdefault(lane, {})[state] = count
    return {
        lane: Untold(sum(by.get(state, 0) for state in WAITING), by.get("GAVE_UP", 0), by.get("ASIDE", 0))
        for lane, by in counts.items()
    }


def endpoints(connection: Connection, urls: Mapping[str, str]) -> dict[str, Endpoint]:
    """How the callback of each agency stands at its present address; a new address begins anew."""
    rows = connection.execute(select(ENDPOINTS).where(ENDPOINTS.c.agency.in_(sorted(urls))))
    known = {
        row.agency: Endpoint(row.agency, row.url, row.verified_at is not None, row.disabled_at is not None, row.why)
        for row in rows
        if row.url == urls[row.agency]
    }
    return {agency: known.get(agency) or Endpoint(agency, url) for agency, url in urls.items()}
