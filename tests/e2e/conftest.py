"""One house for all stories."""

from collections.abc import Iterator

import pytest

from tests.e2e.house import House, built


@pytest.fixture(scope="package")
def house(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole pipeline, running; every story takes a dossier code of its own."""
    with built(kafka, tmp_path_factory.mktemp("house")) as running:
        yield running
