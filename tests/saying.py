"""A command as an operator gives it: `typed` in a process of its own, which takes two seconds to start, or within this.

Each command has a test that starts one; for what else it says and does, `says` runs the same code. Not for `import` and
`project`: how they log stays for whatever runs after them.
"""

import os
import subprocess
import sys
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


def typed(environment: Mapping[str, str], *argv: str) -> "subprocess.CompletedProcess[str]":
    """What a command says in a process of its own, and how it ends."""
    command, env = [sys.executable, "-m", "hoso.cli.main", *argv], {**os.environ, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
