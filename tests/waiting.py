"""Waiting for what nobody announces: rows, topics and other processes tell nobody that they have changed."""

import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

Found = TypeVar("Found")


def until(
    look: Callable[[], Found | Literal[False] | None],
    seconds: float = 90,
    every_seconds: float = 0.02,
    *,
    what: str = "",
    there_is: Callable[[], object] = lambda: "",
) -> Found:
    """What a look finds, as soon as that is true; fails with what was awaited, and what there is instead."""
    end, never = time.monotonic() + seconds, threading.Event()
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} s: {what or 'it never came'} {there_is()}"
        never.wait(every_seconds)
    return found
