"""The console on a loopback port over a read model that was told some stories."""

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from connectors.console import people
from connectors.console.app import AT, make_console
from connectors.console.desk import Desk
from connectors.console.main import desk_of
from connectors.console.people import Person, Role
from connectors.holds import Holds
from connectors.project import sets
from connectors.reference import References
from connectors.settings import Settings
from connectors.store import Store, open_store
from schemas.event import Event
from tests.builders import a_bundle, an_agency
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets
from tests.connectors.project.told import Told, enter

PASSWORD = "mật khẩu thử nghiệm"
PEOPLE = {
    "can.bo": Person("can.bo", Role.AGENCY, "H29.12"),
    "can.bo.khac": Person("can.bo.khac", Role.AGENCY, "H29.99"),
    "thanh.pho": Person("thanh.pho", Role.CITY),
    "van.hanh": Person("van.hanh", Role.OPERATOR),
}
WORD = re.compile(r'name="form" value="([0-9a-f]+)"')


@dataclass
class House:
    """A running console; `say` tells its read model more, `into` gives a client that somebody is signed in with."""

    desk: Desk
    told: Told
    producer: KeptProducer
    url: str
    _entered: int = 0
    _clients: list[httpx.Client] = field(default_factory=list)

    def say(self, *facts: Event) -> None:
        """More facts, and all that the rules make of them, in the read model."""
        self.told.say(*facts)
        self.enter()

    def enter(self) -> None:
        """What was told since the last time, into the read model."""
        if news := self.told.records[self._entered :]:
            enter(self.desk.read_store, news)
        self._entered = len(self.told.records)

    def guest(self) -> httpx.Client:
        """A client of nobody."""
        # A connection made before it listens is refused: its transport tries again.
        client = httpx.Client(base_url=self.url, transport=httpx.HTTPTransport(retries=10), timeout=30)
        self._clients.append(client)
        return client

    def into(self, name: str) -> httpx.Client:
        """A client that this person is signed in with."""
        client = self.guest()
        answer = client.post(f"{AT}/sign-in", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def send(self, client: httpx.Client, path: str, page: str = "/", **fields: str) -> httpx.Response:
        """A form of a page, with the word that the page carries."""
        found = WORD.search(client.get(f"{AT}{page}").text)
        assert found, "the page carries no form"
        return client.post(f"{AT}{path}", data={"form": found[1], **fields})

    def close(self) -> None:
        """Let the clients go."""
        for client in self._clients:
            client.close()


@contextmanager
def open_house(
    folder: Path,
    facts: Sequence[Event] = (),
    read_store: Store | None = None,
    settings: Settings | None = None,
    references: References | None = None,
    producer: KeptProducer | None = None,
) -> Iterator[House]:
    """A console over a read model of its own, or over this one, with everybody of PEOPLE in its file."""
    bundle = a_bundle(agencies=[an_agency("H29.12", aliases=["000.00.12.H29"]), an_agency("H29.99")])
    references = references or FixedReferences(bundle)
    settings = settings or Settings(kafka_bootstrap="nowhere:1", home=folder)
    read = read_store or open_store(settings.read_database_url)
    sets.prepare(read, {"dossier.events": "one"})
    with a_store(folder) as store, socket.socket() as listening, pytest.MonkeyPatch.context() as patch:
        producer = producer or KeptProducer()
        holds = Holds(settings.kafka_bootstrap, references.edition().resolve)
        desk = desk_of(settings, store, read, producer, references, holds, some_secrets(folder))
        # A password is meant to be slow to try; here hundreds are.
        patch.setitem(people.COST, "n", 2**6)
        for person in PEOPLE.values():
            desk.people.add(person, PASSWORD)
        app = FastAPI()
        app.mount(AT, make_console(desk))
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        house = House(desk, Told(bundle), producer, f"http://127.0.0.1:{listening.getsockname()[1]}")
        try:
            house.enter()
            house.say(*facts)
            yield house
        finally:
            house.close()
            desk.pulse.close()
            server.should_exit = True
            thread.join()
            if read_store is None:
                read.close()
