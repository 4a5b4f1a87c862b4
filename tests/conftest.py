"""What every test may ask for: a real Kafka and a real PostgreSQL for the whole session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from hoso import broker
from tests.postgres import a_database, running
from tests.side_by_side import FAILURES

# A slow machine breaks no law.
settings.register_profile("hoso", deadline=None)
settings.load_profile("hoso")

MARKS = {"kafka": pytest.mark.broker, "postgres": pytest.mark.postgres}
"""What a test is marked with if it asks for this fixture."""


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a real broker with a home and a port of its own; it ends with the session."""
    with broker.running() as started:
        yield started.bootstrap


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL that ends with the session, or of the one that HOSO_TEST_POSTGRES_URL names."""
    if given := os.environ.get("HOSO_TEST_POSTGRES_URL"):
        yield given
        return
    with running() as address:
        yield address


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """The address of a database of the test's own."""
    with a_database(postgres) as address:
        yield address


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down what failed, for whoever runs parts of the tests side by side (tests/side_by_side.py)."""
    _write_down(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """The same of a file that cannot be read."""
    _write_down(report)


def _write_down(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.failed and (path := os.environ.get(FAILURES)):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid}\n")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for a server, so that `-m 'not broker'` or `-m 'not postgres'` leaves it out."""
    for item in items:
        for fixture, mark in MARKS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
