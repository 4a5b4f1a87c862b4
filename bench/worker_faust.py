"""The job on stock Faust with a memory table, tuned: raw serializers, large polls and buffers, no web, no leader.

python worker_faust.py '{"bootstrap": ..., "id": ..., "topic": ..., "events": ..., "folder": ...}'
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import faust
import msgspec
from job import Watch, step

asked = msgspec.json.decode(sys.argv.pop(1))
watch = Watch(asked["events"])
app = faust.App(
    asked["id"],
    broker=f"kafka://{asked['bootstrap']}",
    datadir=Path(asked["folder"]),
    store="memory://",
    key_serializer="raw",
    value_serializer="raw",
    topic_partitions=asked["partitions"],
    topic_disable_leader=True,
    table_standby_replicas=0,
    broker_max_poll_records=4_000,
    stream_buffer_maxsize=16_384,
    stream_recovery_delay=0.0,
    stream_wait_empty=False,
    broker_commit_interval=0.5,
    producer_linger=0.005,
    producer_max_batch_size=900_000,
    producer_compression_type="lz4",
)
events = app.topic(asked["topic"], key_type=bytes, value_type=bytes)
output = app.topic(f"{asked['id']}-out", key_type=bytes, value_type=bytes)
states = app.Table("state", partitions=asked["partitions"], key_type=bytes, value_type=bytes)


@app.agent(events)
async def fold(stream: Any) -> None:
    """Decode, keep, say."""
    async for key, value in stream.items():
        last = watch.saw()
        states[key], said = step(states.get(key), value)
        if said is not None:
            await output.send(key=key, value=said)
        if last:
            producer: Any = app.producer
            while producer.buffer.size:
                await asyncio.sleep(0.005)
            await producer.flush()
            watch.end()


if __name__ == "__main__":
    sys.argv += ["-L", "uvloop", "worker", "--without-web", "-l", "error"]
    app.main()
