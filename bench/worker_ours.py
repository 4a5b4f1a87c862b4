"""The job, or the real fold, on our engine. `real`: the facts of dossiers, with schemas/topics.py's topics.

Arguments as in worker_faust.py.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parent.parent))

import msgspec

from bench import job
from streams.engine import Engine, Record, Step, Stepped, build_app, run_worker, topic_id_reader
from streams.engine.consumer import UnitConsumer
from streams.engine.unit import Unit
from streams.fold import Fold
from tests.builders import REFERENCE

asked = msgspec.json.decode(sys.argv.pop(1))
watch = job.Watch(asked["events"])
logic_ns = 0


def simple(state: bytes | None, record: Record) -> Stepped:
    """The job of all three."""
    watch.saw()
    new, said = job.step(state, record.value)
    return Stepped(new, None, ((OUT, said),) if said is not None else ())


def counted(fold: Step) -> Step:
    """The worker's fold, its own CPU counted: two calls of the kernel an event, so only where that is reported."""

    def step(state: bytes | None, record: Record) -> Stepped:
        global logic_ns
        watch.saw()
        began = time.thread_time_ns()
        stepped = fold(state, record)
        logic_ns += time.thread_time_ns() - began
        return stepped

    return step


def chosen() -> Step:
    """The step of this run."""
    if not asked["real"]:
        return simple
    return counted(fold.step) if watch.events else fold.step


async def tell() -> None:
    """Wait until everything is acknowledged and committed, and say so; where the load never ends, say only `READY`."""
    while not engine.ready or not engine.positions():
        await asyncio.sleep(0.01)
    print("READY", flush=True)
    if not watch.events:
        await asyncio.Event().wait()
    while watch.seen < watch.events or any(not unit.done for unit in _units()):
        await asyncio.sleep(0.01)
    figures: dict[str, float] = {"outputs": engine.counters.outputs, "changes": engine.counters.changes}
    if asked["real"]:
        figures["logic_us_per_event"] = logic_ns / 1e3 / watch.events
    watch.end(**figures)


def _units() -> list[Unit]:
    consumer = cast(UnitConsumer, app.consumer)
    return [unit for queue in consumer.units.values() for unit in queue]


OUT = f"{asked['id']}-out"
fold = Fold(REFERENCE)
app = build_app(
    asked["id"],
    asked["bootstrap"],
    instance_id=None,
    data_dir=asked["folder"],
    partitions=asked["partitions"],
    declare_topics=True,
)
engine = Engine(
    app,
    input_topic=asked["topic"],
    table="state",
    partitions=asked["partitions"],
    step=chosen(),
    log_id=topic_id_reader(asked["bootstrap"], asked["topic"]),
    poison=fold.poison if asked["real"] else None,
)

if __name__ == "__main__":
    run_worker(app, beside=tell)
