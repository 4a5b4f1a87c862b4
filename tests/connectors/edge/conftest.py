"""The HTTP door on a loopback port, over doubles."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn

from connectors import history
from connectors.agencies import new_key
from connectors.broker import Message
from connectors.edge.app import make_app
from connectors.edge.door import Door
from connectors.edge.guesses import Guesses
from connectors.gate.gate import Gate
from connectors.project import remembered
from connectors.reference import References
from connectors.seal import Evidence
from connectors.settings import Settings
from connectors.store import open_store
from connectors.verdicts import TryLater
from schemas.dossier import LOG
from schemas.event import Event
from tests.builders import a_bundle, an_agency
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets

Keep = Callable[..., list[bytes]]
"""Makes these facts the log; what it gives back grows with every look at it."""


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
        read, guesses = open_store(settings.read_database_url), Guesses(10_000, 10_000)
        door = Door(
            settings, store, producer, references, gate, *boxes, tracking=secrets.tracking, read=read, guesses=guesses
        )
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(make_app(door), access_log=False, log_config=None, proxy_headers=False))
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
            read.close()


_codes = (f"H29.12-261102-{number:04d}" for number in itertools.count(1))


@pytest.fixture
def code() -> str:
    """A dossier that no other test speaks of."""
    return next(_codes)


@pytest.fixture
def on_the_log(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Makes these facts the log, and behind them what the door publishes."""

    def keep(*events: Event, away: bool = False) -> list[bytes]:
        looks: list[bytes] = []

        def whole_key(_: str, topic: str, key: bytes, *_more: object) -> list[Message]:
            looks.append(key)
            if away:
                raise TryLater("no broker")
            mine = [event for event in (*events, *rig.producer.on(LOG)) if event.subject.encode() == key]
            return [Message(topic, 0, place, key, event.encode()) for place, event in enumerate(mine)]

        def read_known(
            _: str, topic: str, key: bytes, partition: int, offsets: Iterable[int], __: int
        ) -> list[Message]:
            found = whole_key(_, topic, key)
            # Of the read model's offsets each has its record, and behind them stands what it was not told yet.
            known = dict(enumerate(sorted(offsets)))
            return [
                replace(one, partition=partition, offset=known.get(place, 10**6 + place))
                for place, one in enumerate(found)
            ]

        monkeypatch.setattr(history, "whole_key", whole_key)
        monkeypatch.setattr(remembered, "read_known", read_known)
        return looks

    return keep
