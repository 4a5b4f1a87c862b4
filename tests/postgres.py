"""A real PostgreSQL for tests: a private server, and on it a new database for each who asks."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from connectors.store import Store
from hoso import postgres
from hoso.java import CannotStart

OPTIONS = {
    # What a test leaves behind is thrown away, so nothing waits for the disk.
    "synchronous_commit": "off",
    "fsync": "off",
    "full_page_writes": "off",
}


@contextmanager
def running() -> Iterator[str]:
    """The address of a private PostgreSQL for the length of a block; it ends with this process, however that ends."""
    try:
        postgres.programs()
    except CannotStart as error:
        raise CannotStart(
            f"{error}. HOSO_TEST_POSTGRES_URL names a server instead; `pytest -m 'not postgres'` does without"
        ) from error
    with postgres.running(OPTIONS) as server:
        yield server.url


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """The address of a new and empty database on this server, dropped when the block ends, whoever is in it."""
    name = f"hoso_test_{uuid.uuid4().hex[:12]}"
    postgres.tell(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        postgres.tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def files_of(store: Store) -> list[bytes]:
    """The files that a database on this machine lies in, without the server's log of writes."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT", reads_only=True) as connection:
        connection.execute(text("CHECKPOINT"))
        data = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        number = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    if not (data / "base").is_dir():
        pytest.skip("the server is on another machine: its files cannot be looked into")
    return [file.read_bytes() for file in (data / "base" / str(number)).iterdir() if file.is_file()]
