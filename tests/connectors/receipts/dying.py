"""The loop of receipts as a process that kills itself at a step: `python -m tests.connectors.receipts.dying STEP`.

It is killed by SIGKILL the first time it comes there; at the step `none` it lives until it is told to stop.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from connectors.broker import Consumer, Producer
from connectors.process import serve
from connectors.receipts.keeper import Keeper
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store, receipts

STEPS = ("making", "made", "closing", "closed", "published", "none")
"""In the transaction that makes receipts; after it, before the offsets; in the one that closes the day; after it,
before its root is said; after that, before it is noted.
"""
Call = Callable[..., Any]


def dies(*_: object, **__: object) -> None:
    """What no process survives."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_dies(call: Call) -> Call:
    """The call, done, and no return from it."""

    def last(*given: Any, **named: Any) -> None:
        call(*given, **named)
        dies()

    return last


class Mortal:
    """The loop with its tools, as `hoso notify` holds them."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._stop, self._broken = stop, list[BaseException]()
        self._store = open_store(settings.database_url)
        self._producer = Producer(settings.kafka_bootstrap, "mortal")
        secrets = ensure_secrets(settings.secrets_dir)
        self._keeper = Keeper(settings, self._store, self._producer, secrets, self._fails)
        self.connected_to = {"kafka": settings.kafka_bootstrap}

    def ready(self) -> str | None:
        return None

    def run(self) -> None:
        self._store.migrate()
        self._keeper.start()
        self._stop.wait()
        self._keeper.close()
        if self._broken:
            raise self._broken[0]

    def close(self) -> None:
        self._producer.close()
        self._store.close()

    def _fails(self, error: BaseException) -> None:
        self._broken.append(error)
        self._stop.set()


def die_at(step: str) -> None:
    """Put the end in its place."""
    match step:
        case "making":
            receipts.keep = then_dies(receipts.keep)
        case "made":
            Consumer.commit = dies  # type: ignore[method-assign]
        case "closing":
            receipts.close = then_dies(receipts.close)
        case "closed":
            Producer.publish_to = dies  # type: ignore[method-assign]
        case "published":
            Producer.publish_to = then_dies(Producer.publish_to)  # type: ignore[method-assign]


if __name__ == "__main__":
    die_at(sys.argv[1])
    serve("receipts", Mortal)
