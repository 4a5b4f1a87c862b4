"""The job on Quix Streams (RocksDB). `commit_every` 0: its defaults, a changelog record a key and checkpoint.

It runs in the virtual environment that bench/engine.py makes for it. Arguments as in worker_faust.py.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
from job import Watch, step
from quixstreams import Application

asked = msgspec.json.decode(sys.argv.pop(1))
watch = Watch(asked["events"])
app = Application(
    broker_address=asked["bootstrap"],
    consumer_group=asked["id"],
    auto_offset_reset="earliest",
    commit_every=asked["commit_every"],
    state_dir=Path(asked["folder"]),
    loglevel="ERROR",
)


def fold(value: bytes, state: Any) -> bytes | None:
    """Decode, keep, say."""
    last = watch.saw()
    new, said = step(state.get_bytes("s"), value)
    state.set_bytes("s", new)
    if last:
        app.stop()
    return said


events = app.topic(asked["topic"], value_deserializer="bytes", key_deserializer="bytes")
output = app.topic(f"{asked['id']}-out", value_serializer="bytes", key_serializer="bytes")
frame = app.dataframe(events)
frame.apply(fold, stateful=True).filter(lambda said: said is not None).to_topic(output)

if __name__ == "__main__":
    # It returns after its last checkpoint: everything is flushed and committed.
    app.run()
    watch.end()
