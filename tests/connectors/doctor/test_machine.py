"""The machine and what it is told: disks, the clock, the reference data, releases, the cluster, the read model."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from connectors.broker.cluster import Cluster, log_dirs, look
from connectors.doctor import clocks, cluster, databases, disk, readmodel, references, versions
from connectors.doctor.disk import Room
from connectors.doctor.finding import Severity
from connectors.doctor.place import Place
from connectors.ops_port import OpsPort
from connectors.project import sets
from connectors.reference import versioned
from connectors.settings import REPOSITORY
from connectors.store import open_store
from connectors.verdicts import TryLater
from hoso.ports import LOOPBACK, free_port
from schemas import instant
from schemas.instant import clock_from
from schemas.release import RELEASE, Running
from tests.builders import a_bundle
from tests.connectors.doctor.conftest import only, the_bundle, worst

NEVER, ALWAYS = Room(0, 0.0), Room(2**60, 1.0)
"""How much room is enough on any machine, and on none."""

# ---------------------------------------------------------------- disk


def test_every_disk_is_looked_at_once_the_brokers_own_too(on_kafka: Place) -> None:
    found = list(disk.findings(replace(on_kafka, archive=str(on_kafka.settings.home)), NEVER, NEVER))

    assert all(one.severity is Severity.OK for one in found)
    named = ", ".join(one.what for one in found)
    assert "home, keys, database, read model, archive" in named
    [topics] = log_dirs(on_kafka.bootstrap)
    assert (topics.free or 0) > 0 and (topics.total or 0) >= (topics.free or 0)
    if Path(topics.path).stat().st_dev != on_kafka.settings.home.stat().st_dev:
        assert "topics of broker 1" in named


@pytest.mark.parametrize(("used_up", "severity"), [(NEVER, Severity.WARNING), (ALWAYS, Severity.BAD)])
def test_a_disk_without_room_is_found(place: Place, used_up: Room, severity: Severity) -> None:
    found = list(disk.findings(place, ALWAYS, used_up))

    assert worst(found) is severity
    assert found[0].help_command.startswith("du -xh --max-depth=2 ")


def test_an_archive_that_is_not_there_is_a_warning(place: Place) -> None:
    folder = place.settings.home / "archive"

    found = only(list(disk.findings(replace(place, archive=f"file://{folder}"), NEVER, NEVER)), "no archive")

    assert (found.severity, found.help_command) == (Severity.WARNING, f"hoso archive write --to {folder} --once")


def test_room_is_a_number_of_bytes_and_a_share() -> None:
    room = Room(5, 0.15)

    assert [room.lacks(free, 100) for free in (4, 14, 15)] == [True, True, False]
    assert room.lacks(4, 20) and not room.lacks(5, 20)


# ---------------------------------------------------------------- clock


def test_a_driven_clock_is_noted_and_a_real_one_is_well(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", clock_from(None))
    real = [one.severity for one in clocks.findings(place)]
    fast = clock_from(f"start=2026-11-02T08:00:00+07:00,speed=60,anchor={time.time()}")
    monkeypatch.setattr(instant, "_clock", fast)

    [driven] = clocks.findings(place)

    assert real == [Severity.OK]
    assert (driven.severity, driven.what.split(":")[0]) == (Severity.NOTE, "the time is driven, 60 times as fast")


@pytest.mark.postgres
def test_the_database_servers_clock_is_compared_with_ours(
    place: Place, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(postgres_database)
    there = replace(place, store=store)
    together = list(clocks.findings(there))
    real = time.time
    monkeypatch.setattr("connectors.doctor.clocks.time.time", lambda: real() + 100)

    apart = only(list(clocks.findings(there)), "apart")
    store.close()

    assert worst(together) is Severity.OK and len(together) == 2
    assert (apart.severity, "100 s" in apart.what) == (Severity.BAD, True)


# ---------------------------------------------------------------- reference data


def in_the_year(place: Place, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    at = f"{day.isoformat()}T08:00:00+07:00"
    monkeypatch.setattr(instant, "_clock", clock_from(f"start={at},speed=1,anchor={time.time()}"))


def test_a_provisional_year_ahead_is_noted(on_kafka: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    provisional = the_bundle().calendar.provisional_years[0]
    in_the_year(on_kafka, date(provisional - 1, 6, 1), monkeypatch)

    found = only(list(references.findings(on_kafka)), "provisional")

    assert (found.severity, found.help_command) == (Severity.NOTE, f"hoso calendar show {provisional}")


@pytest.mark.parametrize(("years", "severity"), [(0, Severity.WARNING), (1, Severity.BAD)])
def test_a_calendar_that_ends_is_found_a_year_ahead(
    on_kafka: Place, monkeypatch: pytest.MonkeyPatch, years: int, severity: Severity
) -> None:
    calendar = the_bundle().calendar
    last = max(calendar.last_year, *calendar.provisional_years)
    in_the_year(on_kafka, date(last + years, 6, 1), monkeypatch)

    found = [one for one in references.findings(on_kafka) if f"knows nothing of {last + 1}" in one.what]

    assert [(one.severity, one.help_command) for one in found] == [(severity, f"hoso calendar build {last + 1}")]


def test_a_folder_that_says_something_else_is_noted_and_one_with_mistakes_is_a_warning(
    on_kafka: Place, tmp_path: Path
) -> None:
    folder = on_kafka.settings.model_copy(update={"reference_dir": REPOSITORY / "deploy" / "reference"})
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "fleet.toml").write_text("finalised = 7\n")
    wrong = on_kafka.settings.model_copy(update={"reference_dir": tmp_path / "wrong"})

    other = only(list(references.findings(replace(on_kafka, settings=folder))), "in force is of-the-doctor")
    mistaken = only(list(references.findings(replace(on_kafka, settings=wrong))), "cannot be published")

    assert (other.severity, other.help_command) == (Severity.NOTE, "hoso reference apply")
    assert (mistaken.severity, mistaken.help_command) == (Severity.WARNING, "hoso check")


# ---------------------------------------------------------------- releases


@pytest.fixture
def older() -> Iterator[str]:
    """A process of an older release."""
    port = free_port()
    serving = OpsPort(LOOPBACK, port, who=Running("notify", "notify-0", "0.0.1"))
    yield f"{LOOPBACK}:{port}"
    serving.close()


def test_a_process_of_another_release_is_a_warning(on_kafka: Place, older: str) -> None:
    found = only(list(versions.findings(replace(on_kafka, ports={"notify": older}))), "notify-0")

    assert found.what == f"notify-0 at {older} runs 0.0.1, this is {RELEASE}"
    assert (found.severity, found.help_command) == (Severity.WARNING, "hoso fleet show")


def test_what_is_not_finalised_is_noted(on_kafka: Place) -> None:
    late = replace(on_kafka)
    vars(late)["bundle"] = versioned(the_bundle().model_copy(update={"finalised": "0.0.1"}))

    found = only(list(versions.findings(late)), "0.0.1 is finalised")

    assert (found.severity, found.help_command) == (Severity.NOTE, "hoso fleet finalise")


# ---------------------------------------------------------------- Kafka


def test_a_cluster_with_every_topic_and_copy_is_well(on_kafka: Place) -> None:
    [found] = cluster.findings(on_kafka)

    assert (found.severity, found.what.startswith("1 broker at")) == (Severity.OK, True)


def test_topics_that_are_missing_or_otherwise_partitioned_are_found(on_kafka: Place) -> None:
    other = on_kafka.settings.model_copy(update={"log_partitions": 6})
    there = replace(on_kafka, settings=other)
    agencies = [*a_bundle().agencies, a_bundle().agencies[0].model_copy(update={"code": "H29.77", "aliases": ()})]
    vars(there)["bundle"] = a_bundle("with-one-more").model_copy(update={"agencies": tuple(agencies)})

    found = list(cluster.findings(there))

    missing = only(found, "missing")
    assert (missing.severity, missing.help_command) == (Severity.BAD, "hoso topics apply")
    assert missing.detail == "agency.events.H29.77"
    assert "dossier.events has 8, not 6" in only(found, "another number of partitions").detail


def test_a_cluster_of_which_a_node_died_has_too_few_copies(place: Place) -> None:
    found = list(cluster._copies(Cluster(2, {"a": 2}, ("a/0",), ("a/0", "a/1")), place))

    assert [(one.severity, one.detail) for one in found] == [(Severity.BAD, "a/0"), (Severity.WARNING, "a/1")]


def test_nobody_at_the_address_is_away(place: Place) -> None:
    with pytest.raises(TryLater):
        list(cluster.findings(place))


def test_a_broker_says_who_is_there(doctors_kafka: str) -> None:
    found = look(doctors_kafka)

    assert (found.brokers, found.leaderless, found.short_of_copies) == (1, (), ())
    assert found.topics["dossier.events"] == 8


# ---------------------------------------------------------------- databases


def test_a_database_that_nobody_made_is_away_and_is_not_made_by_looking(tmp_path: Path, place: Place) -> None:
    file = tmp_path / "nothing.db"
    store = open_store(f"sqlite:///{file}")

    with pytest.raises(TryLater, match="there is no database"):
        list(databases.findings(replace(place, store=store)))

    store.close()
    assert not file.exists()


def test_a_database_without_tables_is_away(tmp_path: Path, place: Place) -> None:
    (tmp_path / "empty.db").touch()
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(TryLater, match="no tables"):
        list(databases.findings(replace(place, store=store)))
    store.close()


def test_a_read_model_is_there_or_not_or_of_the_past(on_kafka: Place) -> None:
    nothing = list(readmodel.findings(on_kafka))
    sets.prepare(on_kafka.read_store, {"dossier.events": "one that is no more"})
    past = list(readmodel.findings(on_kafka))

    assert [(one.severity, one.help_command) for one in (*nothing, *past)] == [
        (Severity.WARNING, "hoso project"),
        (Severity.WARNING, "hoso project --rebuild"),
    ]


def test_a_read_model_of_these_topics_is_well(read_model: Place) -> None:
    assert [one.severity for one in readmodel.findings(read_model)] == [Severity.OK]
