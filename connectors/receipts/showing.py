"""A receipt as it is handed out: with the proof that it is among its day's, once that day is closed."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from connectors.store import receipts
from connectors.store.receipts import Kept
from rules.receipts.tree import path_to
from schemas.receipts import DayClosed


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt, whole, and as it is kept."""

    kept: Kept
    document: dict[str, Any]


def shown(connection: Connection, dossier: str, number: int | None = None) -> Shown | None:
    """The receipt of a dossier that is in effect, or its n-th; None if there is none."""
    kept = _kept(connection, dossier, number)
    if kept is None:
        return None
    document: dict[str, Any] = json.loads(kept.body)
    proof = _proof(connection, kept)
    return Shown(kept, document | ({"proof": proof} if proof else {}))


def _kept(connection: Connection, dossier: str, number: int | None) -> Kept | None:
    if number is None:
        return receipts.last_of(connection, [dossier]).get(dossier)
    return receipts.find(connection, dossier, number)


def _proof(connection: Connection, kept: Kept) -> dict[str, Any] | None:
    """Its place in the day's tree, what leads from there to the root, and the root as it was published."""
    day = date.fromisoformat(kept.day)
    closed = receipts.closed(connection, day)
    if closed is None:
        return None
    ids, leaves = zip(*receipts.leaves(connection, day), strict=True)
    place = ids.index(kept.id)
    root = DayClosed.decode(closed.body).data.model_dump(mode="json")
    return {"place": place, "path": [one.hex() for one in path_to(leaves, place)], "root": root}
