"""Which set of tables serves, which is being filled, and how one takes the other's place.

A set is filled from certain topics; made anew, a topic is another one, and the set is of the past. The serving set is
looked up within the transaction that writes or reads it, so that a swap is seen by all at once.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, inspect, select, text, update

from connectors.project.tables import FORM, LETTERS, SETS, Tables, tables_of
from connectors.store import Store
from connectors.verdicts import TryLater
from schemas.instant import clock

LOCK = 0x72656164
"""The number of PostgreSQL's advisory lock under which sets are made and swapped ("read")."""


class SetState(StrEnum):
    """What a set is for."""

    FILLING = "FILLING"
    SERVING = "SERVING"
    BEFORE = "BEFORE"
    """It served before; it stays until the next one is filled."""


@dataclass(frozen=True, slots=True)
class Set:
    """A set of tables, and the identity of each topic it is filled from."""

    name: str
    state: SetState
    topics: Mapping[str, str]

    @property
    def tables(self) -> Tables:
        """Its tables."""
        return tables_of(self.name)


class NotFilled(TryLater):
    """There is no read model of this release's form yet."""


def prepare(store: Store, topics: Mapping[str, str]) -> Set:
    """The serving set, made if there is none: the first one serves from its first row on."""
    with _alone(store) as connection:
        return _serving(connection) or _made(connection, SetState.SERVING, topics)


def filling(store: Store, topics: Mapping[str, str]) -> Set:
    """The set to fill beside the one that serves; one that somebody began on the same topics is gone on with."""
    with _alone(store) as connection:
        begun = next((one for one in _all(connection) if one.state is SetState.FILLING), None)
        if begun is not None and begun.topics == topics:
            return begun
        return _made(connection, SetState.FILLING, topics)


def swap(store: Store, filled: Set) -> None:
    """From now on this set serves, for all who write and read."""
    with _alone(store) as connection:
        for one in _all(connection):
            state = SetState.SERVING if one.name == filled.name else SetState.BEFORE
            if one.state is not state:
                connection.execute(
                    update(SETS).where(SETS.c.name == one.name).values(state=state, since=clock().seconds())
                )


def serving(connection: Connection) -> Set:
    """The set that serves, as this transaction sees it. Raises NotFilled."""
    if connection.dialect.has_table(connection, SETS.name) and (found := _serving(connection)):
        return found
    raise NotFilled("there is no read model yet: `hoso project` makes it")


@contextmanager
def looking(store: Store) -> Iterator[tuple[Connection, Tables]]:
    """A reading transaction in which every look sees the same moment, and the tables that serve. Raises NotFilled."""
    with store.read() as connection:
        if store.on_postgres:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield connection, serving(connection).tables


def _serving(connection: Connection) -> Set | None:
    return next((one for one in _all(connection) if one.state is SetState.SERVING), None)


def _all(connection: Connection) -> list[Set]:
    rows = connection.execute(select(SETS.c.name, SETS.c.state, SETS.c.topics).where(SETS.c.form == FORM))
    return [Set(row.name, SetState(row.state), json.loads(row.topics)) for row in rows]


def _made(connection: Connection, state: SetState, topics: Mapping[str, str]) -> Set:
    """A set with empty tables, under the letter that does not serve."""
    serves = _serving(connection)
    name = next(name for letter in LETTERS if (name := f"{FORM}{letter}") != (serves.name if serves else ""))
    tables_of(name).metadata.drop_all(connection)
    connection.execute(delete(SETS).where(SETS.c.name == name))
    tables_of(name).metadata.create_all(connection)
    row = {"name": name, "form": FORM, "state": state, "topics": json.dumps(topics), "since": clock().seconds()}
    connection.execute(insert(SETS), row)
    return Set(name, state, dict(topics))


@contextmanager
def _alone(store: Store) -> Iterator[Connection]:
    """A transaction in which nobody else makes or swaps sets."""
    with store.begin() as connection:
        if store.on_postgres:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if not inspect(connection).has_table(SETS.name):
            SETS.create(connection)
        yield connection
