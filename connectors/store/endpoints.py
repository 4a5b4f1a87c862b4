"""`endpoints`: whether an agency's callback answered its challenge, or wants no more."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from connectors.store.tables import ENDPOINTS
from schemas.instant import clock


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How an agency's callback stands at its present address."""

    agency: str
    url: str
    verified: bool = False
    disabled: bool = False
    why: str | None = None


def find(connection: Connection, agency: str, url: str) -> Endpoint:
    """How it stands; a new address begins anew."""
    row = connection.execute(select(ENDPOINTS).where(ENDPOINTS.c.agency == agency)).one_or_none()
    if row is None or row.url != url:
        return Endpoint(agency, url)
    return Endpoint(agency, url, row.verified_at is not None, row.disabled_at is not None, row.why)


def verified(connection: Connection, agency: str, url: str) -> None:
    """It answered its challenge: it may be used."""
    _set(connection, agency, url, verified_at=clock().seconds())


def disabled(connection: Connection, agency: str, url: str, why: str) -> None:
    """It wants no more; another address, or an operator, begins anew."""
    _set(connection, agency, url, disabled_at=clock().seconds(), why=why)


def unproven(connection: Connection, agency: str, url: str, why: str) -> None:
    """It has not answered its challenge yet, and why."""
    _set(connection, agency, url, why=why)


def forget(connection: Connection, agency: str) -> None:
    """Begin anew: the next thing it gets is a challenge."""
    connection.execute(delete(ENDPOINTS).where(ENDPOINTS.c.agency == agency))


def _set(connection: Connection, agency: str, url: str, **values: Any) -> None:
    forget(connection, agency)
    connection.execute(insert(ENDPOINTS).values(agency=agency, url=url, **values))
