"""`reveals`: who opened a citizen's contact, of which dossier, when and why. Written before anything is shown."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from connectors.store.tables import REVEALS
from schemas.instant import aware


@dataclass(frozen=True, slots=True)
class Reveal:
    """One look at a contact. `kinds` are the facts of the log that were opened; `agency` is the person's own."""

    at: datetime
    person: str
    role: str
    agency: str | None
    dossier: str
    why: str
    kinds: tuple[str, ...]


def keep(connection: Connection, one: Reveal) -> None:
    """Put it on record."""
    row = asdict(one) | {"at": one.at.timestamp(), "kinds": " ".join(one.kinds)}
    connection.execute(insert(REVEALS), row)


def last(connection: Connection, dossier: str | None = None, most: int = 100) -> list[Reveal]:
    """The last of all or of one dossier, the newest first."""
    rows = select(*(REVEALS.c[name] for name in Reveal.__slots__)).order_by(REVEALS.c.id.desc()).limit(most)
    if dossier is not None:
        rows = rows.where(REVEALS.c.dossier == dossier)
    found = (dict(row._mapping) for row in connection.execute(rows))
    return [Reveal(**row | {"at": aware(row["at"]), "kinds": tuple(row["kinds"].split())}) for row in found]
