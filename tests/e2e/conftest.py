"""One house for all stories, and one who is told of its spans."""

from collections.abc import Iterator

import pytest

from tests.collector import Collector
from tests.e2e.house import House, built


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Somebody outside who is told of every span."""
    with Collector() as running:
        yield running


@pytest.fixture(scope="package")
def house(kafka: str, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole pipeline, running, every process of which tells of its spans; every story takes a code of its own."""
    with built(kafka, tmp_path_factory.mktemp("house"), HOSO_TRACES_URL=collector.url) as running:
        yield running
