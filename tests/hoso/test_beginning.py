"""Whoever tells of a dossier when the log's beginning is only archived tells all of it, or nothing."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest

from connectors import adopting
from connectors.agencies import new_key
from connectors.archive import Archive, BrokenArchive, Gap, Limits, open_archive, whole_key
from connectors.archive.running import archive_now
from connectors.broker import Producer, read_all
from connectors.edge.main import Edge
from connectors.gate.gate import tracking_code
from connectors.history import History, history, last_states
from connectors.project.main import Project
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.sieve import logged
from connectors.store import open_store
from hoso.ports import free_port
from schemas.dossier import LOG
from schemas.instant import now
from schemas.state import DossierStateChanged, ParkedShown
from tests.archived import PARTITIONS, a_city, delete
from tests.builders import REFERENCE
from tests.connectors.project.told import everything
from tests.saying import says
from tests.waiting import until

LOST = 9
"""Of each partition: the first fact of one dossier is gone, its second is not."""


@dataclass(frozen=True)
class City:
    """A cluster whose log has lost its beginning, where that is kept, and a dossier that is half lost."""

    bootstrap: str
    url: str
    code: str
    before: History
    home: Path

    def says(self, *command: str, archive: bool = False) -> "CompletedProcess[str]":
        """What a command says, with the archive or without."""
        kept = {"HOSO_ARCHIVE": self.url if archive else ""}
        return says({"HOSO_KAFKA_BOOTSTRAP": self.bootstrap, "HOSO_HOME": str(self.home)} | kept, *command)

    @property
    def archive(self) -> Archive:
        return open_archive(self.url)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    home = tmp_path_factory.mktemp("beginning")
    url = str(home / "archive")
    ensure_secrets(home / "secrets")
    with a_city() as bootstrap:
        [halved] = [one for one in read_all(bootstrap, LOG) if (one.partition, one.offset) == (0, LOST)]
        code = (halved.key or b"").decode()
        before = history(bootstrap, REFERENCE, code, None)
        assert before is not None and len(before.told) == 2
        archive_now(bootstrap, open_archive(url), Limits(records=7), lambda *_: None)
        for partition in range(PARTITIONS):
            delete(bootstrap, LOG, partition, LOST)
        yield City(bootstrap, url, code, before, home)


def test_a_history_is_read_in_archive_and_topic_as_one_and_never_by_half(city: City) -> None:
    assert history(city.bootstrap, REFERENCE, city.code, city.archive) == city.before
    with pytest.raises(Gap, match=f"offsets 0 to {LOST - 1} of partition 0 .* HOSO_ARCHIVE"):
        history(city.bootstrap, REFERENCE, city.code, None)


def test_who_knows_where_a_dossier_begins_opens_no_segment_before_it(city: City) -> None:
    records = whole_key(city.bootstrap, LOG, city.code.encode(), city.archive)
    [first, _] = [one.offset for one in records]
    before = first_segments(city, first)
    assert before

    for segment in before:
        segment.rename(segment.with_suffix(".away"))
    try:
        known = whole_key(city.bootstrap, LOG, city.code.encode(), city.archive, lambda: first)
        with pytest.raises(BrokenArchive):
            whole_key(city.bootstrap, LOG, city.code.encode(), city.archive)
    finally:
        for segment in before:
            segment.with_suffix(".away").rename(segment)

    assert known == records


def test_of_a_dossier_that_begins_behind_what_is_deleted_no_archive_is_asked(city: City) -> None:
    young = next(one for one in read_all(city.bootstrap, LOG) if one.partition == 0 and one.offset == LOST + 1)
    assert young.key is not None

    found = whole_key(city.bootstrap, LOG, young.key, None, lambda: LOST + 1)

    assert [one.offset for one in found] == [LOST + 1, LOST + 2]


def first_segments(city: City, offset: int) -> list[Path]:
    """The files of partition 0 that lie wholly before this offset."""
    files = Path(city.url).glob(f"{LOG}/*/00000/segments/*.jsonl.gz")
    return [one for one in files if int(one.name.partition(".")[0].partition("-")[2]) < offset]


@pytest.mark.parametrize(
    "command",
    [
        "dossier {}",
        "explain {}",
        "certificate issue {}",
        "certificate calendar {}",
        "reopen {} --why x",
        "erase {} --why x",
        "confirm ems --dossier {} --leg D1 --status DELIVERED --why x",
    ],
)
def test_a_command_says_in_one_sentence_what_is_missing_and_where_to_name_it(city: City, command: str) -> None:
    told = city.says(*command.format(city.code).split())

    assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (1, "", 1)
    assert f"offsets 0 to {LOST - 1} of partition 0" in told.stderr and "HOSO_ARCHIVE" in told.stderr


def test_with_the_archive_commands_tell_what_they_told_before(city: City) -> None:
    told = json.loads(city.says("dossier", city.code, "--json", archive=True).stdout)
    certified = json.loads(city.says("certificate", "issue", city.code, archive=True).stdout)
    reopened = city.says("reopen", city.code, "--why", "x", archive=True)

    due_on = city.before.dossier.clock.due_on
    assert due_on is not None
    assert len(told["timeline"]) == 2
    assert told["state"]["clock"]["due_on"] == certified["deadline"]["due_on"] == due_on.isoformat()
    assert reopened.returncode == 1 and "HOSO_ARCHIVE" not in reopened.stderr


def test_a_parked_dossier_is_shown_by_its_whole_log_or_not(city: City) -> None:
    stands = last_states(city.bootstrap)[city.code]
    why = ParkedShown(what="/agencies/H29.12 x", since=now(), why="it failed", facts=1)
    before, parked = (
        DossierStateChanged(id=name, source="/hoso/worker", subject=city.code, time=now(), data=data)
        for name, data in (("before", stands), ("parked", stands.model_copy(update={"parked": why})))
    )
    with Producer(city.bootstrap) as producer:
        producer.publish([parked])
        without = city.says("parked", "show", city.code)
        told = city.says("parked", "show", city.code, archive=True)
        # For the tests that come after.
        producer.publish([before])

    assert without.returncode == 1 and f"offsets 0 to {LOST - 1} of partition 0" in without.stderr
    assert told.returncode == 0 and "this release folds what waits" in told.stdout


def test_commands_that_fold_the_whole_log_take_the_archive_from_the_same_setting(city: City) -> None:
    assert city.says("rebuild").returncode == 1
    assert city.says("rebuild", archive=True).returncode == 0


def test_an_address_that_is_no_archives_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="an archive lies at"):
        Settings(kafka_bootstrap="nowhere:1", archive="https://backups.example")


@contextmanager
def knocking(city: City, archive: str | None) -> Iterator[httpx.Client]:
    """A client with an agency's key before the HTTP door of that cluster, with or without the archive."""
    settings = Settings(
        kafka_bootstrap=city.bootstrap, home=city.home, edge_port=free_port(), edge_console=False, archive=archive
    )
    with closing(open_store(settings.database_url)) as store:
        store.migrate()
        key = new_key(store, "H29.12")
    stop = threading.Event()
    edge = Edge(settings, stop)
    running = threading.Thread(target=edge.run)
    running.start()
    try:
        until(lambda: edge.ready() is None, what="the door is open")
        url, auth = f"http://{settings.edge_host}:{settings.edge_port}", {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=auth, timeout=60) as client:
            yield client
    finally:
        stop.set()
        running.join()
        edge.close()


