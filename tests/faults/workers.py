"""A real worker on a driven clock, and looks at what it said."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from connectors.broker import read_all
from schemas.event import Event

PARTITIONS = 4
ENDS_SECONDS = 60
OLDER = """
import sys
import streams.worker
from schemas.event import TYPES
del TYPES[sys.argv[1]]
from hoso.cli.main import main
main(["worker"])
"""
"""A worker of a release that does not know a type yet."""


class Worker:
    """`hoso worker`, of a home of its own; starts when it is made. It may be of a release that `lacks` a type."""

    def __init__(self, kafka: str, home: Path, clock: str, lacks: str = "") -> None:
        settings = {
            "HOSO_HOME": str(home),
            "HOSO_KAFKA_BOOTSTRAP": kafka,
            "HOSO_LOG_PARTITIONS": str(PARTITIONS),
            "HOSO_INSTANCE": "worker-0",
            "HOSO_CLOCK": clock,
        }
        self._log = (home / "worker.log").open("ab")
        command = [sys.executable, *(("-c", OLDER, lacks) if lacks else ("-m", "hoso.cli.main", "worker"))]
        self._process = subprocess.Popen(command, env=os.environ | settings, stdout=self._log, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        """With SIGKILL; it is gone when this returns."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In order."""
        self._end(signal.SIGTERM)

    def ended(self) -> int:
        """Its exit status, once it has ended by itself."""
        with self._log:
            return self._process.wait(ENDS_SECONDS)

    def _end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait()
        self._log.close()


def said(kafka: str, topic: str, kind: str) -> list[Event]:
    """Every fact of a kind on a topic, the repeated ones too: `deadline.projected`."""
    events = (Event.decode(record.value or b"") for record in read_all(kafka, topic))
    return [event for event in events if event.type.startswith(f"vn.hoso.{kind}.")]
