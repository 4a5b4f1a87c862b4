"""`hoso due`: a line in, a line out, and an exit code that says whether all were answered."""

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import typer
from typer.testing import CliRunner, Result

from hoso.cli.due import due
from tests.rules.deadlines.builders import CASES_PATH, MALFORMED_PATH, written

APP = typer.Typer()
APP.command()(due)


def run(*arguments: str, input: bytes | None = None) -> Result:
    """The command, run with these arguments."""
    return CliRunner().invoke(APP, list(arguments), input=input)


def printed(result: Result) -> list[dict[str, Any]]:
    """The lines it printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_case_of_a_file_is_answered_in_order_and_the_exit_is_0() -> None:
    result = run(str(CASES_PATH))

    assert result.exit_code == 0
    assert printed(result) == [{"id": case["id"], **case["expect"]} for case in written(CASES_PATH)]


def test_a_dash_reads_standard_input() -> None:
    result = run("-", input=CASES_PATH.read_bytes())

    assert result.stdout == run(str(CASES_PATH)).stdout


def test_malformed_lines_are_answered_in_their_place_and_the_exit_is_1() -> None:
    result = run(str(MALFORMED_PATH))

    assert result.exit_code == 1
    assert [said["id"] for said in printed(result)] == [case["id"] for case in written(MALFORMED_PATH)]
    assert "error" not in printed(result)[-1]


def test_an_empty_line_between_cases_is_malformed_and_one_at_the_end_is_none() -> None:
    case = CASES_PATH.read_bytes().splitlines()[0]

    assert run("-", input=case + b"\n\n\n").exit_code == 0
    between = printed(run("-", input=case + b"\n\n" + case))
    assert [said["id"] for said in between] == ["tet-2019-5wd", None, "tet-2019-5wd"]


def test_a_file_that_is_not_there_is_a_wrong_call_and_no_traceback(tmp_path: Path) -> None:
    result = run(str(tmp_path / "none.jsonl"))

    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)


def test_ten_thousand_cases_take_a_second_and_not_minutes(tmp_path: Path) -> None:
    lines = CASES_PATH.read_bytes().splitlines() * 112
    many = tmp_path / "many.jsonl"
    many.write_bytes(b"\n".join(lines))

    began = perf_counter()
    result = run(str(many))

    assert result.exit_code == 0
    assert result.stdout.count("\n") == len(lines) > 10_000
    assert perf_counter() - began < 10
