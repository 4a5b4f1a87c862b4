"""What every test may ask for: a real Kafka for the whole session."""

from collections.abc import Iterator

import pytest

from hoso import broker


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a real broker with a home and a port of its own; it ends with the session."""
    with broker.running() as running:
        yield running.bootstrap


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the broker, so that `-m 'not broker'` leaves it out."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)
