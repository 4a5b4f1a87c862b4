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

import httpx  # noqa: E402

from bench.gauges import cpu_of, machine, spread  # noqa: E402
from hoso import broker, pipeline, rehearsal  # noqa: E402
from hoso.ports import free_port  # noqa: E402
from hoso.settings import Settings  # noqa: E402
from hoso.supervisor import Supervisor  # noqa: E402

BAR_MS = 50
WARM_SECONDS = 5
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


async def paced(url: str, rate: int, seconds: float, first: int) -> tuple[list[float], dict[int, int]]:
    """Send at a rate; how long each answer took, and how many there were of each status."""
    took: list[float] = []
    statuses: dict[int, int] = {}
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:

        async def one(number: int, at: float) -> None:
            answer = await client.post(url, content=a_webhook(number), headers={"content-type": "application/json"})
            took.append(time.monotonic() - at)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1

        began, sent = time.monotonic(), []
        for number in range(int(rate * seconds)):
            at = began + number / rate
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            sent.append(asyncio.create_task(one(first + number, at)))
        await asyncio.gather(*sent)
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
            url = f"{edge.address}/v1/webhooks/myvnpost"
            asyncio.run(paced(url, rate, WARM_SECONDS, 0))
            cpu = cpu_of(pid)
            took, statuses = asyncio.run(paced(url, rate, seconds, rate * WARM_SECONDS))
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
