"""The log folded anew when its beginning is only archived; on a cluster of its own, for records are deleted."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.archive import Gap, Limits, open_archive
from connectors.archive.running import archive_now
from connectors.rebuilding import compare, last_states, refold
from schemas.dossier import LOG
from tests.archived import DOSSIERS, PARTITIONS, a_city, delete, hoso
from tests.builders import ROOT


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with a_city() as bootstrap:
        yield bootstrap


@pytest.fixture(scope="module")
def archive(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The whole log, of which the topic then has the later part only."""
    url = str(tmp_path_factory.mktemp("archive"))
    assert compare(refold(cluster).kept, last_states(cluster)) == []
    archive_now(cluster, open_archive(url), Limits(records=7), lambda *_: None)
    for partition in range(PARTITIONS):
        delete(cluster, LOG, partition, 9)
    return url


def test_a_log_whose_beginning_is_only_archived_folds_to_the_same_states(cluster: str, archive: str) -> None:
    told = hoso(cluster, "rebuild", "--archive", archive, "--processes", "2", "--json")

    assert told.returncode == 0, told.stdout + told.stderr
    figures = json.loads(told.stdout)
    assert (figures["facts"], figures["dossiers"], figures["differences"]) == (2 * len(DOSSIERS), len(DOSSIERS), [])


def test_without_its_beginning_the_log_is_not_folded(cluster: str, archive: str) -> None:
    with pytest.raises(Gap):
        refold(cluster)

    told = hoso(cluster, "rebuild")

    assert told.returncode == 1
    assert "offsets 0 to 8 of partition" in told.stderr and "--archive URL" in told.stderr


def test_history_is_replayed_from_the_archive_under_other_reference_data(
    cluster: str, archive: str, tmp_path: Path
) -> None:
    reference, table = tmp_path / "reference", tmp_path / "table.csv"
    shutil.copytree(ROOT / "deploy" / "reference", reference)
    with (reference / "calendars" / "vn-public-offices.toml").open("a", encoding="utf-8") as calendar:
        calendar.write('[[closed]]\nday = 2026-11-03\nbasis = "Lễ mẫu"\n')
    window = ("--from", "2026-11-01", "--to", "2026-12-01", "--shadow", "--reference", str(reference))

    told = hoso(cluster, "replay", *window, "--archive", archive, "--csv", str(table), "--json")

    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["said"]["as_it_was"]["vn.hoso.deadline.projected.v1"] == len(DOSSIERS)
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert len(rows) == len(answer["differences"])
    moved = [row for row in rows if row["kind"] == "deadline.projected"]
    assert [row["dossier"] for row in moved] == DOSSIERS
    assert '"due_on": "2026-11-05"' in moved[0]["as_it_was"]
    assert '"due_on": "2026-11-06"' in moved[0]["would_be"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--reference", "deploy/reference"], "say --shadow"),
        (["--shadow"], "--reference FOLDER"),
        (["--shadow", "--code", "deploy"], "no checkout of hoso"),
        (["--shadow", "--reference", "deploy/kafka"], "deploy/kafka"),
    ],
)
def test_a_replay_that_says_too_little_is_refused_with_the_next_step(options: list[str], sentence: str) -> None:
    told = hoso("127.0.0.1:9", "replay", "--from", "2026-11-01", "--to", "2026-12-01", *options)

    assert told.returncode == 2
    assert sentence in told.stderr
