"""Thirty blows while a city lives: nothing that was acknowledged is lost, nothing happens twice in effect."""

from pathlib import Path

import pytest

from hoso.storm import Wishes, run

KILLS, SEED = 30, 8


@pytest.mark.broker
@pytest.mark.storm
def test_what_was_acknowledged_survives_thirty_blows_and_happens_once(tmp_path: Path) -> None:
    verdict = run(Wishes(tmp_path, kills=KILLS, seed=SEED, say=print))

    assert verdict.open == []
    assert (verdict.lost, verdict.twice_in_effect, verdict.state_differences) == (0, 0, 0)
    assert verdict.adds_up
    assert sum(sum(hows.values()) for hows in verdict.kills.values()) == KILLS
    assert verdict.acknowledged > 300
