"""The command line: quick, because it imports only what was asked for; a wrong setting is one sentence."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from hoso.cli.main import COMMANDS, wrong_setting
from hoso.settings import Settings
from schemas.instant import WrongClock

HEAVY = {"faust", "kafka", "aiokafka", "fastapi", "sqlalchemy", "requests", "pydantic", "rich"}


def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "hoso.cli.main", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **env})


def imported(done: subprocess.CompletedProcess[str]) -> set[str]:
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_help_names_every_command_and_imports_none() -> None:
    done = run("--help")

    assert done.returncode == 0
    assert all(command.help.split(",")[0] in done.stdout for command in COMMANDS if command.name in ("broker", "up"))
    assert not imported(done) & HEAVY


def test_a_command_imports_no_other_command() -> None:
    done = run("broker", "start", "--help")

    assert "hoso broker start --port" in done.stdout
    assert "hoso.cli.up" not in imported(done)
    assert not imported(done) & {"faust", "kafka", "fastapi", "sqlalchemy"}


def test_every_listed_command_can_be_loaded() -> None:
    assert all(callable(command.load()) for command in COMMANDS if command.exists())


def test_a_wrong_setting_is_one_sentence_and_status_2() -> None:
    done = run("broker", "status", HOSO_EDGE_PORT="high", HOSO_KAFKA_BOOTSTRAP="kafka")

    words = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 2
    assert len(words) == 1
    assert words[0].startswith("HOSO_KAFKA_BOOTSTRAP is wrong: 'kafka' is not host:port; HOSO_EDGE_PORT is wrong: ")


def test_only_settings_are_called_settings() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(edge_port=0)

    assert (wrong_setting(caught.value) or "").startswith("HOSO_EDGE_PORT is wrong: ")
    assert wrong_setting(WrongClock("HOSO_CLOCK has no speed")) == "HOSO_CLOCK has no speed"
    assert wrong_setting(ValueError("something else")) is None
