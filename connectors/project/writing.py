"""Rows into a set of tables, a batch in one transaction with the offsets it ends at: told twice is told once.

Tables that only grow take rows as they come, for the offset lets none in twice; of a dossier, a version and what has an
id of its own the last word counts, and the first.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.broker import Message
from connectors.project.heard import Row, Unreadable, hear
from connectors.project.tables import Tables
from connectors.store.insert import unless_there

Place = tuple[str, int]
"""A topic's partition."""
GROW = ("facts", "deadlines", "receipts", "rejections")
ONCE = ("tracking", "notices")
"""A row that is there stays."""
LATEST = {"dossiers": "code", "reference": "version"}
"""The last row of a key counts."""


@dataclass
class Written:
    """What became of a batch: which offset is next of each partition, and the records that no table could read."""

    next: dict[Place, int] = field(default_factory=dict)
    rows: int = 0
    unreadable: list[tuple[Message, str]] = field(default_factory=list)


def standing(connection: Connection, tables: Tables, topic: str) -> dict[int, int]:
    """The offset that comes next of each partition of a topic of which something was told; nobody is kept waiting."""
    table = tables.projected
    return {row.partition: row.next for row in connection.execute(select(table).where(table.c.topic == topic))}


def reached(connection: Connection, tables: Tables, places: Sequence[Place]) -> dict[Place, int]:
    """The offset that comes next of each of these partitions; they are ours alone until the transaction ends."""
    table = tables.projected
    rows = [{"topic": topic, "partition": partition, "next": 0} for topic, partition in sorted(places)]
    connection.execute(unless_there(connection, table), rows)
    mine = tuple_(table.c.topic, table.c.partition).in_(sorted(places))
    held = select(table).where(mine).order_by(table.c.topic, table.c.partition).with_for_update()
    return {(row.topic, row.partition): row.next for row in connection.execute(held)}


def write(connection: Connection, tables: Tables, messages: Sequence[Message], known: Mapping[Place, int]) -> Written:
    """Enter these records, each partition's in order; those below what is `known` to be next are passed over."""
    written, rows = Written(), defaultdict[str, list[Row]](list)
    for message in messages:
        place = (message.topic, message.partition)
        if message.offset < written.next.get(place, known[place]):
            continue
        written.next[place] = message.offset + 1
        try:
            hear(message, rows)
        except Unreadable as error:
            written.unreadable.append((message, str(error)))
    written.rows = sum(map(len, rows.values()))
    _enter(connection, tables, rows)
    for (topic, partition), offset in sorted(written.next.items()):
        stands = {"of_topic": topic, "of_partition": partition, "stands": offset}
        connection.execute(_standing(tables.projected), stands)
    return written


@cache
def _standing(table: Table) -> Any:
    """That a partition's next offset is this one."""
    at = (table.c.topic == bindparam("of_topic")) & (table.c.partition == bindparam("of_partition"))
    return update(table).where(at).values(next=bindparam("stands"))


def _enter(connection: Connection, tables: Tables, rows: Mapping[str, list[Row]]) -> None:
    for name in GROW:
        if rows[name]:
            connection.execute(insert(getattr(tables, name)), rows[name])
    for name in ONCE:
        if rows[name]:
            table = getattr(tables, name)
            key = next(iter(table.primary_key.columns)).name
            first = {row[key]: row for row in reversed(rows[name])}
            connection.execute(unless_there(connection, table), [first[one] for one in sorted(first)])
    for name, key in LATEST.items():
        if rows[name]:
            last = {row[key]: row for row in rows[name]}
            # In order of the key: two processes that write the same rows do not wait for each other in a ring.
            replacing = _replacing(connection.dialect.name, getattr(tables, name))
            connection.execute(replacing, [last[one] for one in sorted(last)])


@cache
def _replacing(dialect: str, table: Table) -> Any:
    """An insert whose row takes the place of the one with its key."""
    made: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    others = {column.name: made.excluded[column.name] for column in table.columns if not column.primary_key}
    return made.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=others)
