"""A worker of the tests: folds numbers a key, says so on an output, sets timers. Run as a process; settings are JSON.

    python -m tests.streams.engine.fold '{"bootstrap": ..., "id": ..., "topic": ..., ...}'

An event is JSON: n (its number), and perhaps due (a timer), deaf (whose firings change nothing), fired (the due time
that a timer saw), boom, blow.
"""

import asyncio
import json
import logging
import sys
import time
import zlib
from typing import Any

from streams.engine import Engine, Letter, Record, Stepped, Timers, build_app, run_worker, topic_id_reader
from streams.engine.consumer import FetchThread
from streams.engine.stored import LOG_ID
from streams.engine.table import StateTable


def step(state: bytes | None, record: Record) -> Stepped:
    """Count, chain and remember; one output an event."""
    before: dict[str, Any] = json.loads(state or b'{"count": 0, "chain": 0, "due": null, "fired": 0}')
    event = json.loads(record.value)
    if "slow" in event:
        time.sleep(event["slow"])
    if "boom" in event:
        raise ValueError(event["boom"])
    if "fired" in event and (event["fired"] != before["due"] or before.get("deaf")):
        return Stepped(None)
    after = dict(before, count=before["count"] + 1, chain=zlib.crc32(b"%d" % event.get("n", 0), before["chain"]))
    if "fired" in event:
        after |= {"due": None, "fired": before["fired"] + 1, "count": before["count"], "chain": before["chain"]}
    if "due" in event:
        after |= {"due": event["due"], "deaf": event.get("deaf", False)}
    after["blow"] = "x" * event.get("blow", 0)
    said = json.dumps({"n": event.get("n"), "count": after["count"], "fired": after["fired"]}).encode()
    return Stepped(json.dumps(after).encode(), after["due"], [(OUT, said)], closed=event.get("close", False))


def fire(key: bytes, state: bytes, now: float) -> list[bytes]:
    """Say that the time has come."""
    return [json.dumps({"fired": json.loads(state)["due"]}).encode()]


def poison(record: Record, error: Exception, state: bytes | None) -> Stepped:
    """Hand it to the dead letters; the state stays."""
    where = f"{record.partition}/{record.offset} {type(error).__name__}"
    return Stepped(None, letters=[Letter(LETTERS, record.key or b"-", where.encode())])


async def tell(engine: Engine) -> None:
    """A line on stdout whenever something changes, for the test that watches."""
    last = None
    while True:
        said = {"ready": engine.ready, "lag": engine.lag, "owned": sorted(engine.positions())}
        said |= {name: getattr(engine.counters, name) for name in engine.counters.__slots__}
        if said != last:
            print("AT " + json.dumps(said), flush=True)
            last = said
        await asyncio.sleep(0.05)


async def crash_instead(self: FetchThread, offsets: Any) -> bool:
    """What Faust does when a commit fails: it crashes a service of its own, in a thread of its own."""
    await self.crash(RuntimeError("sabotage"))
    return False


async def never_answered(self: StateTable, number: int, changes: Any) -> None:
    """What a changelog does whose broker takes records and says nothing."""
    if LOG_ID not in changes:
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asked = json.loads(sys.argv[1])
    OUT, LETTERS = asked["topic"] + "-out", asked["topic"] + "-letters"
    if asked.get("unanswered"):
        StateTable.write = never_answered  # type: ignore[method-assign]  # on purpose
    if asked.get("sabotage"):
        FetchThread._commit = crash_instead  # type: ignore[assignment,method-assign]  # on purpose
    app = build_app(
        asked["id"],
        asked["bootstrap"],
        instance_id=asked.get("instance"),
        data_dir=asked["data_dir"],
        partitions=asked["partitions"],
        declare_topics=True,
        **asked.get("app", {}),
    )
    engine = Engine(
        app,
        input_topic=asked["topic"],
        table="state",
        partitions=asked["partitions"],
        step=step,
        timers=Timers(fire, **asked.get("timers", {})) if "timers" in asked else None,
        log_id=topic_id_reader(asked["bootstrap"], asked["topic"]) if asked.get("log_id", True) else None,
        poison=poison if asked.get("poison") else None,
        **asked.get("engine", {}),
    )
    run_worker(app, beside=lambda: tell(engine))
