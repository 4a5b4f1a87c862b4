"""`hoso forecast` and `hoso apologies` on a real Kafka: what finished dossiers taught decides whose letter is owed."""

import csv
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.archive import Limits, open_archive
from connectors.archive.running import archive_now
from connectors.broker import Producer
from connectors.history import published
from connectors.reference import in_force, publish, read_dir
from hoso import broker
from hoso.cli.apologies import apologies
from hoso.cli.forecast import forecast
from schemas.event import Event
from schemas.instant import clock_from
from schemas.reference import Bundle
from tests.archived import PARTITIONS
from tests.builders import ROOT, VERSION, a_bundle, a_fact, received, result_ready
from tests.rules.deadlines.living import all_said, lived

# Twenty cases, received on Monday 5 October, each with its result on the Thursday, the last day of its term.
PAST = [f"H29.12-261005-{number:04d}" for number in range(1, 21)]
APP = typer.Typer()
APP.add_typer(forecast, name="forecast")
APP.command()(apologies)
NOW = "2026-11-06T09:00:00+07:00"
SLOW, PROMPT, UNANSWERED = "H29.12-261102-0001", "H29.12-261102-0002", "H29.12-261102-0003"


def hoso(*arguments: str) -> Result:
    """What a command says and how it ends."""
    return CliRunner().invoke(APP, list(arguments))


@dataclass(frozen=True)
class City:
    """A broker with a log on it, and a folder of reference data."""

    bootstrap: str
    folder: Path


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = Path(shutil.copytree(ROOT / "deploy" / "reference", tmp_path_factory.mktemp("city") / "reference"))
    with broker.running() as started:
        topics.apply(started.bootstrap, ["H29.12"], PARTITIONS)
        publish(started.bootstrap, a_bundle())
        write(started.bootstrap, [fact for code in PAST for fact in a_case(code)])
        yield City(started.bootstrap, folder)


