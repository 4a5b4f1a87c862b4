"""A process that follows the brakes or the reference data, and meets what nobody foresaw; a test starts it."""

import sys
import threading
from collections.abc import Mapping
from typing import Any

from connectors import holds, reference
from connectors.process import serve
from connectors.settings import Settings


class Broken:
    """Instead of a reader."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise ZeroDivisionError("nobody foresaw this")


class Deaf:
    """Works on until it is told to stop."""

    connected_to: Mapping[str, str] = {}

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._stop = stop
        follows = {"holds": holds.Holds, "reference": reference.References}[sys.argv[1]]
        self._follower: holds.Holds | reference.References = follows(settings.kafka_bootstrap)

    def ready(self) -> str | None:
        """Always."""
        return None

    def run(self) -> None:
        """Until told to stop, whatever it follows."""
        self._follower.start(self._stop)
        self._stop.wait()

    def close(self) -> None:
        """Follow no longer."""
        self._follower.close()


if __name__ == "__main__":
    for room in (holds, reference):
        vars(room)["Reader"] = Broken
    serve("deaf", Deaf)
