"""`hoso import`: a table from end to end, over a gate with doubles for broker and reference data."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import read_key
from connectors.gate.gate import Gate
from connectors.reference import publish, read_dir
from connectors.secrets import ensure_secrets
from connectors.settings import REPOSITORY, Settings
from connectors.store import Store
from hoso.cli import import_
from schemas.dossier import LOG
from schemas.event import Event
from schemas.reference import Bundle
from tests.builders import CODE, a_bundle, an_agency
from tests.connectors.doubles import FixedReferences, KeptProducer

HERE = Path(__file__).parent
SPREADSHEET = HERE.parent / "connectors" / "importing" / "facts.xlsx"
HEADER = "dossier,fact,time,procedure,channel,receiving_agency,competent_agency,return_mode,reason"
RECEIVED = f"{CODE},received,2026-11-02 09:05,1.004873,COUNTER,H29.12,H29.12,COUNTER,"
WITHDRAWN = f"{CODE},withdrawn,2026-11-03 10:00,,,,,,đổi ý"
WRONG = "H29.12-261102-0002,received,hôm qua,1.004873,COUNTER,H29.12,H29.12,COUNTER,"
BUNDLE = a_bundle(agencies=[an_agency("H29.12", aliases=["000.00.12.H29"], stage="notify"), an_agency("H29.99")])

app = Typer()
app.command()(import_.import_)


class Rig:
    """An installation of its own, and what the broker would have got."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.producer, self.known = folder, KeptProducer(), set[str]()

    def file(self, *lines: str, name: str = "facts.csv") -> Path:
        made = self.folder / name
        made.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return made

    def says(self, *words: object) -> Result:
        return CliRunner().invoke(app, [*map(str, words), "--agency", "H29.12"])

    @property
    def facts(self) -> list[Event]:
        return self.producer.on(LOG)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    rig = Rig(tmp_path)

    @contextmanager
    def gate(settings: Settings, store: Store, _: str) -> Iterator[Gate]:
        yield Gate(ensure_secrets(settings.secrets_dir), store, rig.producer, FixedReferences(BUNDLE))

    def bundle(_: str) -> Bundle:
        return BUNDLE

    monkeypatch.setenv("HOSO_HOME", str(tmp_path / "home"))
    for name in ("HOSO_DATABASE_URL", "HOSO_SECRETS_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(import_, "bootstrap_of", lambda: "nowhere:1")
    monkeypatch.setattr(import_, "_bundle", bundle)
    monkeypatch.setattr(import_, "_gate", gate)
    monkeypatch.setattr(import_, "_dossiers", lambda _: rig.known)
    # It would stay for whatever this process runs after it, with a stream that is shut.
    monkeypatch.setattr("schemas.telemetry.configure", lambda *_: None)
    return rig


def test_a_table_is_let_in_and_counted(rig: Rig) -> None:
    answer = rig.says(rig.file(HEADER, WITHDRAWN, RECEIVED))

    assert answer.exit_code == 0, answer.output
    assert answer.stdout == "2 facts of H29.12: 2 taken, 0 already there, 0 refused\n"
    assert [fact.type.split(".")[3] for fact in rig.facts] == ["received", "withdrawn"]
    assert not list(rig.folder.glob("*refused*"))


def test_a_spreadsheet_is_let_in_too(rig: Rig) -> None:
    answer = rig.says(SPREADSHEET)

    assert (answer.exit_code, len(rig.facts)) == (0, 2), answer.output


def test_a_second_run_says_nothing_twice(rig: Rig) -> None:
    file = rig.file(HEADER, RECEIVED, WITHDRAWN)
    rig.says(file)

    answer = rig.says(file)

    assert answer.stdout == "2 facts of H29.12: 0 taken, 2 already there, 0 refused\n"
    assert len(rig.facts) == 2


def test_a_refused_row_is_named_by_row_and_column_and_the_status_is_1(rig: Rig) -> None:
    answer = rig.says(rig.file(HEADER, RECEIVED, WRONG))

    assert answer.exit_code == 1
    assert answer.stdout.startswith("row 3: time: ")
    assert len(rig.facts) == 1


def test_refused_rows_are_written_corrected_and_read_again(rig: Rig) -> None:
    rig.says(rig.file(HEADER, RECEIVED, WRONG))
    refused = rig.folder / "facts.refused.csv"
    (row,) = csv.DictReader(refused.read_text("utf-8-sig").splitlines())
    assert row["refused_row"] == "3"
    assert row["refused_because"].startswith("time: ")

    refused.write_text(refused.read_text("utf-8").replace("hôm qua", "2026-11-02 09:06"), "utf-8")
    answer = rig.says(refused)

    assert answer.exit_code == 0, answer.output
    assert {fact.subject for fact in rig.facts} == {CODE, "H29.12-261102-0002"}


def test_a_dry_run_names_the_same_and_writes_nothing(rig: Rig) -> None:
    answer = rig.says(rig.file(HEADER, RECEIVED, WRONG), "--dry-run")

    assert answer.exit_code == 1
    assert answer.stdout.endswith("2 facts of H29.12: 1 would be taken, 0 already there, 1 refused\n")
    assert rig.facts == []
    assert not list(rig.folder.glob("*refused*"))


def test_json_tells_every_rows_id_and_outcome(rig: Rig) -> None:
    answer = rig.says(rig.file(HEADER, RECEIVED, WRONG), "--json")

    said = json.loads(answer.stdout)
    assert said["counts"] == {"taken": 1, "already there": 0, "refused": 1}
    assert [row["row"] for row in said["rows"]] == ["2", "3"]
    assert said["rows"][0]["id"] == rig.facts[0].id
    assert said["rows"][1]["errors"][0]["column"] == "time"
    assert Path(said["refused_file"]).is_file()


def test_an_agencys_own_names_for_columns_are_understood(rig: Rig) -> None:
    bare = HEADER.replace("dossier", "Số hồ sơ").replace("receiving_agency", "Ghi chú")

    answer = rig.says(
        rig.file(bare, RECEIVED.replace("COUNTER,H29.12,", "COUNTER,xem sau,")),
        "--columns", "dossier=Số hồ sơ", "--ignore", "Ghi chú", "--set", "receiving_agency=H29.12",
    )  # fmt: skip

    assert (answer.exit_code, len(rig.facts)) == (0, 1), answer.output


def test_a_broker_that_goes_away_ends_it_with_what_is_done(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.importing.taking.WAITS", ())
    rig.producer.away = True

    answer = rig.says(rig.file(HEADER, RECEIVED))

    assert answer.exit_code == 1
    assert "0 of 1 rows are done; call it again" in answer.stderr


def test_history_of_an_agency_that_acts_is_not_let_in_unawares(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    acting = a_bundle(agencies=[an_agency("H29.12"), an_agency("H29.99")])
    monkeypatch.setattr(import_, "_bundle", lambda _: acting)
    file = rig.file(HEADER, RECEIVED.replace("2026-11-02 09:05", "2020-11-02 09:05"))

    warned = rig.says(file)
    meant = rig.says(file, "--old")

    assert (warned.exit_code, meant.exit_code) == (1, 0)
    assert "stage act" in warned.stderr
    assert len(rig.facts) == 1


@pytest.mark.parametrize("words", [[], ["--snapshot", "a", "b"], ["x.csv", "--taken", "1", "2"]])
def test_what_is_to_be_read_is_said_once(rig: Rig, words: list[str]) -> None:
    assert rig.says(*words).exit_code == 2


def test_of_a_file_that_is_not_there_it_is_said_what_to_do(rig: Rig, tmp_path: Path) -> None:
    missing = tmp_path / "thang-11.csv"

    answer = rig.says(str(missing))

    says = f"there is no file {missing}: look at its name and its folder, and give both again\n"
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", says)


def test_a_table_that_is_none_is_one_sentence(rig: Rig) -> None:
    answer = rig.says(rig.file("dossier,colour", "x,red"))

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.count("\n") == 1


def test_two_exports_become_facts_and_an_adoption(rig: Rig) -> None:
    header = (
        "dossier,status,status_at,procedure,channel,receiving_agency,competent_agency,return_mode,received_at,outcome"
    )
    stated = "1.004873,COUNTER,H29.12,H29.12,COUNTER,2026-11-01 09:00"
    first = rig.file(header, f"{CODE},IN_PROCESS,2026-11-01 10:00,{stated},", name="a.csv")
    second = rig.file(
        header,
        f"{CODE},RESULT_READY,2026-11-02 15:00,{stated},APPROVED",
        f"H29.12-261102-0002,RECEIVED,,{stated.replace('11-01', '11-02')},",
        name="b.csv",
    )
    taken = ("--taken", "2026-11-01T23:00", "2026-11-02T23:00")

    answer = rig.says("--snapshot", first, second, *taken)
    rig.known = {CODE, "H29.12-261102-0002"}
    again = rig.says("--snapshot", first, second, *taken)

    assert answer.exit_code == 0, answer.output
    assert {fact.type.split(".")[3] for fact in rig.facts} == {"adopted", "received", "result_ready"}
    assert all(fact.id.startswith("snapshot-") for fact in rig.facts)
    assert again.stdout == "2 facts of H29.12: 0 taken, 2 already there, 0 refused\n"


def test_a_difference_that_no_date_explains_is_refused(rig: Rig) -> None:
    header = "dossier,status,procedure,channel,receiving_agency,competent_agency,return_mode"
    row = f"{CODE},%s,1.004873,COUNTER,H29.12,H29.12,COUNTER"
    files = rig.file(header, row % "RECEIVED", name="a.csv"), rig.file(header, row % "WITHDRAWN", name="b.csv")

    answer = rig.says("--snapshot", *files, "--taken", "2026-11-01T23:00", "2026-11-02T23:00")

    assert answer.exit_code == 1
    assert "row B:2: status_at: " in answer.stdout
    assert (rig.folder / "b.refused.csv").is_file()


def test_on_a_real_broker_the_output_is_the_commands_own(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = read_dir(REPOSITORY / "deploy" / "reference")
    topics.apply(kafka, [])
    publish(kafka, bundle)
    file = tmp_path / "facts.csv"
    file.write_text("\n".join([HEADER, RECEIVED.replace(CODE, "H29.12-261102-8001")]) + "\n")
    env = {"HOSO_KAFKA_BOOTSTRAP": kafka, "HOSO_HOME": str(tmp_path / "home")}
    words = [sys.executable, "-m", "hoso.cli.main", "import", str(file), "--agency", "H29.12", "--old", "--json"]

    done = [
        subprocess.run(words, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False)
        for _ in range(2)
    ]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    first, again = (json.loads(one.stdout) for one in done)
    assert (first["counts"]["taken"], again["counts"]["already there"]) == (1, 1)
    raw = [one.value or b"" for one in read_key(kafka, LOG, b"H29.12-261102-8001")]
    assert [Event.decode(one).id for one in raw] == [first["rows"][0]["id"]]
