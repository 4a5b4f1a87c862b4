"""Citizens' ratings in the read model and in the report: scores without words, a dossier's first, by its agency."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.project import sets
from connectors.project.library import library
from connectors.project.reading import Reading
from connectors.store import Store
from hoso.cli.report import report
from rules.reports.period import Period
from rules.reports.satisfaction import satisfaction
from schemas.event import Event, type_name
from tests.builders import a_fact, admitted, received, result_ready
from tests.connectors.project.told import Told, enter, everything

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
WINDOW = ("--from", "2026-11-01", "--to", "2026-11-30")
RATED, HARD, OTHER = (f"H29.12-261102-{number:04d}" for number in (41, 42, 43))
WORDS = "Cảm ơn ông Nguyễn Văn Mẫu"


def rated(code: str, *scores: int, time: str = "2026-11-06T10:00:00+07:00", source: str = "/citizens") -> Event:
    said: dict[str, Any] = {"type": type_name("dossier", "rated"), "subject": code, "time": time}
    data = {"scores": list(scores), "comment": WORDS}
    return admitted({"specversion": "1.0", "id": f"rating-of-{code}", "source": source, "data": data} | said)


def stories() -> list[Event]:
    told: list[Event] = []
    for code in (RATED, HARD, OTHER):
        told += [received(code=code), result_ready("2026-11-04 10:00", code=code)]
    return [
        *told,
        rated(RATED, *[2] * 9),
        rated(HARD, 0, 1, 2, 0, 1, 2, 0, 1, 2),
        rated(OTHER, 1, 1),
        # What changes the first one is a conflict; what an agency says for its citizen has no standing.
        rated(RATED, *[0] * 9, time="2026-11-07T10:00:00+07:00"),
        a_fact("rated", "2026-11-05 10:00", code=RATED, scores=[0] * 9),
    ]


def test_the_first_rating_of_each_dossier_counts_by_the_agency_that_decided(store: Store) -> None:
    enter(store, Told().say(*stories()).records)

    with sets.looking(store) as (connection, tables):
        reading = Reading(connection, tables, library(connection, tables, {}))
        found = satisfaction(reading.ratings(NOVEMBER), NOVEMBER)
        nobody = list(Reading(connection, tables, library(connection, tables, {}), "H29.99").ratings(NOVEMBER))

    assert found.problems() == [] and list(found.lines) == ["H29.12"]
    line = found.lines["H29.12"]
    assert (line.ratings, line.other, line.mean()) == (3, 1, 13.5)
    assert line.indices() == [1.0, 1.5, 2.0, 1.0, 1.5, 2.0, 1.0, 1.5, 2.0]
    assert nobody == []


def test_no_word_of_a_citizen_comes_into_the_tables(store: Store) -> None:
    enter(store, Told().say(*stories()).records)

    cells = [
        str(cell) for name, rows in everything(store).items() if name != "reference" for row in rows for cell in row
    ]

    assert "222222222" in cells and "012012012" in cells
    assert [cell for cell in cells if "Nguy" in cell or "AAAA" in cell] == []


@pytest.fixture
def told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reads what was told."""
    enter(store, Told().say(*stories()).records)
    monkeypatch.setenv("HOSO_READ_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    monkeypatch.delenv("HOSO_KAFKA_BOOTSTRAP", raising=False)


def test_the_command_says_indices_points_and_grade(told: None) -> None:
    said = json.loads(CliRunner().invoke(report, ["satisfaction", *WINDOW, "--json"]).stdout)

    [line, total] = said["rows"]
    assert (line["agency"], line["grade"], line["ratings"], line["points"]) == ("H29.12", "good", 3, 13.5)
    assert (line["total_time"], line["online"]) == (1.0, 2.0)
    assert total | {"agency": "H29.12"} == line
    assert (said["shares"], said["problems"]) == ({"satisfaction": 0.75}, [])


def test_the_same_as_a_table_and_for_spreadsheets(told: None) -> None:
    text, as_csv = (CliRunner().invoke(report, ["satisfaction", *WINDOW, *more]) for more in ([], ["--csv"]))

    assert (text.exit_code, as_csv.exit_code) == (0, 0)
    assert "Satisfaction, 2026-11-01 to 2026-11-30" in text.stdout and "satisfaction: 75.00%" in text.stdout
    assert [row["points"] for row in csv.DictReader(io.StringIO(as_csv.stdout))] == ["13.5", "13.5"]
    assert "261102" not in text.stdout + as_csv.stdout


def test_a_month_in_which_nobody_rated_has_no_grade(told: None) -> None:
    december = ("--from", "2026-12-01", "--to", "2026-12-31")

    said = json.loads(CliRunner().invoke(report, ["satisfaction", *december, "--json"]).stdout)

    assert [(row["agency"], row["grade"], row["ratings"]) for row in said["rows"]] == [("all", "", 0)]
