"""A database of its own for each test: SQLite always, PostgreSQL where HOSO_TEST_POSTGRES_URL names one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.store import Store, open_store
from connectors.store.tables import METADATA

POSTGRES = os.environ.get("HOSO_TEST_POSTGRES_URL")
BOTH = [
    "sqlite",
    pytest.param(
        "postgres",
        marks=[
            pytest.mark.postgres,
            pytest.mark.skipif(POSTGRES is None, reason="HOSO_TEST_POSTGRES_URL names no PostgreSQL"),
        ],
    ),
]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hoso.db'}"
        return
    assert POSTGRES is not None
    yield POSTGRES
    store = open_store(POSTGRES)
    METADATA.drop_all(store.engine)
    with store.begin() as conn:
        conn.execute(text("DROP TABLE IF EXISTS alembic_version"))
    store.close()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url)
    store.migrate()
    yield store
    store.close()
