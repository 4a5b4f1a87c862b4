"""What is taken away so that the database's own files do not hold it any longer either."""

from sqlalchemy import Connection, text

from connectors.store.store import Store


def overwrites(connection: Connection) -> None:
    """From here on this SQLite connection writes zeros over what it removes. PostgreSQL does so by vacuum, later."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def settle(store: Store, table: str) -> None:
    """Bring the removal into the file itself: empty SQLite's log of writes, let PostgreSQL reuse the table's room.

    A reader that is under way may keep SQLite's log as it is; its next checkpoint does it then.
    """
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT", reads_only=True) as connection:
        connection.execute(text(f"VACUUM {table}" if store.on_postgres else "PRAGMA wal_checkpoint(TRUNCATE)"))
