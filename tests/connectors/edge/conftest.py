"""The HTTP door on a loopback port, over doubles."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from connectors.agencies import new_key
from connectors.edge.app import make_app
from connectors.edge.door import Door
from connectors.gate.gate import Gate
from connectors.reference import References
from connectors.seal import Evidence
from connectors.settings import Settings
from tests.builders import a_bundle, an_agency
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets


class Rig:
    """A running door, a client that knocks on it, and what it published."""

    def __init__(self, door: Door, producer: KeptProducer, client: httpx.Client) -> None:
        self.door, self.producer, self.client = door, producer, client
        self.keys = {code: new_key(door.store, code) for code in ("H29.12", "H29.99", "H29.55", "H29.05")}

    def auth(self, agency: str = "H29.12") -> dict[str, str]:
        """The header of an agency's key."""
        return {"authorization": f"Bearer {self.keys[agency]}"}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder: Path = tmp_path_factory.mktemp("edge")
    agencies = [
        an_agency("H29.12", aliases=["000.00.12.H29"]),
        an_agency("H29.99"),
        an_agency("H29.05", events_per_minute=2),
    ]
    references: References = FixedReferences(a_bundle(agencies=agencies))
    with a_store(folder) as store, socket.socket() as listening:
        secrets, producer = some_secrets(folder), KeptProducer()
        gate = Gate(secrets, store, producer, references)
        settings = Settings(kafka_bootstrap="nowhere:1", home=folder)
        boxes = Evidence(secrets.evidence), Evidence(secrets.feed)
        door = Door(settings, store, producer, references, gate, *boxes, tracking=secrets.tracking)
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(make_app(door), access_log=False, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            # A connection made before it listens is refused: its transport tries again.
            with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=10), timeout=30) as client:
                yield Rig(door, producer, client)
        finally:
            server.should_exit = True
            thread.join()
