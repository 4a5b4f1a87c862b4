"""What every page works with: who asks, the read model as they may see it, and where an operator's word goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, true

from connectors.broker import Producer
from connectors.console.people import People, Person, Role
from connectors.console.pulse import Pulse
from connectors.console.session import Sessions
from connectors.holds import Holds
from connectors.project import sets
from connectors.project.library import Library, NoReference, library
from connectors.project.sectors import sectors
from connectors.project.tables import Tables
from connectors.reference import References
from connectors.secrets import Secrets
from connectors.settings import Settings
from connectors.store import Store
from connectors.verdicts import TryLater


class NotYours(LookupError):
    """What was asked for is not there, or is another agency's: the same to whoever asks."""


@dataclass(frozen=True, slots=True)
class Look:
    """The read model at one moment, as one person may see it; beside it `doors`, what the doors themselves keep."""

    connection: Connection
    tables: Tables
    library: Library
    person: Person
    doors: Store

    @property
    def agency(self) -> str | None:
        """The one agency they see, by the code it goes by today; None if they see all."""
        return self.library.newest.resolve(self.person.agency) if self.person.agency else None

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that agency is or was known by."""
        found = self.library.newest.agency(self.agency)
        return (found.code, *found.aliases) if found else (self.agency,) if self.agency else ()

    def theirs(self) -> ColumnElement[bool]:
        """Which dossiers they may see: an agency those it received, decides or holds."""
        if self.person.agency is None:
            return true()
        table = self.tables.dossiers.c
        return or_(*(column.in_(self.codes) for column in _parts(table)))

    def dossier(self, code: str) -> Any:
        """A dossier's row. Raises NotYours."""
        table = self.tables.dossiers
        row = self.connection.execute(select(table).where(table.c.code == code, self.theirs())).one_or_none()
        if row is None:
            raise NotYours(code)
        return row


def _parts(table: Any) -> tuple[Any, ...]:
    return table.competent_agency, table.receiving_agency, table.holder


@dataclass(frozen=True)
class Desk:
    """The console's tools. Whoever makes it closes them."""

    settings: Settings
    store: Store
    read_store: Store
    producer: Producer
    references: References
    holds: Holds
    secrets: Secrets
    people: People
    sessions: Sessions
    pulse: Pulse
    _kept: dict[str, tuple[tuple[str, int], Library]] = field(default_factory=dict)
    _keeping: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def look(self, person: Person) -> Iterator[Look]:
        """The read model at one moment, for this person. Raises TryLater while there is none, or no database."""
        with sets.looking(self.read_store) as (connection, tables):
            yield Look(connection, tables, self._library(connection, tables), person, self.store)

    def _library(self, connection: Connection, tables: Tables) -> Library:
        """Prepared reference data, made anew only when another version came in."""
        place = connection.scalar(select(func.max(tables.reference.c.place)))
        key = (tables.reference.name, -1 if place is None else place)
        with self._keeping:
            found = self._kept.get("library")
            if found is None or found[0] != key:
                try:
                    found = (key, library(connection, tables, sectors()))
                except NoReference as error:
                    raise TryLater(str(error)) from error
                self._kept["library"] = found
        return found[1]


def may(person: Person, *roles: Role) -> bool:
    """Whether somebody has one of these roles."""
    return person.role in roles
