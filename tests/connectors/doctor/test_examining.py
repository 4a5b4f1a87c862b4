"""The whole look: worst first, and whatever is away, broken or slow is a line and no error."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.doctor.examining import AREAS, GATES, Area, examine, examine_at
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said
from connectors.settings import Settings
from connectors.store import Store, open_store
from tests.connectors.doctor.conftest import NOWHERE

NAMES = {area.name for area in (*AREAS, *GATES.values())}


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[tuple[Settings, Store, Store]]:
    """A machine on which nobody has started anything."""
    settings = Settings(kafka_bootstrap=NOWHERE, home=tmp_path / "home")
    stores = open_store(settings.database_url), open_store(settings.read_database_url)
    yield settings, *stores
    for store in stores:
        store.close()


def test_where_nothing_runs_everything_is_a_line_that_says_what_starts_it(
    nothing: tuple[Settings, Store, Store],
) -> None:
    settings, store, read_store = nothing

    report = examine(settings, store, read_store)

    assert {one.area for one in report.findings} == NAMES
    kafka = next(one for one in report.findings if one.area == "kafka")
    database = next(one for one in report.findings if one.area == "database")
    assert (kafka.severity, kafka.help_command) == (Severity.BAD, "hoso up")
    assert (database.severity, database.help_command) == (Severity.BAD, "hoso up")
    lag = next(one for one in report.findings if one.area == "lag")
    assert lag.what == "cannot be looked at while Kafka is away"
    assert lag.says.vi == "không xem được khi chưa liên lạc được với Kafka"
    post = next(one for one in report.findings if one.area == "post")
    assert post.document()["detail_vi"] == "chưa có mô hình đọc: `hoso project` sẽ tạo"
    assert not list(settings.home.glob("*.db"))


def test_the_worst_come_first_and_the_document_says_the_same(nothing: tuple[Settings, Store, Store]) -> None:
    report = examine(*nothing)

    severities = [one.severity for one in report.findings]
    assert severities == sorted(severities, reverse=True)
    assert report.worst is Severity.BAD
    document = json.loads(json.dumps(report.document()))
    assert document["worst"] == "BAD"
    assert [one["what"] for one in document["findings"]] == [one.what for one in report.findings]


def test_every_line_that_is_not_well_names_a_command(nothing: tuple[Settings, Store, Store]) -> None:
    report = examine(*nothing)

    assert [one.what for one in report.findings if one.severity and not one.help_command] == []


def test_an_area_that_breaks_is_a_line_and_the_others_are_looked_at(on_kafka: Place) -> None:
    def breaks(_: Place) -> list[Finding]:
        raise ZeroDivisionError("a fault of ours\nsecond line")

    areas = [Area("broken", breaks), Area("well", lambda _: [Finding("well", Severity.OK, Said("ổn", "fine"))])]

    found = {one.area: one for one in examine_at(on_kafka, areas).findings}

    assert (found["broken"].severity, found["broken"].detail) == (Severity.WARNING, "a fault of ours")
    assert found["broken"].what == "broken cannot be looked at: ZeroDivisionError"
    assert found["well"].severity is Severity.OK


def test_an_area_that_gives_no_answer_is_not_waited_for(on_kafka: Place) -> None:
    end = threading.Event()

    def waits(_: Place) -> list[Finding]:
        end.wait()
        return []

    found = examine_at(on_kafka, [Area("slow", waits)], seconds=2.0)
    end.set()

    assert [one.what for one in found.findings if one.area == "slow"] == ["slow gave no answer in time"]


def test_while_kafka_is_away_the_rest_is_looked_at(place: Place) -> None:
    found = examine_at(replace(place, kafka_is_away=False), AREAS)

    well = {one.area for one in found.findings if one.severity is Severity.OK}
    assert {"database", "queues", "breakers", "keys", "carriers"} <= well
    away = {one.area for one in found.findings if "while Kafka is away" in one.what}
    assert away == {"lag", "holds", "dead letters", "agencies", "reference", "versions", "read model"}
