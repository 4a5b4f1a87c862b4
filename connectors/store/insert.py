"""An insert that passes over rows that are there already, in either database's words."""

from functools import cache

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def unless_there(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An insert into a table; a row whose key is taken changes nothing."""
    return _unless_there(connection.dialect.name, table)


@cache
def _unless_there(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
