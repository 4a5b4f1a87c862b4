"""A database behind two verbs, `begin` and `read`: SQLite (WAL) on one machine, PostgreSQL for a city."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from connectors.verdicts import TryLater

BUSY_MS = 15_000
MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "0001"
"""The newest migration; a test compares it with the folder."""
MIGRATION_LOCK = 0x686F736F
"""The number of PostgreSQL's advisory lock that one migration at a time holds ("hoso")."""
PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
"""SQLite's errors that pass by themselves or with an operator's help; the others are ours."""


class Store:
    """One database. Threads share it, each with a connection of its own for the length of a block."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def on_postgres(self) -> bool:
        """Whether statements of PostgreSQL's own may be used."""
        return self.engine.dialect.name == "postgresql"

    @property
    def address(self) -> str:
        """Where it is, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A writing transaction: all of the block or nothing. A database that is away or busy is TryLater, in doubt."""
        with _answering(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction; on SQLite it waits for no writer."""
        with _answering(), self.engine.connect().execution_options(reads_only=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the tables to this release's form. Processes that call it at once do it once."""
        if self._is_at(HEAD):
            return
        # Read only when there is something to do: seven processes start at once on two cores.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with _answering(), self._alone(), self.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def _is_at(self, revision: str) -> bool:
        """Whether the tables have this form already."""
        with _answering(), self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return False
            return bool(connection.scalar(text("SELECT version_num FROM alembic_version")) == revision)

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One migration at a time, over all processes."""
        if self.on_postgres:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
                # Closing the session lets the lock go, however it ends.
                yield
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
            return
        with Path(f"{self.engine.url.database}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def open_store(url: str) -> Store:
    """The database at this address; its folder is made if it is a file. Nothing is asked of it yet."""
    if make_url(url).get_backend_name() != "sqlite":
        return Store(create_engine(url, pool_pre_ping=True, pool_size=8))
    file = make_url(url).database
    assert file, "a SQLite address names a file"
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return Store(engine)


def _set_up(connection: Any, _: Any) -> None:
    # The driver's own transactions begin too late and as readers: ours begin in `_begin`.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer that began as a reader cannot wait for another writer: it is refused at once.
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what passes by itself into TryLater; an error of ours stays what it is."""
    try:
        yield
    except OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code is not None and code & 0xFF not in PASSING:
            raise
        raise TryLater(f"the database does not answer: {type(error.orig).__name__}", in_doubt=True) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise TryLater("the database went away", in_doubt=True) from error
        raise
