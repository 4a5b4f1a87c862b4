"""A database of its own for each test, on SQLite and on PostgreSQL; a broker of its own for each file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import topics
from connectors.project import sets
from connectors.store import Store, open_store
from hoso import broker


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hoso.db'}"
    # Asked for only here: a run of `-m 'not postgres'` starts no server.
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def bare(address: str) -> Iterator[Store]:
    """A database without tables."""
    store = open_store(address)
    yield store
    store.close()


@pytest.fixture
def store(bare: Store) -> Store:
    """What the doors owe."""
    bare.migrate()
    return bare


@pytest.fixture
def model(bare: Store) -> Store:
    """An empty read model."""
    sets.prepare(bare, {"dossier.events": "one"})
    return bare


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A broker of a file's own: whole topics are counted."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        yield running.bootstrap
