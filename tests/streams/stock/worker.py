"""A stock worker, written as Faust's documentation shows: it counts, and raises at the word `boom`."""

import os
from pathlib import Path
from typing import Any

import faust

app = faust.App(
    os.environ["STOCK_TOPIC"],
    broker=f"kafka://{os.environ['STOCK_BOOTSTRAP']}",
    datadir=Path.cwd() / "data",
    store="memory://",
    value_serializer="raw",
    topic_partitions=1,
    topic_disable_leader=True,
    web_enabled=False,
    processing_guarantee=os.environ["STOCK_GUARANTEE"],
    broker_session_timeout=6,
    broker_heartbeat_interval=1,
    broker_commit_interval=0.2,
    stream_recovery_delay=0.0,
)
counts = app.Table("counts", default=int, partitions=1, key_type=str, value_type=int)


@app.agent(app.topic(os.environ["STOCK_TOPIC"], value_serializer="raw"))
async def count(stream: Any) -> None:
    """One more for each record that is not `boom`."""
    async for value in stream:
        if value == b"boom":
            raise ValueError("boom")
        counts["k"] += 1
        with Path("counted").open("a") as file:
            file.write(f"{value.decode()}={counts['k']}\n")


if __name__ == "__main__":
    app.main()