def the_page_of(city: City) -> str:
    """Where a citizen reads of the dossier."""
    key = ensure_secrets(city.home / "secrets").tracking.of(city.code)
    return f"/track/{tracking_code(city.code, key)}?dossier={city.code}"


def test_without_the_archive_an_agency_is_told_what_is_missing_and_a_citizen_to_come_again(city: City) -> None:
    with knocking(city, None) as client:
        told = [client.get(f"/v1/dossiers/{city.code}{what}") for what in ("", "/timeline", "/deadline")]
        page = client.get(the_page_of(city))

    assert {(one.status_code, one.headers["content-type"]) for one in told} == {(503, "application/problem+json")}
    assert all(f"offsets 0 to {LOST - 1} of partition 0" in one.json()["detail"] for one in told)
    assert all(one.headers["retry-after"] for one in told)
    assert page.status_code == 503 and LOG not in page.text


def test_with_the_archive_the_door_tells_all_of_it(city: City) -> None:
    due_on = city.before.dossier.clock.due_on
    with knocking(city, city.url) as client:
        timeline = client.get(f"/v1/dossiers/{city.code}/timeline").json()["timeline"]
        deadline = client.get(f"/v1/dossiers/{city.code}/deadline").json()
        page = client.get(the_page_of(city))

    assert [one["id"] for one in timeline] == [one.fact.id for one in city.before.told]
    assert due_on is not None and deadline["clock"]["due_on"] == due_on.isoformat()
    assert page.status_code == 200


def test_the_last_while_of_the_log_is_whole_or_refused_where_it_reaches_what_is_lost(city: City) -> None:
    whole = list(logged(city.bootstrap, None, city.archive))
    lately = list(logged(city.bootstrap, timedelta(days=1), city.archive))

    assert len(whole) == len(lately) == 80
    with pytest.raises(Gap):
        list(logged(city.bootstrap, timedelta(days=1), None))


def test_a_log_without_its_beginning_is_not_adopted(city: City) -> None:
    with pytest.raises(Gap, match="hoso archive restore"):
        adopting.look(city.bootstrap)

    told = city.says("adopt-log", "--yes")
    assert told.returncode == 1 and "hoso archive restore" in told.stderr


def test_the_read_model_begins_with_the_archive_or_not_at_all(
    city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()
    settings = Settings(kafka_bootstrap=city.bootstrap, home=tmp_path)
    project = Project(settings, stop)
    with pytest.raises(SystemExit) as ended:
        project.run()
    assert ended.value.code == 1 and "HOSO_ARCHIVE" in capsys.readouterr().err
    project.close()

    project = Project(settings.model_copy(update={"archive": city.url}), stop)
    running = threading.Thread(target=project.run)
    running.start()
    try:
        until(lambda: project.ready() is None, what="the read model is filled")
    finally:
        stop.set()
        running.join()
    store = open_store(settings.read_database_url)
    assert len(everything(store)["facts"]) == 80
    store.close()
    project.close()
