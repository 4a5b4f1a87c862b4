"""The log's own records of the facts that the read model has rows of: fetched by the place that each row keeps."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from connectors.broker import Message
from connectors.broker.places import read_at
from connectors.project.heard import OFFSETS
from schemas.dossier import LOG


class Archived(LookupError):
    """Some of these records are no more on the topic: they are in the archive alone."""


def found(bootstrap: str, rows: Iterable[Row[Any]]) -> list[Message]:
    """The records of these rows of `facts`, in the log's order; each is of its row's dossier.

    Raises Archived where the topic has one no more, and TryLater while the broker is away.
    """
    dossiers = {place_in(row.place): row.dossier for row in rows}
    records = read_at(bootstrap, LOG, dossiers)
    # A log made anew has other records in the old places: the read model is filled again then.
    mine = [one for one in records if one.key == dossiers[one.partition, one.offset].encode()]
    if len(mine) < len(dossiers):
        raise Archived(f"{len(dossiers) - len(mine)} of {len(dossiers)} records are no more on {LOG}")
    return mine


def place_in(place: int) -> tuple[int, int]:
    """Partition and offset of a row's place."""
    return place >> OFFSETS, place & ((1 << OFFSETS) - 1)
