"""The doors on a real broker: both ways in, one gate; three ways back."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaProducer

from connectors import topics
from connectors.agencies import new_key, new_secret
from connectors.broker import Producer, read_all, read_key
from connectors.edge.main import Edge
from connectors.intake import Intake
from connectors.notify.main import Notify
from connectors.process import Service
from connectors.reference import publish
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store
from hoso import broker
from hoso.ports import free_port
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS, NoticeDelivered
from schemas.ops import DEAD_LETTERS
from tests.builders import SAMPLES, a_bundle, an_agency
from tests.connectors.notify.conftest import a_notice
from tests.connectors.notify.ear import Ear
from tests.waiting import until


class Doors:
    """Edge, intake and notify on a broker, and the ways in and out."""

    def __init__(self, settings: Settings, key: str, ear: Ear) -> None:
        self.settings, self.key, self.ear = settings, key, ear
        self.url = f"http://{settings.edge_host}:{settings.edge_port}"

    def post(self, *said: dict[str, Any]) -> httpx.Response:
        """Through the HTTP door."""
        return httpx.post(f"{self.url}/v1/events", json=list(said), headers={"authorization": f"Bearer {self.key}"})

    def get(self, path: str) -> httpx.Response:
        """What the agency may read."""
        return httpx.get(f"{self.url}{path}", headers={"authorization": f"Bearer {self.key}"})

    def on(self, topic: str, key: str | None = None) -> list[Event]:
        """What stands on a topic."""
        bootstrap = self.settings.kafka_bootstrap
        found = read_all(bootstrap, topic) if key is None else read_key(bootstrap, topic, key.encode())
        return [Event.decode(message.value) for message in found if message.value]


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker of its own: whole processes read whole topics, and so do other tests."""
    with broker.running() as running:
        yield running.bootstrap


@pytest.fixture(scope="module")
def doors(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    home: Path = tmp_path_factory.mktemp("doors")
    os.environ.pop("HOSO_CLOCK", None)
    settings = Settings(kafka_bootstrap=kafka, home=home, edge_port=free_port(), instance="doors")
    store = open_store(settings.database_url)
    store.migrate()
    secrets = ensure_secrets(settings.secrets_dir)
    key, stop = new_key(store, "H29.12"), threading.Event()
    with Ear(new_secret(store, secrets.openers_public, "H29.12")) as ear:
        callback = {"url": ear.url, "development": True}
        agencies = [an_agency("H29.12", callback=callback, results_topic=True), an_agency("H29.99")]
        bundle = a_bundle("doors-1", agencies=agencies)
        topics.apply(kafka, ["H29.12", "H29.99"], results=["H29.12"])
        publish(kafka, bundle)
        services: list[Service] = [Edge(settings, stop), Intake(settings, stop), Notify(settings, stop)]
        threads = [threading.Thread(target=service.run) for service in services]
        for thread in threads:
            thread.start()
        try:
            until(lambda: all(service.ready() is None for service in services))
            yield Doors(settings, key, ear)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            for service in services:
                service.close()
            store.close()


def a_sample(number: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(SAMPLES.glob(f"{number}-*.json")).read_bytes())
    return found | {"time": "2020-11-02T08:15:00+07:00"} | changes


def test_what_http_accepted_is_on_the_log(doors: Doors) -> None:
    said = a_sample("01", id="http-1", subject="H29.12-261102-0101")

    answer = doors.post(said)

    assert answer.status_code == 202
    (fact,) = doors.on(LOG, "H29.12-261102-0101")
    assert (fact.id, fact.refversion) == ("http-1", "doors-1")


def test_a_plain_client_on_its_topic_is_let_in_and_a_stranger_is_not(doors: Doors) -> None:
    mine = a_sample("02", id="kafka-1", subject="H29.12-261102-0102")
    foreign = a_sample("01", id="kafka-2", subject="H29.12-261102-0102")
    binary = {f"ce_{name}": str(value).encode() for name, value in (mine | {"id": "kafka-3"}).items() if name != "data"}
    client = KafkaProducer(bootstrap_servers=doors.settings.kafka_bootstrap)
    client.send("agency.events.H29.12", json.dumps(mine).encode(), b"any")
    client.send("agency.events.H29.12", json.dumps(mine["data"]).encode(), b"any", list(binary.items()))
    client.send("agency.events.H29.12", b"garbage", timestamp_ms=0)
    client.send("agency.events.H29.99", json.dumps(foreign).encode(), b"any")
    client.flush()
    client.close()

    facts = until(lambda: len(found := doors.on(LOG, "H29.12-261102-0102")) == 2 and found)
    letters = until(lambda: [one for one in doors.on(DEAD_LETTERS) if one.subject == "agency.events.H29.12"])
    rejected = until(lambda: [one for one in doors.on(REJECTIONS) if one.subject == "H29.99"])

    assert [fact.id for fact in facts] == ["kafka-1", "kafka-3"]
    assert facts[0].data.contact.sealed
    assert (letters[0].data.offset, letters[0].data.partition) == (2, 0) or letters[0].data.reason
    assert "source" in {error.field for error in rejected[0].data.errors}


def test_a_notice_comes_back_by_all_three_ways(doors: Doors) -> None:
    notices = [a_notice(n, "H29.12-261102-0103") for n in (1, 2, 3)]
    with Producer(doors.settings.kafka_bootstrap) as producer:
        producer.publish(notices)

    heard: list[str] = []
    while len(heard) < 3:
        if (call := doors.ear.next()).said["subject"] == "H29.12-261102-0103":
            heard.append(call.id)

    wanted = [notice.id for notice in notices]
    assert heard == wanted
    assert [one["id"] for one in doors.get("/v1/feed").json()["events"] if one["id"] in wanted] == wanted
    assert [one.id for one in doors.on("results.H29.12") if one.id in wanted] == wanted
    receipts = until(
        lambda: len(found := [one for one in doors.on(RECEIPTS) if isinstance(one, NoticeDelivered)]) >= 3 and found
    )
    assert set(wanted) <= {one.data.notice_id for one in receipts}
    assert doors.on(NOTICES)


def test_a_rejection_is_in_the_answer_on_the_topic_in_the_feed_and_called(doors: Doors) -> None:
    answer = doors.post(a_sample("32", id="bad-1"))

    assert answer.status_code == 422
    heard = until(lambda: (call := doors.ear.next()).said["type"] == "vn.hoso.gate.event_rejected.v1" and call)
    assert heard.said["data"]["id"] == "bad-1"
    assert heard.id in [one["id"] for one in doors.get("/v1/feed").json()["events"]]
    assert heard.id in [one.id for one in doors.on(REJECTIONS)]


def test_an_agency_sees_its_dossier_with_the_working_and_not_anothers(doors: Doors) -> None:
    code = "H29.12-261102-0104"
    doors.post(*(a_sample(number, id=f"d-{number}", subject=code) for number in ("02", "03", "04")))

    state, timeline, deadline = (
        doors.get(f"/v1/dossiers/{code}{part}").json() for part in ("", "/timeline", "/deadline")
    )

    assert state["state"]["receiving_agency"] == "H29.12"
    assert [one["id"] for one in timeline["timeline"]] == ["d-02", "d-03", "d-04"]
    assert timeline["timeline"][0]["data"]["contact"]["sealed"] == "[sealed]"
    assert deadline["working"]
    assert deadline["clock"]["due_on"]
    assert doors.get("/v1/dossiers/H29.99-261102-0001").status_code == 404
