"""How soon a carrier's webhook is answered: 200 a second, each at its own moment, whether or not the one before is.

    .venv/bin/python bench/webhooks.py [--rate 200] [--seconds 60] [--json FILE]

A real edge with its real Kafka: an answer comes after the bytes are on `postal.webhooks` with all acknowledgements.
Every body is another item's. The time of an answer counts from the moment at which its webhook was to be sent, so that
a slow answer does not hide behind the next. Prints p50, p99 and the worst, and the edge's CPU a webhook.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.gauges import cpu_of, machine, spread  # noqa: E402
from hoso import broker, pipeline, rehearsal  # noqa: E402
from hoso.ports import free_port  # noqa: E402
from hoso.settings import Settings  # noqa: E402
from hoso.supervisor import Supervisor  # noqa: E402

BAR_MS = 50
WARM_SECONDS = 5
CONNECTIONS = 64
READY_SECONDS = 60.0
SAMPLE = json.loads((ROOT / "tests/connectors/carriers/myvnpost/webhook_delivered.json").read_text())

Figures = dict[str, Any]


def a_webhook(number: int) -> bytes:
    """The sample, of another item."""
    body = json.loads(json.dumps(SAMPLE))
    for row in body["data"]:
        row["itemCode"] = row["originalItemCode"] = f"EA{number:08d}5VN"
        row["saleOrderCode"] = f"H29.12-261102-{number:05d}/D1"
    return json.dumps(body).encode()


class Line:
    """One kept connection. As plain as can be: on two cores the one who asks must not cost what is measured."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, head: bytes, body: bytes) -> int:
        """Send a body; the status of the answer."""
        if self._reader is None or self._writer is None or self._reader.at_eof():
            # The first time, and when the server let go of a line that nobody needed for a while.
            self.close()
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(head % len(body) + body)
        said = await self._reader.readuntil(b"\r\n\r\n")
        length = int(said.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await self._reader.readexactly(length)
        return int(said.split(b" ", 2)[1])

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


async def paced(address: str, rate: int, seconds: float, first: int) -> tuple[list[float], dict[int, int]]:
    """Send at a rate; how long each answer took, and how many there were of each status."""
    host, _, port = address.removeprefix("http://").partition(":")
    head = (
        f"POST /v1/webhooks/myvnpost HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        "content-length: %d\r\n\r\n"
    ).encode()
    bodies = [a_webhook(first + number) for number in range(int(rate * seconds))]
    free: asyncio.Queue[Line] = asyncio.Queue()
    lines = [Line(host, int(port)) for _ in range(CONNECTIONS)]
    for line in lines:
        free.put_nowait(line)
    took: list[float] = []
    statuses: dict[int, int] = {}

    async def one(body: bytes, at: float) -> None:
        line = await free.get()
        status = await line.post(head, body)
        free.put_nowait(line)
        took.append(time.monotonic() - at)
        statuses[status] = statuses.get(status, 0) + 1

    began, sent = time.monotonic(), []
    for number, body in enumerate(bodies):
        at = began + number / rate
        if (pause := at - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        sent.append(asyncio.create_task(one(body, at)))
    await asyncio.gather(*sent)
    for line in lines:
        line.close()
    return took, statuses


def measure(rate: int, seconds: float) -> Figures:
    """One edge, warmed up, then measured."""
    with tempfile.TemporaryDirectory(prefix="hoso-webhooks-") as folder, broker.running(Path(folder)) as started:
        home = Path(folder)
        settings = Settings(home=home, kafka_bootstrap=started.bootstrap, edge_port=free_port())
        stage = rehearsal.sandbox(home, rehearsal.reference_dir())
        rehearsal.install(home, stage.reference, stage.credentials)
        pipeline.prepare(started.bootstrap, stage.reference)
        env = stage.for_the_pipeline() | {"HOSO_MYVNPOST_SIGNATURE": "observed"}
        [edge] = [spec for spec in pipeline.specs(started.bootstrap, settings, env) if spec.name == "edge"]
        with Supervisor([edge], home / "logs") as supervisor:
            if not supervisor.wait_ready(READY_SECONDS):
                raise SystemExit((home / "logs" / "edge.log").read_text(errors="replace")[-3000:])
            pid = supervisor.state()[0].pid
            assert pid is not None
            asyncio.run(paced(edge.address, rate, WARM_SECONDS, 0))
            cpu = cpu_of(pid)
            took, statuses = asyncio.run(paced(edge.address, rate, seconds, rate * WARM_SECONDS))
            cpu = cpu_of(pid) - cpu
    return {
        "machine": machine(),
        "rate": rate,
        "seconds": seconds,
        "statuses": statuses,
        **spread(took),
        "cpu_ms_a_webhook": round(cpu / len(took) * 1e3, 2),
    }


def main(asked: argparse.Namespace) -> None:
    """Measure, print, write."""
    found = measure(asked.rate, asked.seconds)
    print(
        f"{found['count']} webhooks at {found['rate']}/s, answered {found['statuses']}: p50 {found['p50_ms']} ms, "
        f"p99 {found['p99_ms']} ms (bar {BAR_MS}), worst {found['worst_ms']} ms; "
        f"{found['cpu_ms_a_webhook']} ms of the edge's CPU each"
    )
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=200, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=60, help="for so long")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
