"""What every process follows in a thread: no process goes on that hears of it no more."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("followed", ["holds", "reference"])
def test_an_error_that_is_no_verdict_in_what_is_followed_ends_the_process_and_says_why(followed: str) -> None:
    command = [sys.executable, "-m", "tests.connectors.deaf", followed]
    environment = os.environ | {"HOSO_KAFKA_BOOTSTRAP": "127.0.0.1:1"}

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith("ZeroDivisionError: nobody foresaw this")
