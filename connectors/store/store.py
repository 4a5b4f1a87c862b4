"""A database behind two verbs, `begin` and `read`: SQLite (WAL) on one machine, PostgreSQL for a city."""

import fcntl
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from connectors.verdicts import TryLater

T = TypeVar("T")

BUSY_MS = 15_000
LOOK_AGAIN_SECONDS = 0.001
"""How soon a writer looks again whether SQLite's one lock is free; SQLite itself would sleep up to 100 ms."""
MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "0007"
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
        self._writing = threading.Lock()
        self._small: deque[tuple[Callable[[Connection], Any], Future[Any]]] = deque()

    @property
    def on_postgres(self) -> bool:
        """Whether statements of PostgreSQL's own may be used."""
        return self.engine.dialect.name == "postgresql"

    @property
    def address(self) -> str:
        """Where it is, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def begin(self, *, lasting: bool = True) -> Iterator[Connection]:
        """A writing transaction: all of the block or nothing. A database that is away or busy is TryLater, in doubt.

        Once it is over it outlives any process, and the machine's power too; not `lasting`, SQLite may lose it with the
        power as long as nothing that lasts was written after it: for what may as well happen again.
        """
        with _answering(), self._alone_here() as turn:
            with self.engine.begin() as connection:
                before = _changes(connection)
                yield connection
                changed = _changes(connection) != before
            turn.close()
            if lasting and changed and not self.on_postgres:
                self._make_it_last()

    def together(self, do: Callable[[Connection], T]) -> T:
        """What this gives within a transaction that need not last, shared with all who wait to write at the same time.

        What fails for one fails for all of that transaction: for small writes that fail only with the database.
        """
        if self.on_postgres:
            with self.begin() as connection:
                return do(connection)
        mine: Future[T] = Future()
        self._small.append((do, mine))
        try:
            with self._alone_here():
                if not mine.done():
                    self._write_small()
        except TryLater:
            # Nobody does it later, when we have given up: its result would be nobody's.
            if mine.cancel():
                raise
        with _answering():
            return mine.result()

    def _write_small(self) -> None:
        """One transaction for every small write that waits, and its result, or what went wrong, to each."""
        waiting = [self._small.popleft() for _ in range(len(self._small))]
        jobs = [(do, mine) for do, mine in waiting if mine.set_running_or_notify_cancel()]
        try:
            with self.engine.begin() as connection:
                results = [do(connection) for do, _ in jobs]
        except BaseException as error:
            for _, one in jobs:
                one.set_exception(error)
            return
        for (_, one), result in zip(jobs, results, strict=True):
            one.set_result(result)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction; on SQLite it waits for no writer."""
        with _answering(), self.engine.connect().execution_options(reads_only=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the tables to this release's form. Processes that call it at once do it once.

        Tables of a newer release stay as they are: migrations only add, so that the release before can come back.
        """
        if (found := self._revision()) is not None and found >= HEAD:
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

    def _revision(self) -> str | None:
        """The migration that the tables were brought to; None where there are none yet. Their numbers only grow."""
        with _answering(), self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return str(found) if found is not None else None

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()

    @contextmanager
    def _alone_here(self) -> Iterator[ExitStack]:
        """On SQLite, while no other thread of ours writes: whoever waits holds no connection, and is woken at once."""
        with ExitStack() as turn:
            if not self.on_postgres:
                if not self._writing.acquire(timeout=BUSY_MS / 1000):
                    raise TryLater("the database does not answer: its writers wait too long", in_doubt=True)
                turn.callback(self._writing.release)
            yield turn

    def _make_it_last(self) -> None:
        """What SQLite's synchronous=FULL does within a commit, done after it: the others need not wait for the disk."""
        try:
            log = os.open(f"{self.engine.url.database}-wal", os.O_RDONLY)
        except FileNotFoundError:
            return  # Its last connection has closed: all is in the database itself, on disk.
        try:
            os.fdatasync(log)
        finally:
            os.close(log)

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
    # NORMAL, for `begin` itself waits for the disk, after it has let go of the lock.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("reads_only"):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        if not _locked(driver):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_MS}")


def _changes(connection: Connection) -> int | None:
    """How many rows this connection has changed so far; None where nobody counts them."""
    driver: Any = connection.connection.driver_connection
    return driver.total_changes if isinstance(driver, sqlite3.Connection) else None


def _locked(driver: sqlite3.Connection) -> bool:
    """Whether we have the writers' lock, after looking for it again and again.

    A writer that began as a reader could not wait for another writer: it would be refused at once.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while time.monotonic() < until:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                return False
        time.sleep(LOOK_AGAIN_SECONDS)
    return False


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