@pytest.fixture(autouse=True)
def here_and_now(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands ask this city, on the morning after the dossiers of November were due."""
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", city.bootstrap)
    monkeypatch.setattr("schemas.instant._clock", clock_from(f"start={NOW},speed=0.001,anchor={time.time()}"))


def a_case(code: str) -> list[Event]:
    """Assigned on the third day, three days in the stage before."""
    return [
        received("2026-10-05 09:00", code=code),
        a_fact("assigned", "2026-10-08 09:00", code=code, agency="H29.12", officer_ref="x"),
        result_ready("2026-10-08 16:00", code=code),
    ]


def write(bootstrap: str, facts: list[Event]) -> None:
    with Producer(bootstrap) as producer:
        producer.publish(facts)


def live(city: City, events: list[Event], until: str, bundle: Bundle) -> list[Event]:
    """Live a dossier through as workers and timers would, put its log on the topic; what was said of it."""
    _, told = lived(events, until, published(city.bootstrap), bundle.version)
    write(city.bootstrap, [fact for fact, _ in told])
    return all_said(told)


def test_finished_dossiers_teach_a_table_that_is_put_in_force_and_kept_in_the_folder(
    city: City, tmp_path: Path
) -> None:
    table = tmp_path / "history.csv"
    printed = hoso("forecast", "learn")
    written = hoso("forecast", "learn", "-o", str(table))
    before = in_force(city.bootstrap)

    told = hoso("forecast", "learn", "--publish", "--folder", str(city.folder), "--json")

    assert told.exit_code == written.exit_code == printed.exit_code == 0, told.stderr + written.stderr
    answer = json.loads(told.stdout)
    assert answer["dossiers"] == 20
    assert [(row.get("stage"), row["cases"], set(row["days"])) for row in answer["history"]] == [
        (None, 20, {3}),
        ("RECEIVED", 20, {3}),
        ("IN_PROCESS", 20, {0}),
    ]
    assert printed.stdout == table.read_text() == (city.folder / "forecast" / "history.csv").read_text()
    assert before is not None and before.version == VERSION
    after = in_force(city.bootstrap)
    assert after is not None and (after.version, len(after.forecast.history)) == (answer["version"], 3)
    assert after.calendar == before.calendar
    assert read_dir(city.folder).forecast == after.forecast


def test_results_outside_the_days_asked_for_teach_nothing_and_nothing_is_published(city: City) -> None:
    before = in_force(city.bootstrap)

    told = hoso("forecast", "learn", "--from", "2026-10-09", "--publish", "--folder", str(city.folder))

    assert told.exit_code == 1
    assert "no procedure has 20 of them: nothing is published" in told.stderr
    assert in_force(city.bootstrap) == before


def test_an_archive_and_what_came_after_it_teach_as_one(city: City, tmp_path: Path) -> None:
    url = str(tmp_path / "archive")
    archive_now(city.bootstrap, open_archive(url), Limits(records=7), lambda *_: None)

    told = hoso("forecast", "learn", "--archive", url, "--json")

    assert told.exit_code == 0, told.stderr
    assert json.loads(told.stdout)["dossiers"] == 20


def test_a_letter_is_owed_by_what_was_learned_and_the_register_follows_it(city: City, tmp_path: Path) -> None:
    bundle = in_force(city.bootstrap)
    assert bundle is not None and bundle.forecast.history
    unheard = live(city, [received("2026-11-02 09:00", code=PROMPT), result_ready("2026-11-03 09:00", code=PROMPT)],
                   "2026-11-06 09:00", bundle)  # fmt: skip
    asked = a_fact("consultation_requested", "2026-11-02 15:00", code=SLOW, consultation_id="c1", agency="H29.99",
                   limit_on="2026-11-10")  # fmt: skip
    letter = a_fact("apology_issued", "2026-11-05 10:00", code=SLOW, reason="x", signed_by="Phó phòng", channel="SMS")
    heard = live(city, [received("2026-11-02 09:00", code=SLOW), asked, letter], "2026-11-06 09:00", bundle)
    live(city, [received("2026-11-02 09:00", code=UNANSWERED)], "2026-11-06 09:00", bundle)

    table = tmp_path / "register.csv"
    told = hoso("apologies", "--agency", "000.00.12.H29", "--month", "2026-11", "--csv", str(table), "--json")
    other = hoso("apologies", "--month", "2026-12")

    assert told.exit_code == other.exit_code == 0, told.stderr + other.stderr
    assert not any("apology" in fact.type for fact in unheard)
    assert [fact.data.about for fact in heard if fact.type == "vn.hoso.deadline.apology_owed.v1"] == ["2", "1"]
    [row] = csv.DictReader(table.open(encoding="utf-8"))
    assert {name: row[name] for name in ("dossier", "due_on", "limit_on", "owed_at", "signed_by", "sent_at")} == {
        "dossier": SLOW,
        "due_on": "2026-11-05",
        "limit_on": "2026-11-04",
        "owed_at": "2026-11-03T07:30:00+07:00",
        "signed_by": "Phó phòng",
        "sent_at": "2026-11-05T10:00:00+07:00",
    }
    assert (row["late_by_decree"], row["late_by_city"], row["needless"]) == ("True", "False", "")
    answer = json.loads(told.stdout)
    assert [one["dossier"] for one in answer["letters"]] == [SLOW]
    assert answer["agencies"]["H29.12"] == answer["total"]
    assert answer["total"] == {
        "owed": 1, "drafted": 1, "signed": 1, "sent": 1, "unasked": 0, "late_by_decree": 1, "late_by_city": 0,
        "needless": 0, "outstanding": 0, "late_dossiers": 2, "late_with_letter": 1, "coverage": 0.5,
        "in_time_by_decree": 0.0, "in_time_by_city": 1.0,
    }  # fmt: skip
    assert other.stdout.startswith("all: owed 0, ")


def test_a_dossiers_forecast_says_what_it_rests_on_and_what_it_waits_for(city: City) -> None:
    told = hoso("forecast", "show", SLOW, "--json")
    in_words = hoso("forecast", "show", SLOW)
    done = hoso("forecast", "show", PROMPT)

    assert told.exit_code == in_words.exit_code == 0, told.stderr + in_words.stderr
    answer = json.loads(told.stdout)
    assert (answer["due_on"], answer["stage"], answer["rests_on"], answer["cases"]) == (
        "2026-11-05",
        "IN_PROCESS",
        "stage",
        20,
    )
    # In its stage since Monday, four working days, and no case ever was as long: as many days again.
    assert (answer["working_days_left"], answer["working_days_needed"], answer["new_due_on"]) == (-1, 4, "2026-11-12")
    assert [one["what"] for one in answer["waits_for"]] == ["CONSULTATION"]
    assert "20 cases of its procedure from the stage IN_PROCESS on" in in_words.stdout
    assert "waits for CONSULTATION c1 H29.99 2026-11-10" in in_words.stdout
    assert done.exit_code == 1
    assert f"no due date of {PROMPT} is in force" in done.stderr and "STOPPED" in done.stderr


def test_a_procedures_history_is_shown_and_an_unknown_word_is_answered(city: City) -> None:
    shown = hoso("forecast", "show", "1.004873")
    bare = hoso("forecast", "show", "1.009994")
    wrong = hoso("forecast", "show", "9.999999")

    assert "from RECEIVED: 20 cases; of them 50 % within 3" in shown.stdout
    assert "no history" in bare.stdout
    assert wrong.exit_code == 1
    assert "9.999999 is no dossier's code and no procedure" in wrong.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--month", "2026-13"], "write 2026-11"), (["--agency", "H29.55"], "H29.55 is no agency")],
)
def test_a_register_of_nothing_known_is_refused(city: City, options: list[str], sentence: str) -> None:
    told = hoso("apologies", *options)

    assert told.exit_code == 1
    assert sentence in told.stderr
