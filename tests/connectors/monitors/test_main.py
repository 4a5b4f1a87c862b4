"""`hoso monitor` as it is run: on real Kafka, beside the databases that others fill."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from connectors.broker import Producer
from connectors.monitors.dossiers import Projection
from connectors.monitors.main import Monitor
from connectors.project import sets
from connectors.project.heard import TOPICS
from connectors.settings import Settings
from connectors.store import callbacks, open_store
from connectors.store.queue import Owed, Queue
from hoso.ports import LOOPBACK, free_port
from schemas.dossier import LOG
from schemas.telemetry import BY_NAME
from tests.builders import received
from tests.connectors.monitors.seen import shown, value
from tests.connectors.project.told import Told, enter
from tests.waiting import until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Running:
    """A monitor, and its operators' port."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self._url = process, f"http://{LOOPBACK}:{port}"

    def says(self, path: str) -> tuple[int, str]:
        """Status and text; status 0 while nobody listens."""
        try:
            with urlopen(self._url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except URLError:
            return 0, ""

    def metrics(self) -> Samples:
        """Every sample of ours."""
        families = text_string_to_metric_families(self.says("/metrics")[1])
        return {
            (one.name, frozenset(one.labels.items())): one.value
            for family in families
            for one in family.samples
            if one.name.startswith("hoso_")
        }

    def shows(self, name: str, **labels: str) -> float | None:
        return self.metrics().get((name, frozenset(labels.items())))


@contextmanager
def monitor(bootstrap: str, home: Path) -> Iterator[Running]:
    port = free_port()
    env = os.environ | {
        "HOSO_KAFKA_BOOTSTRAP": bootstrap,
        "HOSO_HOME": str(home),
        "HOSO_OPS_PORT": str(port),
        "HOSO_INSTANCE": "monitor-0",
        "HOSO_MONITOR_SECONDS": "0.2",
        "HOSO_MONITOR_DOSSIERS_SECONDS": "0.2",
        "HOSO_CLOCK": "",
    }
    command = [sys.executable, "-m", "hoso.cli.main", "monitor"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Running(process, port)
        finally:
            process.kill()


def test_the_monitor_is_ready_once_it_has_looked_at_everything_shows_it_and_ends_in_order(
    cluster: str, tmp_path: Path
) -> None:
    settings = Settings(kafka_bootstrap=cluster, home=tmp_path)
    store, model = open_store(settings.database_url), open_store(settings.read_database_url)
    store.migrate()
    with store.begin() as connection:
        Queue(store, callbacks.QUEUE).put(connection, [Owed("a", "H29.12", "a", 1, b"word")])
    sets.prepare(model, {})
    enter(model, Told().say(received()).records)

    with monitor(cluster, tmp_path) as running:
        until(lambda: running.says("/readyz")[0] == 200, what="ready")
        samples = running.metrics()
        with store.begin() as connection:
            Queue(store, callbacks.QUEUE).put(connection, [Owed("b", "H29.12", "b", 1, b"word")])
        until(lambda: running.shows("hoso_owed", queue="callbacks", lane="H29.12") == 2, what="the second is seen")
        beat = running.shows("hoso_heartbeat_timestamp_seconds")
        running.process.terminate()
        assert running.process.wait(60) == 0
        # Of the lines those that are ours: a library that warns writes plain text.
        words = [json.loads(line) for line in running.process.stdout or () if line.startswith("{")]

    assert ("hoso_owed", frozenset({("queue", "callbacks"), ("lane", "H29.12")})) in samples
    assert ("hoso_dossiers_open", frozenset({("agency", "H29.12"), ("status", "RECEIVED")})) in samples
    assert samples["hoso_projection_behind_records", frozenset({("topic", LOG)})] == 0
    assert samples["hoso_group_members", frozenset({("group", "hoso-worker")})] == 0
    looks = {dict(labels)["look"] for name, labels in samples if name == "hoso_look_timestamp_seconds"}
    assert looks == {"readers", "holds", "letters", "projection", "queues", "dossiers"}
    assert beat is not None and abs(time.time() - beat) < 30
    assert {name for name, _ in samples} <= BY_NAME.keys()
    assert (words[0]["event"], words[-1]["event"]) == ("process.started", "process.stopped")
    store.close()
    model.close()


def test_without_a_broker_the_heart_beats_the_queues_are_seen_and_it_says_what_it_cannot_see(tmp_path: Path) -> None:
    settings = Settings(kafka_bootstrap=f"{LOOPBACK}:{free_port()}", home=tmp_path)
    store = open_store(settings.database_url)
    store.migrate()
    with store.begin() as connection:
        Queue(store, "dispatch").put(connection, [Owed("a", "ems", "a", 1, b"order")])

    with monitor(settings.kafka_bootstrap, tmp_path) as running:
        until(lambda: running.shows("hoso_owed", queue="dispatch", lane="ems") == 1, what="the queues are seen")
        first = running.shows("hoso_heartbeat_timestamp_seconds")
        until(lambda: running.shows("hoso_heartbeat_timestamp_seconds") != first, what="it beats on")
        status, why = running.says("/readyz")

    assert (status, why) == (503, "it has not seen yet: readers, holds, letters\n")
    store.close()


def test_a_look_that_meets_what_is_no_verdict_ends_the_process_with_it(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    settings = Settings(kafka_bootstrap=cluster, home=tmp_path, monitor_seconds=0.2)
    store = open_store(settings.database_url)
    with store.begin() as connection:
        # A table of ours that is not as this release knows it.
        connection.exec_driver_sql("CREATE TABLE owed (something INTEGER)")
    store.close()
    made = Monitor(settings, threading.Event(), CollectorRegistry())

    with pytest.raises(Exception, match="no such"):
        made.run()
    made.close()


def test_the_read_model_is_behind_by_what_its_own_tables_lack_whatever_was_committed(
    cluster: str, tmp_path: Path
) -> None:
    model = open_store(f"sqlite:///{tmp_path / 'read.db'}")
    looks = Projection(cluster, model)
    nothing = looks.look()
    sets.prepare(model, {})
    with Producer(cluster) as producer:
        facts = [received(code=f"H29.12-261102-{number:04d}") for number in range(1, 21)]
        producer.publish(facts)

    empty = looks.look()
    with model.begin() as connection:
        table = sets.serving(connection).tables.projected
        connection.execute(table.insert().values(topic=LOG, partition=0, next=10**6))
    part = looks.look()

    assert nothing == []
    assert set(shown(empty, "hoso_projection_behind_records")) == {(topic,) for topic in TOPICS}
    assert value(empty, "hoso_projection_behind_records", LOG) == 20
    behind = value(part, "hoso_projection_behind_records", LOG)
    assert behind is not None and 0 < behind < 20
    model.close()
