"""`hoso calendar` on a real broker: what a change would mean, that it comes into force, and that it is taken back."""

import csv
import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.archive import Limits, open_archive
from connectors.archive.running import archive_now
from connectors.broker import Producer, read_all
from connectors.reference import in_force, publish, read_dir
from hoso import broker
from hoso.cli import calendar_change
from hoso.cli.calendar import calendar
from schemas import instant
from schemas.instant import VIETNAM
from schemas.reference import REFERENCE, Bundle
from tests.builders import ROOT, a_bundle, a_fact, fold, received, result_ready

pytestmark = pytest.mark.broker

# Received on Monday 2 November with three working days: due on Thursday the 5th, late on the 6th.
LATE = [f"H29.12-261102-{number:04d}" for number in range(1, 31)]
FINISHED, LATER, WAITING = "H29.12-261102-0100", "H29.12-261105-0001", "H29.12-261102-0200"
UNKNOWN = "H29.12-261102-0300"
NOW = datetime(2026, 11, 6, 8, tzinfo=VIETNAM)
FIRST = a_bundle()
DAY_OFF = '[[closed]]\nday = 2026-11-04\nbasis = "swapped with 2026-11-07"\ndocument = "1/MAU of 2026-10-30"\n'
DAY_ON = '[[worked]]\nday = 2026-11-07\nbasis = "worked for 2026-11-04"\ndocument = "1/MAU of 2026-10-30"\n'


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A broker of its own: dossiers, and what honest workers said of them."""
    stories = [
        *([received("2026-11-02 09:05", code=code)] for code in LATE),
        [received("2026-11-02 09:05", code=FINISHED), result_ready("2026-11-05 15:30", code=FINISHED)],
        [received("2026-11-05 09:05", code=LATER)],
        [
            received("2026-11-02 09:05", code=WAITING),
            a_fact(
                "supplement_requested", "2026-11-03 10:00", code=WAITING, stage="APPRAISAL", documents=["x"], reason="x"
            ),
        ],
        [received("2026-11-02 09:05", code=UNKNOWN, procedure_code="9.999999")],
    ]
    with broker.running() as started:
        topics.apply(started.bootstrap, ["H29.12"], 3)
        publish(started.bootstrap, FIRST)
        with Producer(started.bootstrap) as producer:
            producer.publish([fact for facts in stories for fact in facts])
            producer.publish([fact for facts in stories for fact in fold(facts)[1]])
        yield started.bootstrap


@pytest.fixture(autouse=True)
def here(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator at this cluster on the morning of 6 November, with a copy of the reference data."""
    folder = Path(shutil.copytree(ROOT / "deploy" / "reference", tmp_path / "reference"))
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", cluster)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    monkeypatch.setenv("HOSO_REFERENCE_DIR", str(folder))
    standing = instant.Segment(NOW.timestamp(), 0.001, time.time())
    monkeypatch.setattr(instant, "_clock", instant.Clock((standing,)))
    return folder


