"""Timers, command line, other drivers: defects O, Q, S."""

import asyncio
import importlib.util
import time
from collections.abc import Sequence
from pathlib import Path

import faust
import pytest
from faust.cli.worker import worker as stock_command

from streams.engine import Timers, build_app
from streams.engine.counters import Counters
from streams.engine.partition import Partition
from streams.engine.stored import pack
from streams.engine.timers import Firing


def test_stocks_command_line_opens_the_port_that_the_app_has_closed_and_ours_has_no_command_line(
    tmp_path: Path,
) -> None:
    """Defect O; on a running worker in test_stock_worker.py, ours in test_no_port_is_opened."""
    app = build_app("ours", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=1)
    command = object.__new__(stock_command)
    command.app = app
    defaults = dict.fromkeys(("web_port", "web_bind", "web_host", "web_transport"))
    [switch] = [option for option in stock_command.worker_options if _default_of(option)]

    command._init_worker_options(with_web=_default_of(switch), **defaults)

    assert app.conf.web_enabled is True
    assert "conf.web_enabled = False" in (Path(__file__).parents[3] / "streams/engine/worker.py").read_text()


def _default_of(option: object) -> bool:
    """Whether this is the switch that is on by default."""

    def command() -> None:
        """Nothing."""

    option(command)  # type: ignore[operator]  # a decorator of click's
    [made] = command.__click_params__  # type: ignore[attr-defined]  # click's
    return bool(made.name == "with_web" and made.default)


@pytest.mark.anyio
async def test_stock_timers_miss_their_times_while_the_loop_is_busy_and_ours_fire_all_that_is_due(
    stock: faust.App,
) -> None:
    """Defect Q: a timer is a due time in a state, and lives through a restart as the state does."""
    ticks: list[float] = []

    async def tick() -> None:
        async for _ in stock.itertimer(0.05, sleep=asyncio.sleep):
            ticks.append(time.monotonic())

    part = Partition(states={b"k%d" % n: pack(1, 100.0 + n, b"") for n in range(6)}, owned=True)
    ticking = asyncio.ensure_future(tick())
    await asyncio.sleep(0.07)
    before = len(ticks)

    time.sleep(0.3)  # a step that takes its time
    await asyncio.sleep(0.01)
    missed = 6 - (len(ticks) - before)
    ticking.cancel()
    again = Firing(Timers(_fact, clock=lambda: 200.0), Counters(), 1_000)
    again.own(0, part)

    assert missed >= 4
    assert [key for key, _ in again.take(0, part, 0.0)] == [b"k%d" % n for n in range(6)]


def _fact(key: bytes, state: bytes, now: float) -> Sequence[bytes]:
    return [b"due"]


def test_stocks_other_driver_knows_no_static_member_and_ours_keeps_aiokafka(tmp_path: Path) -> None:
    """Defect S."""
    found = importlib.util.find_spec("faust.transport.drivers.confluent")
    app = build_app("ours", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=1)

    assert found is not None and found.origin is not None
    source = Path(found.origin).read_text()
    assert "group.instance.id" not in source
    assert "transactional.id" not in source
    assert "PartitionAssignor" not in source
    assert app.conf.broker[0].scheme == "kafka"
