"""What the tests of stock Faust need: nothing of ours is installed in these apps."""

from pathlib import Path

import faust
import pytest

from tests.streams.stock.stock import a_stock_app


@pytest.fixture
def anyio_backend() -> str:
    """Faust knows asyncio only."""
    return "asyncio"


@pytest.fixture
def stock(tmp_path: Path) -> faust.App:
    """An app as Faust makes it, never started."""
    return a_stock_app("127.0.0.1:1", tmp_path)
