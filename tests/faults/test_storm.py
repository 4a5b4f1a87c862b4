"""Thirty blows while a city lives: nothing that was acknowledged is lost, nothing happens twice in effect.

The one with three brokers is asked for by hand: `pytest -m storm`. `make storm` strikes a thousand times.
"""

from pathlib import Path

import pytest

from hoso.storm import Wishes, run
from hoso.strikes import BROKER, TARGETS, Trouble
from hoso.verdict import Verdict

BLOWS, SEED = 30, 8


def holds(verdict: Verdict) -> None:
    """What every storm must show, whatever it struck."""
    assert verdict.open == []
    assert (verdict.lost, verdict.twice_in_effect, verdict.state_differences) == (0, 0, 0)
    assert verdict.adds_up
    assert verdict.acknowledged > 60


@pytest.mark.broker
def test_what_was_acknowledged_survives_thirty_blows_and_happens_once(tmp_path: Path) -> None:
    verdict = run(Wishes(tmp_path, kills=BLOWS, seed=SEED, dossiers=26, days=5, say=print))

    holds(verdict)
    assert verdict.struck == BLOWS
    assert set(verdict.blows) == set(TARGETS)
    assert set(verdict.troubles) == set(map(str, Trouble))


@pytest.mark.broker
@pytest.mark.storm
def test_it_survives_nodes_of_the_broker_that_fall_too(tmp_path: Path) -> None:
    verdict = run(Wishes(tmp_path, kills=40, seed=SEED, nodes=3, say=print))

    holds(verdict)
    assert BROKER in verdict.blows
