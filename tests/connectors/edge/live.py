"""A live edge with its real broker, database and read model, and behind it a dossier of each kind."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors import topics
from connectors.agencies import new_key
from connectors.broker import Producer
from connectors.edge.main import Edge
from connectors.edge.token import token_of
from connectors.gate.gate import tracking_code
from connectors.process import Service
from connectors.project.main import Project
from connectors.receipts.making import Making
from connectors.reference import publish
from connectors.secrets import Secrets, ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, feed, open_store
from connectors.store.feed import Told
from hoso import broker
from hoso.ports import free_port
from tests.builders import SAMPLES, a_bundle, an_agency
from tests.connectors.receipts.states import a_result, records, returned, states

OPEN, DONE, FOREIGN, NOBODYS = "H29.12-261102-0001", "H29.12-261102-0002", "H29.99-261102-0001", "H29.12-261102-0009"
AGENCIES = ("H29.12", "H29.99")
PATIENCE_SECONDS = 60
Known = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Live:
    """Where it listens, an agency's key, and what is there, by the name of the parameter or field that asks for it."""

    url: str
    key: str
    known: Known

    @property
    def auth(self) -> dict[str, str]:
        """The header of the key."""
        return {"authorization": f"Bearer {self.key}"}


@contextmanager
def a_live_edge(home: Path) -> Iterator[Live]:
    """An edge for the length of a block. Whoever guesses is not held up, and no agency has too much to say."""
    with broker.running() as running:
        settings = Settings(
            kafka_bootstrap=running.bootstrap,
            home=home,
            edge_port=free_port(),
            instance="live",
            track_misses_per_minute=100_000,
            track_misses_per_address_per_minute=10_000,
        )
        store, secrets, stop = (
            open_store(settings.database_url),
            ensure_secrets(settings.secrets_dir),
            threading.Event(),
        )
        store.migrate()
        topics.apply(running.bootstrap, AGENCIES)
        publish(running.bootstrap, a_bundle(agencies=[an_agency(code, events_per_minute=120_000) for code in AGENCIES]))
        services: list[Service] = [Edge(settings, stop), Project(settings, stop)]
        threads = [threading.Thread(target=service.run) for service in services]
        for thread in threads:
            thread.start()
        try:
            _until(lambda: all(service.ready() is None for service in services))
            url = f"http://{settings.edge_host}:{settings.edge_port}"
            yield _furnished(url, store, secrets, running.bootstrap)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for service in services:
                service.close()
            store.close()


def a_sample(number: str, **changes: Any) -> dict[str, Any]:
    """A sample event, of long ago."""
    found: dict[str, Any] = json.loads(next(SAMPLES.glob(f"{number}-*.json")).read_bytes())
    return found | {"time": "2020-11-02T08:15:00+07:00"} | changes


def _furnished(url: str, store: Store, secrets: Secrets, bootstrap: str) -> Live:
    """The edge with dossiers, a receipt and a notice behind it."""
    keys = {code: new_key(store, code) for code in AGENCIES}
    for code, numbers in {OPEN: ("02", "03"), DONE: ("02", "07"), FOREIGN: ("01",)}.items():
        agency = code.partition("-")[0]
        said = [a_sample(n, id=f"{code}-{n}", subject=code, source=f"/agencies/{agency}") for n in numbers]
        answer = httpx.post(f"{url}/v1/events", json=said, headers={"authorization": f"Bearer {keys[agency]}"})
        assert answer.json()["rejected"] == [], answer.text
    with Producer(bootstrap) as producer:
        signing = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
        Making(store, producer, signing).handle(records(*states([*a_result(DONE), returned(DONE)])))
    with store.begin() as transaction:
        told = json.dumps(a_sample("01")).encode()
        feed.put(transaction, [Told("H29.12", "n-1", "agency.notices", 0, 1, told)])
    tracking = {code: tracking_code(code, secrets.tracking.of(code)) for code in (OPEN, DONE, NOBODYS)}
    _until(lambda: httpx.get(f"{url}/track/{tracking[DONE]}").status_code == 200)
    known: Known = {
        "code": [OPEN, DONE, FOREIGN, NOBODYS],
        "dossier": ["", OPEN, DONE],
        "tracking": [*tracking.values(), f"{tracking[DONE]}.json"],
        "token": [token_of(secrets.tracking.of(DONE), tracking[DONE], time.time())],
        "carrier": ["myvnpost"],
        "name": ["vn.hoso.dossier.received.v1.json", "event.json", "app.webmanifest", "icon.svg", "icon-192.png"],
        "number": [1, 2],
    }
    return Live(url, keys["H29.12"], known)


def _until(found: Callable[[], bool]) -> None:
    """Return once it is so: nothing tells of it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not found():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
