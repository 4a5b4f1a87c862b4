"""Examples for consumers whom nobody here knows run as they are, on a real Kafka."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors import topics
from connectors.broker import Producer
from hoso import broker
from schemas.deadline import DEADLINES

MONITOR = Path(__file__).parents[2] / "examples" / "monitor.py"


@contextmanager
def watching(bootstrap: str) -> Iterator[Any]:
    """The monitor as its users start it; its lines come one after another."""
    env = {**os.environ, "KAFKA": bootstrap, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, str(MONITOR)], env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout
        finally:
            # In order, as Ctrl-C: what it has read is committed.
            process.terminate()


def said(name: str, code: str, **data: Any) -> bytes:
    """A word on a deadline as it stands on its topic, with a field that a later release adds."""
    event = {
        "specversion": "1.0", "id": f"{name}-{code}", "source": "/hoso/streams", "subject": code,
        "type": f"vn.hoso.deadline.{name}.v1", "time": "2026-11-04T07:30:00+07:00", "data": {**data, "later": 1},
    }  # fmt: skip
    return json.dumps(event).encode()


def test_the_monitor_says_what_is_near_due_and_missed_and_passes_over_what_it_does_not_know() -> None:
    with broker.running() as kafka:
        topics.apply(kafka.bootstrap, ["H29.12"], 2)
        with Producer(kafka.bootstrap, "test") as producer:
            for code, raw in (
                ("H29.12-261102-0001", said("brand_new", "H29.12-261102-0001")),
                (
                    "H29.12-261102-0001",
                    said("near_due", "H29.12-261102-0001", due_on="2026-11-06", working_days_left=2),
                ),
                ("H29.12-261102-0002", said("missed", "H29.12-261102-0002", due_on="2026-11-03", holder="H29.12")),
            ):
                producer.publish_to(DEADLINES, code.encode(), raw)
        with watching(kafka.bootstrap) as lines:
            found = sorted(lines.readline().strip() for _ in range(2))

    assert found == [
        "2026-11-04T07:30:00+07:00 H29.12-261102-0001 is due on 2026-11-06: 2 working days left",
        "2026-11-04T07:30:00+07:00 H29.12-261102-0002 was due on 2026-11-03 and is not done; H29.12 has it",
    ]


def test_it_is_no_longer_than_thirty_lines_of_code() -> None:
    code = [line for line in MONITOR.read_text(encoding="utf-8").splitlines() if line.strip()]

    assert len(code) <= 30
