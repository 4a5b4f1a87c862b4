"""The cluster destroyed while a city lives, restored from an archive that lacks its last minutes: nothing is lost."""

from pathlib import Path

import pytest

from hoso.drill import Wishes, run


@pytest.mark.broker
@pytest.mark.storm
def test_a_cluster_that_is_gone_comes_back_from_its_archive_its_agencies_and_its_carriers(tmp_path: Path) -> None:
    verdict = run(Wishes(tmp_path, seed=3, say=print))

    assert verdict.open == []
    assert (verdict.lost, verdict.twice_in_effect, verdict.state_differences) == (0, 0, 0)
    assert verdict.refused
    assert verdict.facts_restored < verdict.facts_before
    assert min(verdict.missing_of_agencies, verdict.without_effects, sum(verdict.sent_again.values())) > 0
    assert verdict.carriers_asked > 0
    assert verdict.adds_up
