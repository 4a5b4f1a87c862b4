"""The post's side on real Kafka and real processes: asked, taken, moved, confirmed; and an orderly end."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import topics
from connectors.broker import Producer, read_key
from connectors.reference import publish, read_dir
from connectors.seal import Evidence
from connectors.secrets import ensure_secrets
from connectors.settings import REPOSITORY, Settings
from hoso.ports import free_port
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM, now
from schemas.postal import Certainty, ItemMoved, OrderAccepted, ParcelStatus, Via, WebhookReceived, WebhookVerdict
from tests.connectors.carriers.post_double import Post, a_post
from tests.connectors.carrying import a_request, settings_in
from tests.waiting import until

DOSSIER = f"H29.12-261102-{uuid.uuid4().int % 10**7:07d}"


@contextmanager
def a_process(module: str, settings: Settings, post: Post, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A process of the pipeline, as `hoso up` starts one; it ends with the block, in order."""
    env = {
        "PYTHONPATH": str(REPOSITORY),
        "HOSO_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOSO_HOME": str(settings.home),
        "HOSO_INSTANCE": f"{module}-{DOSSIER}",
        "HOSO_MYVNPOST_URL": post.url,
        "HOSO_IN_DOUBT_SECONDS": "2",
        "HOSO_OPS_PORT": str(port),
    }
    log = settings.home / f"{module}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", f"connectors.{module}"], env=os.environ | env, stdout=out, stderr=out, text=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(60) == 0, log.read_text()[-3000:]
        finally:
            process.kill()


@pytest.fixture
def settings(kafka: str, tmp_path: Path) -> Settings:
    topics.apply(kafka, [])
    publish(kafka, read_dir(REPOSITORY / "deploy" / "reference"))
    return settings_in(tmp_path, kafka_bootstrap=kafka)


def facts(settings: Settings, kind: type[Event]) -> list[Any]:
    messages = read_key(settings.kafka_bootstrap, LOG, DOSSIER.encode())
    return [event for event in (Event.decode(one.value or b"") for one in messages) if isinstance(event, kind)]


def test_an_order_is_taken_its_webhook_told_and_what_it_told_confirmed(settings: Settings) -> None:
    port = free_port()
    with (
        a_post() as post,
        a_process("dispatch", settings, post, port),
        a_process("translate", settings, post),
        a_process("poll", settings, post),
        Producer(settings.kafka_bootstrap) as producer,
    ):
        producer.publish([a_request(settings, dossier=DOSSIER)])
        (accepted,) = until(lambda: facts(settings, OrderAccepted))

        at = now() - timedelta(minutes=1)
        shown = at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
        post.parcels[0].status, post.parcels[0].updated = 14, shown
        producer.publish([_webhook(settings, post, shown)])
        confirmed = until(
            lambda: [one for one in facts(settings, ItemMoved) if one.data.certainty is Certainty.CONFIRMED]
        )

        ready = urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60).read()
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read().decode()

    assert accepted.data.item_code == post.parcels[0].item
    reported = facts(settings, ItemMoved)[0]
    assert (reported.data.certainty, reported.data.status) == (Certainty.REPORTED, ParcelStatus.DELIVERED)
    assert confirmed[0].data.model_dump(include={"leg", "status", "at", "item_code"}) == reported.data.model_dump(
        include={"leg", "status", "at", "item_code"}
    )
    assert ready == b"ready\n"
    assert 'hoso_calls_total{partner="myvnpost",verdict="2xx"}' in metrics
    started = json.loads((settings.home / "dispatch.log").read_text().splitlines()[0])
    assert (started["event"], started["process"], started["myvnpost"]) == ("process.started", "dispatch", post.url)
    assert json.loads((settings.home / "dispatch.log").read_text().splitlines()[-1])["event"] == "process.stopped"
    assert "Nguyễn" not in (settings.home / "dispatch.log").read_text()


def _webhook(settings: Settings, post: Post, updated: str) -> WebhookReceived:
    parcel = post.parcels[0]
    record = {"itemCode": parcel.item, "saleOrderCode": parcel.reference, "status": 14, "updatedDate": updated}
    body = json.dumps({"data": [record], "sendDate": updated}).encode()
    evidence = Evidence(ensure_secrets(settings.secrets_dir).evidence)
    data = WebhookReceived.Data(
        carrier="myvnpost", via=Via.WEBHOOK, verdict=WebhookVerdict.NONE, body=evidence.seal(body)
    )
    digest = uuid.uuid4().hex
    return WebhookReceived(id=digest, source="/hoso/edge", subject=digest, time=now(), data=data)


def test_a_process_without_its_broker_setting_says_so_and_stops() -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("HOSO_")}

    ended = subprocess.run(
        [sys.executable, "-m", "connectors.translate"],
        env=env | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr == "HOSO_KAFKA_BOOTSTRAP is wrong: it is not set.\n"
