"""The table of forecasts: a CSV beside the reference data, written as it is read, what is wrong in it named by line."""

import shutil
from pathlib import Path

import pytest

from connectors.forecast_files import COLUMNS, HISTORY, POLICY, written_history
from connectors.reference import WrongReference, read_dir
from schemas.dossier import DossierStatus
from schemas.reference import CaseHistory, Forecasting
from tests.builders import ROOT

DAYS = (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 8)
ROWS = (
    CaseHistory(procedure="1.004873", cases=120, days=DAYS),
    CaseHistory(procedure="1.004873", stage=DossierStatus.IN_PROCESS, cases=100, days=DAYS),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The repository's reference data, to be spoilt."""
    return Path(shutil.copytree(ROOT / "deploy" / "reference", tmp_path / "reference"))


def test_what_is_written_is_read_as_it_was(folder: Path) -> None:
    (folder / HISTORY).write_text(written_history(ROWS))

    assert read_dir(folder).forecast.history == ROWS


def test_the_repositorys_policy_is_the_default_and_a_folder_without_any_is_the_same_version(folder: Path) -> None:
    with_files = read_dir(folder)
    shutil.rmtree(folder / "forecast")

    without = read_dir(folder)

    assert with_files.forecast == without.forecast == Forecasting()
    assert with_files.version == without.version


def test_another_history_is_another_version(folder: Path) -> None:
    before = read_dir(folder).version
    (folder / HISTORY).write_text(written_history(ROWS))

    assert read_dir(folder).version != before


def a_line(**changes: str) -> str:
    row = dict(zip(COLUMNS, ["1.004873", "IN_PROCESS", "100", *map(str, DAYS)], strict=True)) | changes
    return ",".join(row.values())


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([a_line(stage="NOWHERE")], "forecast/history.csv:2: stage: Input should be"),
        ([a_line(days_50="")], "forecast/history.csv:2: a row has 13 numbers of days, one for each share; this has 12"),
        ([a_line(days_10="9")], "forecast/history.csv:2: more cases cannot be done in fewer days"),
        ([a_line(), a_line()], "forecast/history.csv: the row 1.004873 IN_PROCESS is there 2 times"),
        ([a_line(cases="0")], "forecast/history.csv:2: cases:"),
    ],
)
def test_a_wrong_line_is_named(folder: Path, lines: list[str], problem: str) -> None:
    (folder / HISTORY).write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")

    with pytest.raises(WrongReference) as wrong:
        read_dir(folder)

    assert problem in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("share = 100", "forecast/policy.toml: share:"),
        ("patience = 1", "forecast/policy.toml: patience: Extra inputs"),
        ("history = []", "forecast/policy.toml: history: its place is forecast/history.csv"),
    ],
)
def test_a_wrong_policy_is_named(folder: Path, text: str, problem: str) -> None:
    (folder / POLICY).write_text(text)

    with pytest.raises(WrongReference) as wrong:
        read_dir(folder)

    assert problem in str(wrong.value)
