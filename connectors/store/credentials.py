"""`agency_keys` and `agency_secrets`: what agencies show at the HTTP door, hashed; what signs callbacks, sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from connectors.store.insert import unless_there
from connectors.store.tables import AGENCY_KEYS, AGENCY_SECRETS
from schemas.instant import clock


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


def _not_retired() -> ColumnElement[bool]:
    return or_(AGENCY_SECRETS.c.retired_at.is_(None), AGENCY_SECRETS.c.retired_at > clock().seconds())
