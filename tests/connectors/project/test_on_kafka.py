"""The read model on a real broker: filled while it runs, killed, filled anew beside, swapped, and compared."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from connectors import topics
from connectors.broker import Producer, admin
from connectors.project import sets
from connectors.project.comparing import differences
from connectors.project.filling import fill
from connectors.project.main import Project, identities
from connectors.project.tables import FORM
from connectors.settings import Settings
from connectors.store import Store, open_store
from hoso import broker
from schemas.dossier import LOG
from schemas.state import STATE
from tests.builders import received, result_ready
from tests.connectors.project.stories import by_post, stories
from tests.connectors.project.told import Told, enter, everything
from tests.waiting import until


@pytest.fixture
def cluster() -> Iterator[str]:
    """A broker of its own: whole topics are read and made anew."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        yield running.bootstrap


class House:
    """The process on a thread, its database, and what was said on the topics so far."""

    def __init__(self, bootstrap: str, home: Path) -> None:
        self.settings = Settings(kafka_bootstrap=bootstrap, home=home, instance="project-0", session_seconds=6)
        self.store: Store = open_store(self.settings.read_database_url)
        self.told, self._published = Told(), 0
        self._stop, self._thread = threading.Event(), threading.Thread()

    def publish(self) -> None:
        """What is new of the told, on its topics."""
        with Producer(self.settings.kafka_bootstrap, "test") as producer:
            for one in self.told.records[self._published :]:
                producer.publish_to(one.topic, one.key or b"", one.value or b"")
        self._published = len(self.told.records)

    def start(self) -> None:
        self._stop = threading.Event()
        project = Project(self.settings, self._stop)

        def live() -> None:
            try:
                project.run()
            finally:
                project.close()

        self._thread = threading.Thread(target=live)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def holds_all(self) -> bool:
        """Whether every record said so far is in the tables."""
        try:
            with sets.looking(self.store) as (connection, tables):
                rows = connection.execute(tables.projected.select())
                return sum(int(row.next) for row in rows) >= self._published
        except sets.NotFilled:
            return False


@pytest.fixture
def house(cluster: str, tmp_path: Path) -> Iterator[House]:
    made = House(cluster, tmp_path)
    yield made
    made.stop() if made._thread.is_alive() else None
    made.store.close()


def test_a_read_model_is_kept_killed_filled_anew_swapped_and_compared(house: House) -> None:
    bootstrap, store = house.settings.kafka_bootstrap, house.store
    house.told.say(*stories())
    house.publish()
    house.start()
    until(house.holds_all)
    first = everything(store)
    assert differences(bootstrap, store) == (len(house.told.dossiers), [])

    # Stopped and started again, it goes on where it was.
    house.stop()
    house.told.say(result_ready("2026-11-28 10:00", code="H29.12-261102-0004"))
    house.publish()
    house.start()
    until(house.holds_all)
    assert len(everything(store)["facts"]) == len(first["facts"]) + 1

    # Filled anew beside it, the tables are the same, and it reads on in them.
    before = everything(store)
    assert fill(bootstrap, store, identities(bootstrap), threading.Event()) == len(house.told.records)
    with sets.looking(store) as (_, tables):
        assert tables.dossiers.name == f"read{FORM}b_dossiers"
    assert {**everything(store), "projected": []} == {**before, "projected": []}
    house.told.say(received(code="H29.12-261102-0099"))
    house.publish()
    until(house.holds_all)
    assert differences(bootstrap, store) == (len(house.told.dossiers), [])
    house.stop()

    # The command finds what differs, reports, and exits 1.
    with store.begin() as connection:
        connection.execute(update(tables.dossiers).values(status="UNKNOWN"))
    found = the_command(house, "project", "--compare")
    assert found.returncode == 1
    assert f"{len(house.told.dossiers)} differences" in found.stdout
    again = the_command(house, "project", "--rebuild")
    assert (again.returncode, the_command(house, "project", "--compare").returncode) == (0, 0), again.stderr
    reported = the_command(house, "report", "06a", "--from", "2026-11-01", "--to", "2026-11-30", "--json")
    assert json.loads(reported.stdout)["rows"][-1]["to_handle"] == 12


def test_topics_that_were_made_anew_are_read_from_their_beginning_while_the_old_tables_serve(house: House) -> None:
    house.told.say(received(), result_ready("2026-11-04 10:00"))
    house.publish()
    house.start()
    until(house.holds_all)
    house.stop()
    bootstrap = house.settings.kafka_bootstrap
    with admin(bootstrap) as client:
        client.delete_topics([LOG, STATE])
    until(lambda: _made_anew(bootstrap))
    house.told, house._published = Told(), 0
    house.told.say(received(code="H29.12-261102-0007"))
    house.publish()

    house.start()

    until(lambda: [row[0] for row in everything(house.store)["dossiers"]] == ["H29.12-261102-0007"])
    house.stop()


def test_a_process_that_is_killed_while_it_writes_repeats_nothing_and_misses_nothing(house: House) -> None:
    for number in range(120):
        house.told.say(*by_post(f"H29.12-261102-{number:04d}"))
    house.publish()

    with the_process(house) as process:
        until(lambda: facts_in(house.store) > 0)
        process.kill()
        process.wait(60)
    with the_process(house) as process:
        until(house.holds_all)
        process.terminate()
        assert process.wait(60) == 0

    whole = open_store(f"sqlite:///{house.settings.home / 'whole.db'}")
    sets.prepare(whole, {})
    enter(whole, house.told.records)
    numbered = ("projected", "facts", "deadlines", "reference")  # the broker spreads records over partitions of its own
    assert facts_in(house.store) == facts_in(whole)
    assert {name: rows for name, rows in everything(house.store).items() if name not in numbered} == {
        name: rows for name, rows in everything(whole).items() if name not in numbered
    }
    whole.close()


def facts_in(store: Store) -> int:
    """How many facts are in the tables."""
    try:
        with sets.looking(store) as (connection, tables):
            return connection.execute(select(func.count()).select_from(tables.facts)).scalar_one()
    except sets.NotFilled:
        return 0


@contextmanager
def the_process(house: House) -> Iterator[subprocess.Popen[str]]:
    """`hoso project`, ended with the block."""
    env = os.environ | environment(house)
    command = [sys.executable, "-m", "hoso.cli.main", "project"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def environment(house: House) -> dict[str, str]:
    return {
        "HOSO_KAFKA_BOOTSTRAP": house.settings.kafka_bootstrap,
        "HOSO_HOME": str(house.settings.home),
        "HOSO_SESSION_SECONDS": "6",
        "HOSO_CLOCK": "",
    }


def _made_anew(bootstrap: str) -> bool:
    """Whether the topics are there again: a broker takes a moment to let them go."""
    topics.apply(bootstrap, ["H29.12"])
    with admin(bootstrap) as client:
        return all(not one["error_code"] for one in client.describe_topics([LOG, STATE]))


def the_command(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | environment(house)
    command = [sys.executable, "-m", "hoso.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)
