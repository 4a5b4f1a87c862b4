"""Reads the id of a topic. aiokafka cannot; kafka-python can, in a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kafka import KafkaAdminClient

from streams.engine.step import LogId


def topic_id_reader(bootstrap: str, topic: str, **client_settings: Any) -> LogId:
    """A function that reads the topic's id; one client, kept open. Raises what kafka-python raises."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-id")
    read = _reader(lambda: KafkaAdminClient(bootstrap_servers=bootstrap.split(","), **client_settings), topic)

    async def log_id() -> bytes:
        return await asyncio.get_running_loop().run_in_executor(thread, read)

    return log_id


def _reader(connect: Callable[[], Any], topic: str) -> Callable[[], bytes]:
    clients: list[Any] = []

    def read() -> bytes:
        if not clients:
            clients.append(connect())
        try:
            return _id_of(clients[0].describe_topics([topic])[0])
        except Exception:
            clients.pop().close()
            raise

    return read


def _id_of(description: dict[str, Any]) -> bytes:
    if description.get("error_code"):
        raise LookupError(f"topic {description.get('name')!r}: error {description['error_code']}")
    return str(description["topic_id"]).encode()
