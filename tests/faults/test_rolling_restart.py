"""A rolling restart under load: every process stops in order and comes back, one after another, while the city lives.

That is how a release is put in place of another: nothing that was acknowledged is lost, nothing twice in effect.
"""

import signal
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hoso import child
from hoso.ports import LOOPBACK, free_port
from hoso.storm import Wishes, _Storm
from hoso.supervised import Row, Spec, State

ORDER = ("worker", "worker-1", "dispatch", "translate", "poll", "notify", "intake", "edge")
"""Readers before writers, as docs/upgrading.md has it."""
BACK_SECONDS = 90.0
AWAKE = 20
"""So many events taken, and the city lives."""


class Rolling(_Storm):
    """A storm whose only blows are orderly stops, each after the one before is ready again. There are two workers."""

    def __init__(self, wishes: Wishes, stack: ExitStack) -> None:
        self.ends: list[tuple[str, int | None]] = []
        super().__init__(wishes, stack)
        self._supervisor._hooks.append(self._ended)

    def _processes(self) -> list[Spec]:
        specs = super()._processes()
        worker, port = next(spec for spec in specs if spec.name == "worker"), free_port()
        env = {**worker.env, "HOSO_INSTANCE": "worker-1", "HOSO_OPS_PORT": str(port)}
        return [*specs, replace(worker, name="worker-1", env=env, ready=f"http://{LOOPBACK}:{port}/readyz")]

    def _strike_all(self) -> None:
        while self._get("/progress")["events"].get("accepted", 0) < AWAKE:
            self._over.wait(0.3)
        for name in ORDER:
            with self._weather.pouring():
                self._restart(name)

    def _restart(self, name: str) -> None:
        before = self._of(name, self._supervisor.state())
        pid = child.find(before.pid) if before.pid is not None else None
        assert pid is not None, f"{name} does not run"
        pid.send(signal.SIGTERM)

        def is_back(rows: list[Row]) -> bool:
            row = self._of(name, rows)
            return row.state is State.READY and row.pid != before.pid

        assert self._supervisor.wait_until(is_back, BACK_SECONDS), f"{name} did not come back"
        self._wishes.say(f"{self._now()}  {name} is back")

    def _ended(self, row: Row) -> None:
        if row.state is State.DEAD:
            self.ends.append((row.name, row.exit_code))

    @staticmethod
    def _of(name: str, rows: list[Row]) -> Row:
        return next(row for row in rows if row.name == name)


@pytest.mark.broker
@pytest.mark.storm
def test_a_rolling_restart_under_load_loses_nothing_and_repeats_nothing_in_effect(tmp_path: Path) -> None:
    with ExitStack() as stack:
        city = Rolling(Wishes(tmp_path, seed=3, dossiers=60, days=5, say=print), stack)
        city.rage()
        verdict = city.judge()

    assert not verdict.open, "\n".join(verdict.open)
    assert (verdict.lost, verdict.twice_in_effect, verdict.state_differences) == (0, 0, 0)
    assert city.ends == [(name, 0) for name in ORDER], "each stopped in order, once"
    assert verdict.acknowledged > 100
    print(verdict.seconds, verdict.acknowledged, verdict.repeated)
