"""Each dossier's row against the workers' last word on it: the state is put together from the row and laid beside."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from connectors.project import sets
from connectors.rebuilding import last_states
from connectors.store import Store
from schemas.instant import aware
from schemas.state import DossierStateChanged

NOT_KEPT = frozenset({"parked", "handed_over"})
"""Of the public state: why a dossier is parked is text of the machinery (that it is, is compared); what was handed over
is for receipts.
"""

State = DossierStateChanged.Data


def differences(bootstrap: str, store: Store) -> tuple[int, list[str]]:
    """How many dossiers were compared, and every difference, a line each. Raises TryLater, NotFilled.

    What the workers say while it reads may show as a difference: compare a second time, or while they are quiet.
    """
    said = last_states(bootstrap)
    with sets.looking(store) as (connection, tables):
        found = connection.execute(select(tables.dossiers), execution_options={"yield_per": 500})
        lines = list(compare(found, said))
    return len(said), lines


def compare(rows: Iterable[Row[Any]], said: Mapping[str, State]) -> Iterable[str]:
    """Every difference between rows and states, a line each."""
    seen: set[str] = set()
    for row in rows:
        seen.add(row.code)
        state = said.get(row.code)
        if state is None:
            yield f"{row.code}: it has a row, and no state was said"
            continue
        kept = state_of(row)
        if row.parked != (state.parked is not None):
            yield f"{row.code}: parked is {row.parked}, and was said as {state.parked is not None}"
        for name in State.model_fields.keys() - NOT_KEPT:
            if getattr(kept, name) != getattr(state, name):
                yield f"{row.code}: {name} is {getattr(kept, name)!r}, and was said as {getattr(state, name)!r}"
    for code in sorted(set(said) - seen):
        yield f"{code}: a state was said, and it has no row"


def state_of(row: Row[Any]) -> State:
    """The public state that a row tells of, as far as it is kept."""
    clock = {
        "state": row.clock_state,
        "started_at": _iso(row.started_at),
        "due_on": row.due_on,
        "due_at": _iso(row.due_at),
        "outcome": row.outcome,
        "provisional": row.provisional,
        "reason": row.reason,
        "basis": row.basis,
        "problem": row.problem,
        "facts": json.loads(row.clock_facts),
    }
    plain = {name: getattr(row, name) for name in State.model_fields if name in row._fields}
    lists = {"days": json.loads(row.days), "legs": json.loads(row.legs)}
    return State.model_validate({**plain, **lists, "clock": clock, "parked": None})


def _iso(seconds: float | None) -> str | None:
    at: datetime | None = aware(seconds) if seconds is not None else None
    return at.isoformat() if at else None
