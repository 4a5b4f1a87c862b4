"""The job that every engine does in bench/engine.py: decode JSON, a state a key, an output on every eighth event.

It is run by engines of other virtual environments too, so it imports msgspec alone.
"""

import os
import time
import zlib
from typing import Any, NoReturn

import msgspec

EVERY = 8
FILLER = "x" * 400


class Said(msgspec.Struct):
    """What of an event the job reads."""

    t: str
    time: str
    n: int


class State(msgspec.Struct, array_like=True):
    """What it keeps of a key."""

    status: str = ""
    count: int = 0
    due: str = ""
    chain: int = 0


_read = msgspec.json.Decoder(Said).decode
_state = msgspec.msgpack.Decoder(State).decode
_bytes = msgspec.msgpack.Encoder().encode


def an_event(number: int) -> bytes:
    """About 500 bytes."""
    said = {"t": f"vn.hoso.dossier.step{number % 5}.v1", "time": "2026-11-02T09:05:00+07:00", "n": number, "x": FILLER}
    return msgspec.json.encode(said)


def step(old: bytes | None, value: bytes) -> tuple[bytes, bytes | None]:
    """The new state, and on every eighth event of a key an output."""
    event = _read(value)
    state = _state(old) if old is not None else State()
    state.status, state.due, state.count = event.t, event.time, state.count + 1
    state.chain = zlib.crc32(event.t.encode(), state.chain)
    return _bytes(state), b"%d" % state.count if state.count % EVERY == 0 else None


class Watch:
    """Wall and CPU from the first event on. All threads count."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.seen = 0
        self.began = (0.0, 0.0)

    def saw(self) -> bool:
        """One more event; whether it was the last."""
        if not self.seen:
            self.began = (time.perf_counter(), time.process_time())
        self.seen += 1
        return self.seen == self.events

    def tell(self, **more: Any) -> None:
        """The figures, on a line for the bench."""
        wall, cpu = time.perf_counter() - self.began[0], time.process_time() - self.began[1]
        figures = {"events_per_second": self.events / wall, "cpu_us_per_event": cpu / self.events * 1e6} | more
        # Faust's command line turns sys.stdout into a log.
        os.write(1, b"RESULT " + msgspec.json.encode(figures) + b"\n")

    def end(self, **more: Any) -> NoReturn:
        """The figures, and the end of the process."""
        self.tell(**more)
        os._exit(0)
