"""`hoso report`: each report from a read model in a file, as text, CSV and JSON; what does not add up ends with 1."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from connectors.project import sets
from connectors.store import Store, open_store
from hoso.cli.report import report
from tests.connectors.project.stories import POSTAL, stories
from tests.connectors.project.told import Told, enter

WINDOW = ("--from", "2026-11-01", "--to", "2026-11-30")
NAMES = ("06a", "reception", "apologies", "post", "holders", "promises")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A read model that was told every story; its address is in the environment."""
    address = f"sqlite:///{tmp_path / 'read.db'}"
    monkeypatch.setenv("HOSO_READ_DATABASE_URL", address)
    monkeypatch.delenv("HOSO_KAFKA_BOOTSTRAP", raising=False)
    made = open_store(address)
    sets.prepare(made, {})
    enter(made, Told().say(*stories()).records)
    yield made
    made.close()


def run(*words: str) -> Result:
    return CliRunner().invoke(report, list(words))


@pytest.mark.parametrize("name", NAMES)
def test_every_report_adds_up_and_names_no_dossier(store: Store, name: str) -> None:
    done = run(name, *WINDOW)

    assert (done.exit_code, done.stderr) == (0, "")
    assert "2026-11-01 to 2026-11-30" in done.stdout
    assert "261102" not in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_csv_and_json_have_the_same_columns_and_rows(store: Store, name: str) -> None:
    as_csv, as_json = run(name, *WINDOW, "--csv"), run(name, *WINDOW, "--json")

    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    said = json.loads(as_json.stdout)
    assert rows == [{name: str(value) for name, value in row.items()} for row in said["rows"]]
    assert said["problems"] == []


def test_the_form_has_its_columns_and_what_was_known_then(store: Store) -> None:
    [*_, total] = json.loads(run("06a", *WINDOW, "--by", "agency", "--as-of", "2026-11-10", "--json").stdout)["rows"]

    assert total == {
        "agency": "all", "to_handle": 11, "online": 1, "direct_and_postal": 9, "postal": 1, "carried_over": 1,
        "resolved": 5, "early": 2, "on_time": 2, "late": 1, "pending": 6, "in_time": 2, "overdue": 4,
        "resolved_known": 6, "late_known": 1, "overdue_known": 3,
    }  # fmt: skip


def test_the_sectors_come_from_a_file(store: Store, tmp_path: Path) -> None:
    sectors = tmp_path / "sectors.csv"
    sectors.write_text("procedure,sector\n1.004873,Xác nhận\n", encoding="utf-8")

    said = json.loads(run("06a", *WINDOW, "--sectors", str(sectors), "--by", "sector", "--json").stdout)

    assert [row["sector"] for row in said["rows"]] == ["Xác nhận", "all"]


def test_dossiers_are_listed_only_where_that_is_asked_for(store: Store) -> None:
    listed = json.loads(run("promises", *WINDOW, "--dossiers", "--json").stdout)["rows"]

    assert [(row["promised_on"], row["computed_on"], row["days_later"]) for row in listed] == [
        ("2026-11-06", "2026-11-05", 1)
    ]


def test_a_form_that_does_not_add_up_says_so_and_exits_1(store: Store) -> None:
    with store.begin() as connection:
        table = sets.serving(connection).tables.dossiers
        connection.execute(update(table).where(table.c.channel == "ONLINE").values(channel="TELEPHONE"))

    done = run("06a", *WINDOW, "--by", "agency")

    assert done.exit_code == 1
    assert "it does not add up: H29.12 as stated: received = online + direct + postal: 10 is not 9" in done.stderr


def test_a_fee_remitted_beyond_what_was_collected_exits_1(store: Store) -> None:
    with store.begin() as connection:
        table = sets.serving(connection).tables.facts
        paid = (table.c.kind == "fee_remitted") & (table.c.dossier == POSTAL)
        connection.execute(update(table).where(paid).values(amount=60_000))

    done = run("post", *WINDOW, "--json")

    assert done.exit_code == 1
    assert "10000 dong" in json.loads(done.stdout)["problems"][0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["06a", "--from", "2026-11-30", "--to", "2026-11-01"], "does not end"),
        (["06a", "--from", "yesterday", "--to", "2026-11-01"], "yesterday is no day: write 2026-11-30"),
        (["06a", *WINDOW, "--by", "town"], "town is nothing to break down by"),
        (["06a", *WINDOW, "--agency", "H29.00"], "H29.00 is no agency of the reference data in force, test-1"),
        (["06a", *WINDOW, "--sectors", "nowhere.csv"], "there is no file nowhere.csv"),
    ],
)
def test_what_cannot_be_reported_is_one_sentence_and_status_1(store: Store, words: list[str], sentence: str) -> None:
    done = run(*words)

    assert done.exit_code == 1
    assert sentence in done.stderr
    assert done.stdout == ""


def test_without_a_read_model_the_next_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_READ_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")

    done = run("post", *WINDOW)

    assert (done.exit_code, done.stderr) == (1, "there is no read model yet: `hoso project` makes it\n")
