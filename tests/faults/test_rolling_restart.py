"""A rolling restart under load: every process stops in order and comes back, one after another, while the city lives.

That is how a release is put in place of another: nothing that was acknowledged is lost, nothing twice in effect. Every
test run has one too, at the end of the thirty blows of test_storm.py.
"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hoso.ports import LOOPBACK, free_port
from hoso.storm import Wishes
from hoso.supervised import Spec
from tests.faults.rolling import ORDER, Rolling

AWAKE = 20
"""So many events taken, and the city lives."""
TWO_WORKERS = ("worker", "worker-1", *ORDER[1:])


class Alone(Rolling):
    """No blow but the orderly stops. There are two workers."""

    def _processes(self) -> list[Spec]:
        specs = super()._processes()
        worker, port = next(spec for spec in specs if spec.name == "worker"), free_port()
        env = {**worker.env, "HOSO_INSTANCE": "worker-1", "HOSO_OPS_PORT": str(port)}
        return [*specs, replace(worker, name="worker-1", env=env, ready=f"http://{LOOPBACK}:{port}/readyz")]

    def _strike_all(self) -> None:
        while self._get("/progress")["events"].get("accepted", 0) < AWAKE:
            self._over.wait(0.3)
        self._roll(*TWO_WORKERS)


@pytest.mark.broker
@pytest.mark.storm
def test_a_rolling_restart_under_load_loses_nothing_and_repeats_nothing_in_effect(tmp_path: Path) -> None:
    with ExitStack() as stack:
        city = Alone(Wishes(tmp_path, seed=3, dossiers=60, days=5, say=print), stack)
        city.rage()
        verdict = city.judge()

    assert not verdict.open, "\n".join(verdict.open)
    assert (verdict.lost, verdict.twice_in_effect, verdict.state_differences) == (0, 0, 0)
    assert city.ends == [(name, 0) for name in TWO_WORKERS], "each stopped in order, once"
    assert verdict.acknowledged > 100
    print(verdict.seconds, verdict.acknowledged, verdict.repeated)
