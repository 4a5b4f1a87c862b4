"""The two kinds of storage: a folder, and a real HTTP server that speaks S3."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from moto.server import ThreadedMotoServer

from connectors.archive import Archive, Store, open_archive


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an object storage on this machine."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty bucket's prefix, with the environment that opens it."""
    name = f"b-{uuid.uuid4().hex[:8]}"
    for key, value in {
        "AWS_ENDPOINT": s3,
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(key, value)
    assert requests.put(f"{s3}/{name}", timeout=10).ok
    return f"s3://{name}/city/log"


@pytest.fixture(params=["folder", "bucket"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An empty archive of either kind."""
    return open_archive(request.getfixturevalue("bucket") if request.param == "bucket" else str(tmp_path / "archive"))


@pytest.fixture
def store(archive: Archive) -> Store:
    """An empty storage of either kind."""
    return archive.store
