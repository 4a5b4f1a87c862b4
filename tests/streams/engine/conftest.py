"""A rig a test on the session's Kafka."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.streams.engine.rig import Rig


@pytest.fixture
def anyio_backend() -> str:
    """Faust knows asyncio only."""
    return "asyncio"


@pytest.fixture
def rig(kafka: str, tmp_path: Path) -> Iterator[Rig]:
    """Topics of its own, and no worker left behind."""
    made = Rig(kafka, tmp_path)
    made.make_topics()
    yield made
    made.close()
