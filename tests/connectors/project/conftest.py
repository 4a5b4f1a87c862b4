"""A read model of its own for each test: on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.project import sets
from connectors.store import Store, open_store


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    address = f"sqlite:///{tmp_path / 'read.db'}"
    if request.param == "postgres":
        # Asked for only here: a run of `-m 'not postgres'` starts no server.
        address = str(request.getfixturevalue("postgres_database"))
    made = open_store(address)
    sets.prepare(made, {"dossier.events": "one"})
    yield made
    made.close()
