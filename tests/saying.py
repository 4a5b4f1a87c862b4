"""A command as an operator gives it, within this process: a process of its own takes two seconds to start.

Each command has a test that starts one; for what else it says and does, this is the same code. Not for `import` and
`project`: how they log stays for whatever runs after them.
"""

import subprocess
from collections.abc import Mapping

import pytest
from typer.testing import CliRunner

from hoso.cli.main import app
from schemas import instant

CLOCK = "HOSO_CLOCK"


def says(environment: Mapping[str, str], *argv: str) -> "subprocess.CompletedProcess[str]":
    """What a command says under these settings, and how it ends; what would be a traceback is raised."""
    with pytest.MonkeyPatch.context() as here:
        for name, value in environment.items():
            here.setenv(name, value)
        if CLOCK in environment:
            here.setattr(instant, "_clock", instant.clock_from(environment[CLOCK]))
        done = CliRunner().invoke(app(argv[0]), argv)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(argv, done.exit_code, done.stdout, done.stderr)
