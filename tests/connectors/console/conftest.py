"""A console for the tests of one module, whose read model knows dossiers of every kind."""

from collections.abc import Iterator

import pytest

from tests.connectors.console.house import House, open_house
from tests.connectors.project.stories import stories


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("console"), stories()) as open_one:
        yield open_one
