"""Thirty blows while a city lives, then a rolling restart: nothing acknowledged is lost, nothing twice in effect.

The one with three brokers is asked for by hand: `pytest -m storm`. `make storm` strikes a thousand times.
"""

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from hoso.storm import Wishes, run
from hoso.strikes import BROKER, TARGETS, Trouble
from hoso.verdict import Verdict
from tests.faults.rolling import ORDER, Rolling

BLOWS, SEED = 30, 8
SURE = ("accepts, then times out", "500", "duplicate", "reordered", "late", "forged", "closed for a day")
"""How partners fail in every storm of that seed. The other ways come two or three times, and may not come at all."""


def holds(verdict: Verdict) -> None:
    """What every storm must show, whatever it struck."""
    assert verdict.open == []
    assert (verdict.lost, verdict.twice_in_effect, verdict.state_differences) == (0, 0, 0)
    assert verdict.adds_up
    assert verdict.acknowledged > 60


class Replaced(Rolling):
    """After its blows each process is stopped in order while the city lives, as when a release replaces another."""

    def _strike_all(self) -> None:
        super()._strike_all()
        self._guests.leave()
        self._roll(*ORDER)


@pytest.mark.broker
def test_what_was_acknowledged_survives_thirty_blows_and_a_rolling_restart_and_happens_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        storm = Replaced(Wishes(tmp_path, kills=BLOWS, seed=SEED, dossiers=26, days=5, say=print), stack)
        storm.rage()
        verdict = storm.judge()

    print(verdict.seconds, verdict.partners, verdict.repeated)
    holds(verdict)
    assert verdict.struck == BLOWS
    assert set(verdict.blows) == set(TARGETS)
    assert set(verdict.troubles) == set(map(str, Trouble))
    assert {fault for fault in SURE if not verdict.partners[fault]} == set()
    assert storm.ends == [(name, 0) for name in ORDER], "each stopped in order, once"


@pytest.mark.broker
@pytest.mark.storm
def test_it_survives_nodes_of_the_broker_that_fall_too(tmp_path: Path) -> None:
    verdict = run(Wishes(tmp_path, kills=40, seed=SEED, nodes=3, say=print))

    holds(verdict)
    assert BROKER in verdict.blows


@pytest.mark.broker
def test_a_storm_that_is_told_to_stop_leaves_nobody_behind_frozen_or_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hoso.cli.main", "storm", "--kills", "60", "--seed", "3", "--home", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as storm:
        assert storm.stdout is not None and storm.stderr is not None
        frozen = next((line for line in storm.stdout if "SIGSTOP" in line), None)
        storm.send_signal(signal.SIGTERM)
        said = storm.stderr.read()

    assert frozen is not None
    assert (storm.returncode, said.strip().splitlines()[-1]) == (
        130,
        "stopped: this storm does not count; the same command goes on with it",
    )
    assert _speaks_of(tmp_path) == []


def _speaks_of(home: Path) -> list[str]:
    """Who lives, of all processes, and was started with or within this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv, surroundings = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if str(home).encode() in argv + surroundings:
            found.append(argv.replace(b"\0", b" ").decode(errors="replace"))
    return found
