"""What is taken away so that the database's own files do not hold it any longer either."""

from sqlalchemy import Connection, text

from connectors.store.store import Store


def overwrites(connection: Connection) -> None:
    """From here on this SQLite connection writes zeros over what it removes. PostgreSQL cannot: see `settle`."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def settle(store: Store, table: str, *, is_small: bool = False) -> None:
    """Bring the removal into the file itself: empty SQLite's log of writes, let PostgreSQL reuse the table's room.

    A reader that is under way may keep SQLite's log as it is; its next checkpoint does it then. PostgreSQL leaves bytes
    where it has not written again yet: a small table is written anew without them, for which everybody else waits.
    """
    vacuum = "VACUUM FULL" if is_small else "VACUUM"
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT", reads_only=True) as connection:
        connection.execute(text(f"{vacuum} {table}" if store.on_postgres else "PRAGMA wal_checkpoint(TRUNCATE)"))
