"""A reader that has joined its group: the broker has given it partitions, whether there is anything on them or not."""

import time

from connectors.broker import Consumer

WAIT_SECONDS = 60.0
LOOK_MILLISECONDS = 100


def join(reader: Consumer) -> None:
    """Return as soon as it has."""
    until = time.monotonic() + WAIT_SECONDS
    reader.poll(1, LOOK_MILLISECONDS)
    while not reader.assigned():
        assert time.monotonic() < until, f"{reader.name} was given nothing"
        reader.poll(1, LOOK_MILLISECONDS)
