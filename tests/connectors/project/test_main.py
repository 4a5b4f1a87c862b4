"""The process: what stands beyond the tables is read again from where they end; nothing is passed over in silence."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.project import sets
from connectors.project.main import Project
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, open_store
from connectors.verdicts import TryLater
from schemas.dossier import LOG
from schemas.ops import DEAD_LETTERS
from tests.builders import CODE, received, result_ready
from tests.connectors.doubles import KeptProducer
from tests.connectors.project.told import Told, everything


class Sought:
    """A consumer that only hears where it is sent."""

    def __init__(self) -> None:
        self.places: list[tuple[str, int, int]] = []

    def seek(self, topic: str, partition: int, offset: int) -> None:
        self.places.append((topic, partition, offset))

    def close(self) -> None:
        pass


class Rig:
    """The process on a database of its own, without a broker."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(kafka_bootstrap="nowhere:1", home=folder)
        ensure_secrets(settings.secrets_dir)
        self.producer, self.sought = KeptProducer(), Sought()
        self.project = Project(settings, threading.Event(), self.producer)
        self.project._consumer = self.sought  # type: ignore[assignment]
        self.store = open_store(settings.read_database_url)
        sets.prepare(self.store, {})


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.project.close()
    made.store.close()


def test_the_read_model_has_a_file_of_its_own_beside_the_other_and_in_postgres_the_same_database(
    tmp_path: Path,
) -> None:
    beside = Settings(kafka_bootstrap="nowhere:1", database_url=f"sqlite:///{tmp_path}/city.db")
    same = Settings(kafka_bootstrap="nowhere:1", database_url="postgresql+psycopg://u@h/city")

    assert beside.read_database_url == f"sqlite:///{tmp_path}/city-read.db"
    assert same.read_database_url == same.database_url


def test_a_partition_that_stands_beyond_the_tables_is_read_from_where_they_end_and_the_others_go_on(rig: Rig) -> None:
    told = Told().say(received(), result_ready("2026-11-04 10:00"))
    later = [one for one in told.records if one.topic != LOG or one.offset > 0]

    rig.project.handle(later)

    [place] = {(one.topic, one.partition) for one in told.records if one.topic == LOG}
    assert rig.sought.places == [(*place, 0)]
    tables = everything(rig.store)
    assert (len(tables["facts"]), len(tables["dossiers"])) == (0, 1)

    rig.project.handle([one for one in told.records if one.topic == LOG])
    assert len(everything(rig.store)["facts"]) == 2


def test_what_a_topic_no_longer_has_is_not_waited_for(rig: Rig) -> None:
    told = Told().say(received(), result_ready("2026-11-04 10:00"))
    rest = [one for one in told.records if one.topic == LOG and one.offset > 0]

    rig.project.handle(rest)
    rig.project.handle(rest)

    assert len(rig.sought.places) == 1
    assert len(everything(rig.store)["facts"]) == 1


def test_after_a_swap_the_process_writes_on_in_the_new_tables_from_where_they_end(rig: Rig) -> None:
    told = Told().say(received())
    rig.project.handle(told.records)
    sets.swap(rig.store, sets.filling(rig.store, {}))
    told.say(result_ready("2026-11-04 10:00"))
    new = [one for one in told.records if one.topic == LOG][1:]

    rig.project.handle(new)

    assert [offset for *_, offset in rig.sought.places] == [0]
    rig.project.handle([one for one in told.records if one.topic == LOG])
    assert len(everything(rig.store)["facts"]) == 2


def test_bytes_nobody_reads_are_on_the_dead_letters_before_the_batch_is_done(rig: Rig) -> None:
    told = Told()
    told.put(LOG, CODE, b"no event")

    rig.project.handle(told.records)

    assert [topic for topic, *_ in rig.producer.rows] == [DEAD_LETTERS]


def test_a_letter_that_cannot_be_kept_keeps_the_batch_from_being_committed(rig: Rig) -> None:
    told = Told()
    told.put(LOG, CODE, b"no event")
    rig.producer.away = True

    with pytest.raises(TryLater):
        rig.project.handle(told.records)


def test_before_there_are_tables_the_batch_waits(tmp_path: Path) -> None:
    settings = Settings(kafka_bootstrap="nowhere:1", home=tmp_path)
    project = Project(settings, threading.Event(), KeptProducer())

    with pytest.raises(sets.NotFilled):
        project.handle(Told().records)
    assert project.ready() is not None
    project.close()


def test_a_store_is_named_without_its_password(rig: Rig) -> None:
    assert isinstance(rig.store, Store)
    assert set(rig.project.connected_to) == {"kafka", "database"}
