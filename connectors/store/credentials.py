"""`agency_keys` and `agency_secrets`: what agencies show at the HTTP door, hashed; what signs callbacks, sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from connectors.store.insert import unless_there
from connectors.store.tables import AGENCY_KEYS, AGENCY_SECRETS
from schemas.instant import clock

NAME = 8
"""How much of a key's hash names it to people."""


@dataclass(frozen=True, slots=True)
class Held:
    """What an agency has: how many keys and callback secrets are good at this moment."""

    agency: str
    keys: int
    secrets: int


def add_key(connection: Connection, agency: str, hashed: str) -> None:
    """Let the bearer of the key with this hash in as that agency."""
    row = {"hash": hashed, "agency": agency, "created_at": clock().seconds()}
    connection.execute(unless_there(connection, AGENCY_KEYS), row)


def agency_of(connection: Connection, hashed: str) -> str | None:
    """Whose key has this hash; None if nobody's, or it is revoked."""
    good = and_(AGENCY_KEYS.c.hash == hashed, AGENCY_KEYS.c.revoked_at.is_(None))
    return connection.execute(select(AGENCY_KEYS.c.agency).where(good)).scalar()


def revoke_key(connection: Connection, agency: str, beginning: str) -> int:
    """Let the bearer of the keys whose hash begins so in no longer; how many there were."""
    mine = and_(AGENCY_KEYS.c.agency == agency, AGENCY_KEYS.c.revoked_at.is_(None))
    those = and_(mine, AGENCY_KEYS.c.hash.startswith(beginning, autoescape=True))
    return connection.execute(update(AGENCY_KEYS).where(those).values(revoked_at=clock().seconds())).rowcount


def add_secret(connection: Connection, agency: str, kind: str, sealed: bytes) -> None:
    """Sign this agency's callbacks with one more secret."""
    row = {"agency": agency, "kind": kind, "sealed": sealed, "created_at": clock().seconds()}
    connection.execute(insert(AGENCY_SECRETS), row)


def retire_secrets(connection: Connection, agency: str, kind: str, at: datetime) -> None:
    """The secrets in force sign until then and no longer."""
    in_force = and_(
        AGENCY_SECRETS.c.agency == agency, AGENCY_SECRETS.c.kind == kind, AGENCY_SECRETS.c.retired_at.is_(None)
    )
    connection.execute(update(AGENCY_SECRETS).where(in_force).values(retired_at=at.timestamp()))


def secrets(connection: Connection, agency: str, kind: str) -> Sequence[bytes]:
    """The sealed secrets in force, the newest first."""
    good = and_(AGENCY_SECRETS.c.agency == agency, AGENCY_SECRETS.c.kind == kind, _not_retired())
    rows = select(AGENCY_SECRETS.c.sealed).where(good).order_by(AGENCY_SECRETS.c.id.desc())
    return list(connection.execute(rows).scalars())


def held(connection: Connection) -> dict[str, Held]:
    """What every agency has."""
    keys = select(AGENCY_KEYS.c.agency, func.count()).where(AGENCY_KEYS.c.revoked_at.is_(None))
    secrets = select(AGENCY_SECRETS.c.agency, func.count()).where(_not_retired())
    counted = [
        {agency: int(number) for agency, number in connection.execute(rows)}
        for rows in (keys.group_by(AGENCY_KEYS.c.agency), secrets.group_by(AGENCY_SECRETS.c.agency))
    ]
    agencies = sorted(counted[0].keys() | counted[1].keys())
    return {agency: Held(agency, counted[0].get(agency, 0), counted[1].get(agency, 0)) for agency in agencies}


@dataclass(frozen=True, slots=True)
class Since:
    """A key or a callback secret that is good: the beginning of a key's hash, and since when (driven seconds).

    `until`: when it ends by itself.
    """

    agency: str
    name: str
    at: float
    until: float | None = None


def keys_since(connection: Connection) -> list[Since]:
    """Every key that is good, the oldest first."""
    rows = select(AGENCY_KEYS).where(AGENCY_KEYS.c.revoked_at.is_(None)).order_by(AGENCY_KEYS.c.created_at)
    return [Since(row.agency, row.hash[:NAME], row.created_at) for row in connection.execute(rows)]


def secrets_since(connection: Connection, kind: str) -> list[Since]:
    """Every secret that is in force, the oldest first."""
    good = and_(AGENCY_SECRETS.c.kind == kind, _not_retired())
    rows = select(AGENCY_SECRETS).where(good).order_by(AGENCY_SECRETS.c.id)
    return [Since(row.agency, str(row.id), row.created_at, row.retired_at) for row in connection.execute(rows)]


def keep_newest(connection: Connection, agency: str, kind: str) -> int:
    """Of the secrets in force all but the newest sign no longer; how many there were."""
    mine = and_(AGENCY_SECRETS.c.agency == agency, AGENCY_SECRETS.c.kind == kind)
    newest = select(func.max(AGENCY_SECRETS.c.id)).where(mine).scalar_subquery()
    older = and_(mine, _not_retired(), AGENCY_SECRETS.c.id != newest)
    return connection.execute(update(AGENCY_SECRETS).where(older).values(retired_at=clock().seconds())).rowcount


def _not_retired() -> ColumnElement[bool]:
    return or_(AGENCY_SECRETS.c.retired_at.is_(None), AGENCY_SECRETS.c.retired_at > clock().seconds())