def said(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(calendar, words, input=answer)


def versions(bootstrap: str) -> int:
    return len(read_all(bootstrap, REFERENCE))


def bundle(bootstrap: str) -> Bundle:
    found = in_force(bootstrap)
    assert found is not None
    return found


@pytest.fixture
def swapped(tmp_path: Path) -> Path:
    """The calendar in force at first, with Wednesday 4 November given for Saturday the 7th."""
    file = tmp_path / "swapped.toml"
    text = (ROOT / "deploy" / "reference" / "calendars" / "vn-public-offices.toml").read_text(encoding="utf-8")
    file.write_text(
        text.replace('version = "2026-11-24"', 'version = "2026-10-30"') + DAY_OFF + DAY_ON, encoding="utf-8"
    )
    return file


def totals(**counts: int) -> dict[str, int]:
    nothing = ("earlier", "same_date", "other_state", "enter_lateness", "apologies_needless")
    return dict.fromkeys(nothing, 0) | {"open_dossiers": 32, "unclear": 1} | counts


def test_a_preview_counts_and_lists_whom_a_calendar_touches_and_changes_nothing(
    cluster: str, swapped: Path, tmp_path: Path
) -> None:
    before, table = versions(cluster), tmp_path / "moved.csv"

    told = said("preview", str(swapped), "--csv", str(table))
    again = json.loads(said("preview", str(swapped), "--json").stdout)

    assert told.exit_code == 0, told.output
    assert "2026-11-04 Wed  closed: swapped with 2026-11-07 (1/MAU of 2026-10-30), was working day" in told.stdout
    assert "2026-11-07 Sat  worked: worked for 2026-11-04 (1/MAU of 2026-10-30), was weekend" in told.stdout
    # LATER is due on Tuesday the 10th: with the Saturday worked, on Monday.
    expected = totals(touched=31, later=30, earlier=1, leave_lateness=30)
    assert again["totals"] == expected
    assert f"{32:>10}  open dossiers" in told.stdout and f"{30:>10}  leave lateness" in told.stdout
    rows = {row["dossier"]: row for row in csv.DictReader(table.open(encoding="utf-8"))}
    assert rows.keys() == {one["dossier"] for one in again["dossiers"]} == {*LATE, LATER}
    first = rows[LATE[0]]
    assert (first["previous_due_on"], first["due_on"], first["shift"]) == ("2026-11-05", "2026-11-06", "later")
    assert (first["lateness"], first["refversion"], first["procedure"]) == (
        "leaves lateness",
        FIRST.version,
        "1.004873",
    )
    assert "2026-11-04 closed" in first["why"] and "2026-11-07 worked" not in first["why"]
    assert rows[LATER]["due_on"] == "2026-11-09"
    assert f"{LATE[0]}  2026-11-05 -> 2026-11-06  later, leaves lateness  (because of 2026-11-04)" in told.stdout
    assert f"and 11 more: {table} has them all" in told.stdout
    assert versions(cluster) == before


def test_a_preview_from_the_archived_log_says_the_same(
    cluster: str, swapped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / "archive")
    archive_now(cluster, open_archive(url), Limits(records=7), lambda *_: None)
    monkeypatch.setattr(calendar_change, "PROGRESS_EVERY", 10)

    folded = said("preview", str(swapped), "--archive", url, "--json")
    stated = said("preview", str(swapped), "--json")

    assert folded.exit_code == stated.exit_code == 0, folded.output
    both = [json.loads(one.stdout) for one in (folded, stated)]
    for one in both:
        one["dossiers"].sort(key=lambda row: row["dossier"])
    assert both[0] == both[1]
    assert "30 of 36 records read" in folded.stderr


def test_a_calendar_comes_into_force_is_found_there_and_is_taken_back(
    cluster: str, swapped: Path, here: Path, tmp_path: Path
) -> None:
    before = versions(cluster)
    no = said("apply", str(swapped), answer="n\n")
    assert (no.exit_code, versions(cluster)) == (1, before)
    assert "nothing is changed" in no.output and "leave lateness" in no.output

    yes = said("apply", str(swapped), "--yes", "--why", "the city said so")

    assert yes.exit_code == 0, yes.output
    assert "due dates change" in yes.output and f"{30:>10}  leave lateness" in yes.output
    now = bundle(cluster)
    assert (now.calendar.version, now.why) == ("2026-10-30", "the city said so")
    assert now.model_copy(update={"version": "", "calendar": "", "why": None}) == FIRST.model_copy(
        update={"version": "", "calendar": ""}
    )
    # The folder says the same, so the next `hoso reference apply` takes nothing back.
    assert read_dir(here).calendar == now.calendar

    again = said("apply", str(swapped), "--yes")
    assert (again.exit_code, versions(cluster)) == (0, before + 1)
    assert "nothing to do: version 2026-10-30 in force has exactly these days" in again.stdout

    other = tmp_path / "other.toml"
    other.write_text(swapped.read_text(encoding="utf-8").replace(DAY_ON, ""), encoding="utf-8")
    refused = said("apply", str(other), "--yes")
    assert (refused.exit_code, versions(cluster)) == (1, before + 1)
    assert "version 2026-10-30 was in force" in refused.output and "a version of its own" in refused.output

    back = said("revert", "--yes")
    assert back.exit_code == 0, back.output
    reverted = bundle(cluster)
    assert (reverted.calendar.version, reverted.why) == ("2026-11-06", "as in version 2026-11-24")
    assert set(reverted.calendar.closed) == set(FIRST.calendar.closed)
    assert read_dir(here).calendar == reverted.calendar
    assert "nothing to do" in said("revert", "--to", "2026-11-24", "--yes").stdout

    old = said("apply", str(swapped), "--yes")
    assert old.exit_code == 1 and "hoso calendar revert --to 2026-10-30" in old.output
    assert said("revert", "--to", "2026-10-30", "--yes").exit_code == 0
    assert bundle(cluster).calendar.version == "2026-11-06.2"
    assert said("revert", "--yes").exit_code == 0

    listed: list[dict[str, Any]] = json.loads(said("list", "--json").stdout)
    assert [row["version"] for row in listed] == [
        "2026-11-24",
        "2026-10-30",
        "2026-11-06",
        "2026-11-06.2",
        "2026-11-06.3",
    ]
    assert "the city said so" in said("list").stdout and "in force" in said("list").stdout.splitlines()[-1]


def test_a_calendar_that_was_in_force_can_be_looked_at_and_written_out(swapped: Path, tmp_path: Path) -> None:
    shown = said("show", "2026-11-24", "--year", "2026")
    written = tmp_path / "written.toml"
    written.write_text(said("show", "2026-11-24", "--toml").stdout, encoding="utf-8")

    assert "settled 2019 to 2026, provisional 2010-2018, 2027-2045" in shown.stdout
    assert "2026-01-10  worked  worked for 2026-01-02 (12729/VPCP-KGVX of 2025-12-25)" in shown.stdout
    assert "2025-" not in shown.stdout.split("\n", 1)[1].replace("of 2025-12-25", "")
    assert said("check", str(written)).exit_code == 0
    assert json.loads(said("show", "2026-11-24", "--json").stdout)["version"] == "2026-11-24"
    assert "hoso calendar list" in said("show", "2099-01-01").output


def test_words_that_nobody_could_read_back_are_refused(cluster: str, swapped: Path) -> None:
    before = versions(cluster)
    swapped.write_text(swapped.read_text(encoding="utf-8").replace("2026-10-30", "2026-10-31", 1), encoding="utf-8")

    refused = said("apply", str(swapped), "--yes", "--why", "x" * 5000)

    assert (refused.exit_code, versions(cluster)) == (1, before)
    assert "why: String should have at most 4000 characters" in refused.output


def test_a_wrong_file_is_said_by_line_and_never_comes_near_the_broker(
    swapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    swapped.write_text(swapped.read_text(encoding="utf-8").replace("day = 2026-11-07", "day = 2026-11-09"))
    line = swapped.read_text(encoding="utf-8").splitlines().index("day = 2026-11-09")

    for words in (["check"], ["preview"], ["apply", "--yes"]):
        wrong = said(words[0], str(swapped), *words[1:])
        assert wrong.exit_code == 1
        assert f"{swapped}:{line}: worked: 2026-11-09 is a Monday, which is worked anyway" in wrong.output


def test_a_year_is_built_into_the_file_that_is_kept(here: Path, tmp_path: Path) -> None:
    output = tmp_path / "built.toml"

    built = said("build", "2046", "-o", str(output))
    printed = said("build", "2046", "--from", str(output))
    gap = said("build", "2048")

    assert built.exit_code == printed.exit_code == 0, built.output
    assert "2046 is in version 2026-11-06" in built.stderr and "just so" in printed.stderr
    assert printed.stdout == output.read_text(encoding="utf-8")
    assert "2046, provisional" in printed.stdout
    assert (gap.exit_code, "hoso calendar build 2046" in gap.output) == (1, True)
    assert said("check", str(output)).exit_code == 0
