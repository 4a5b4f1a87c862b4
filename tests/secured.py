"""What tests on a secured Kafka have in common: commands as the operators give them, and connections that end."""

import os
import subprocess
import sys
from collections.abc import Mapping

from hoso import broker
from hoso.broker import Broker

COMMAND_SECONDS = 120


def run(env: Mapping[str, str], *argv: str) -> "subprocess.CompletedProcess[str]":
    """A command of ours with these settings."""
    command = [sys.executable, "-m", "hoso.cli.main", *argv]
    surroundings = {**os.environ, **env}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=surroundings, timeout=COMMAND_SECONDS
    )


def restart(running: Broker) -> None:
    """Every connection ends; whoever had one makes another."""
    broker.stop(running.home)
    broker.start(running.home, running.port, secured=True, dies_with_us=True)
