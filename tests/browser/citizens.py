"""A city for citizens' pages: a real broker, the HTTP door and the read model as they run, and what happens in it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from connectors import topics
from connectors.agencies import new_key
from connectors.broker import Producer, read_key
from connectors.dated_keys import DatedKeys
from connectors.edge.finding import dossier_of
from connectors.edge.main import Edge
from connectors.gate.gate import tracking_code
from connectors.project.main import Project
from connectors.project.sets import NotFilled
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, open_store
from hoso.ports import LOOPBACK, free_port
from schemas.dossier import LOG, Rated
from schemas.event import Event, type_name
from schemas.instant import now
from schemas.reference import ReferencePublished
from tests.builders import a_bundle, a_postal_fact, an_agency

AGENCY, STRANGE_AGENCY = "H29.12", "H29.99"
STRANGE = 'Một cửa <script>alert("x")</script> & "mẫu"'
"""An agency's name that would be a script."""
PATIENCE_SECONDS = 60
_sequence = count(1)


@dataclass
class City:
    """The door's address, its log, and its key of tracking codes."""

    url: str
    bootstrap: str
    read: Store
    producer: Producer
    tracking_keys: DatedKeys
    agency_keys: dict[str, str]
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def state(self, code: str, fact: str, days_ago: float = 0, **data: Any) -> None:
        """The agency whose code the dossier bears states a fact over HTTP."""
        agency = code.split("-")[0]
        event = {
            "specversion": "1.0",
            "id": f"{code}-{fact}-{next(_sequence)}",
            "source": f"/agencies/{agency}",
            "type": type_name("dossier", fact),
            "subject": code,
            "time": (now() - timedelta(days=days_ago)).isoformat(),
            "data": data,
        }
        answer = self.client.post(f"{self.url}/v1/events", json=event, headers=self.auth(agency))
        assert answer.status_code == 202, answer.text

    def auth(self, agency: str = AGENCY) -> dict[str, str]:
        """The header of an agency's key."""
        return {"authorization": f"Bearer {self.agency_keys[agency]}"}

    def receive(self, days_ago: float = 3, agency: str = AGENCY, **data: Any) -> str:
        """A dossier that no other test speaks of is received; its code, once its citizen can find it."""
        code = f"{agency}-{now():%y%m%d}-{next(_sequence):04d}"
        stated = {
            "procedure_code": "1.004873",
            "channel": "COUNTER",
            "receiving_agency": agency,
            "competent_agency": agency,
            "return_mode": "COUNTER",
        }
        self.state(code, "received", days_ago, **(stated | data))
        self._until(lambda: dossier_of(self.read, self.tracking(code)) == code)
        return code

    def finish(self, code: str) -> None:
        """Its result is there."""
        self.state(code, "result_ready", outcome="APPROVED", physical=True)

    def post(self, code: str, fact: str, then: datetime, **data: Any) -> None:
        """The post says something, as dispatch and translate put it on the log."""
        told = a_postal_fact(fact, f"{then:%Y-%m-%d %H:%M}", code=code, **data)
        self.producer.publish([told])

    def ratings(self, code: str) -> list[Rated]:
        """The ratings of a dossier on the log."""
        events = [Event.decode(one.value) for one in read_key(self.bootstrap, LOG, code.encode()) if one.value]
        return [event for event in events if isinstance(event, Rated)]

    def tracking(self, code: str) -> str:
        """The tracking code on its slip."""
        return tracking_code(code, self.tracking_keys.of(code))

    def page_of(self, code: str, lang: str = "vi") -> str:
        """The address of its citizen's page."""
        return f"{self.url}/track/{self.tracking(code)}?lang={lang}"

    def _until(self, holds: Callable[[], bool]) -> None:
        """Return once it holds: a table tells nobody that it has a new row."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                if holds():
                    return
            except NotFilled:
                pass
            threading.Event().wait(0.05)
        raise AssertionError("it never came")


@contextmanager
def a_city(bootstrap: str, home: Path) -> Iterator[City]:
    """The door and the read model on this broker, for the length of a block."""
    port = free_port()
    settings = Settings(
        kafka_bootstrap=bootstrap,
        home=home,
        edge_port=port,
        instance="browser",
        session_seconds=6,
        # A test's browser says where it is.
        trusted_proxies="127.0.0.0/8",
    )
    agencies = [an_agency(AGENCY), an_agency(STRANGE_AGENCY, name=STRANGE, name_en=STRANGE)]
    bundle = a_bundle(agencies=agencies)
    topics.apply(bootstrap, [AGENCY, STRANGE_AGENCY])
    with Producer(bootstrap, "test") as producer:
        said = ReferencePublished(id="r-1", source="/hoso/reference", subject=bundle.version, time=now(), data=bundle)
        producer.publish([said])
        store, read = open_store(settings.database_url), open_store(settings.read_database_url)
        store.migrate()
        keys = ensure_secrets(settings.secrets_dir)
        agency_keys = {code: new_key(store, code) for code in (AGENCY, STRANGE_AGENCY)}
        with _running(settings):
            yield City(f"http://{LOOPBACK}:{port}", bootstrap, read, producer, keys.tracking, agency_keys)
        read.close()
        store.close()


@contextmanager
def _running(settings: Settings) -> Iterator[None]:
    """Edge and project, each on a thread, until the block ends."""
    stop = threading.Event()
    edge, project = Edge(settings, stop), Project(settings, stop)
    threads = [threading.Thread(target=one.run, name=type(one).__name__) for one in (edge, project)]
    for thread in threads:
        thread.start()
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while why := edge.ready() or project.ready():
            assert time.monotonic() < end, why
            stop.wait(0.05)
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        edge.close()
        project.close()
