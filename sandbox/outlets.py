"""How agencies send, in order and until acknowledged: over HTTP with a bearer key, or to their topic on Kafka."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from sandbox import transport
from sandbox.timers import Timers
from schemas.event import CONTENT_TYPE
from schemas.topics import agency_topic

BATCH = 50
PAUSE = 0.5
"""Real seconds before a door that did not answer is tried again."""
RENEW = "renew"
NOT_NOW = (0, 429, 500, 502, 503, 504)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an event at the door: `accepted` (durable), or `rejected` with the problems told at once."""

    verdict: str
    status: int = 0
    errors: Any = None


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes on their way, and who wants to know what became of them. `id` is None where the bytes have none."""

    id: str | None
    key: str
    body: bytes
    done: Callable[[Answer], None]


class Outlet(Protocol):
    """An agency's way out. `put` returns at once; messages leave in that order; `done` is called once each."""

    def put(self, message: Message) -> None:
        """Send this after all that was put before."""

    def waiting(self) -> int:
        """How many have no answer yet."""

    def stop(self) -> None:
        """End; what has no answer stays without."""


class HttpOutlet:
    """POST /v1/events, what has gathered in one array, one call at a time."""

    def __init__(self, url: str, key: Callable[[], str]) -> None:
        self.url, self.key = f"{url}/v1/events", key
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._count = Count()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        """Send this after all that was put before."""
        self._count.up()
        self._queue.put(message)

    def waiting(self) -> int:
        """How many have no answer yet."""
        return self._count.value

    def stop(self) -> None:
        """End after the call under way."""
        self._ends.set()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first, *self._gathered()]
            self._send(batch)
            if self._ends.is_set():
                return

    def _gathered(self) -> list[Message]:
        """What else waits already."""
        found: list[Message] = []
        while len(found) < BATCH - 1:
            try:
                message = self._queue.get_nowait()
            except queue.Empty:
                break
            if message is None:
                break
            found.append(message)
        return found

    def _send(self, batch: Sequence[Message]) -> None:
        """One batch, again and again until the door has judged it."""
        body = b"[" + b",".join(message.body for message in batch) + b"]"
        while not self._ends.is_set():
            headers = {"authorization": f"Bearer {self.key()}", "content-type": "application/json"}
            reply = transport.post(self.url, body, headers)
            if reply.status not in NOT_NOW:
                for message, answer in zip(batch, judged(batch, reply), strict=True):
                    self._count.down()
                    message.done(answer)
                return
            self._ends.wait(reply.retry_after(PAUSE))


def judged(batch: Sequence[Message], reply: transport.Reply) -> list[Answer]:
    """The door's word on each event of a batch."""
    try:
        said = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        said = {}
    said = said if isinstance(said, dict) else {}
    rows = said.get("rejected") or []
    rejected = {row.get("id"): row.get("errors") for row in rows if isinstance(row, dict)}
    if not reply.good and not rejected:
        return [Answer("rejected", reply.status, said or reply.body[:500].decode(errors="replace"))] * len(batch)
    no = {id: Answer("rejected", reply.status, errors) for id, errors in rejected.items()}
    return [no.get(message.id, Answer("accepted", reply.status)) for message in batch]


class KafkaDoor:
    """One producer for every agency that publishes, and a thread of its own that may wait for the broker.

    A send that failed is tried again after a pause, so after a failure an agency's order is no longer sure.
    """

    def __init__(self, bootstrap: str, timers: Timers) -> None:
        self.bootstrap, self.timers = bootstrap, timers
        self._queue: queue.SimpleQueue[tuple[str, Message] | str | None] = queue.SimpleQueue()
        self._producer: KafkaProducer | None = None
        self._count = Count()
        self._stuck = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka-door", daemon=True)
        self._thread.start()

    def put(self, topic: str, message: Message) -> None:
        """Publish this after all that was put before."""
        self._count.up()
        self._queue.put((topic, message))

    def renew(self) -> None:
        """Publish what comes from here on with a new producer: another cluster may have given its number to another."""
        self._queue.put(RENEW)

    def waiting(self) -> int:
        """How many have no answer yet."""
        return self._count.value

    def stop(self) -> None:
        """Send what waits, then end."""
        self._queue.put(None)
        self._thread.join()
        self._let_go()

    def _let_go(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(timeout=5)
            except KafkaError:
                producer._sender.force_close()
        self._stuck.clear()

    def _run(self) -> None:
        while (found := self._queue.get()) is not None:
            if isinstance(found, str):
                self._let_go()
            else:
                self._send(*found)

    def _send(self, topic: str, message: Message) -> None:
        try:
            key = message.key.encode()
            sent = self._open().send(topic, key=key, value=message.body, headers=[("content-type", CONTENT_TYPE)])
        except KafkaError as error:
            self._again(topic, message, error)
            return
        sent.add_callback(lambda _metadata: self._done(message))
        sent.add_errback(lambda error: self._again(topic, message, error))

    def _open(self) -> KafkaProducer:
        """The producer, made at the first use: a city without Kafka agencies needs no broker."""
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self.bootstrap.split(","),
                acks="all",
                linger_ms=5,
                max_block_ms=10_000,
                request_timeout_ms=5_000,
                delivery_timeout_ms=15_000,
                client_id="hoso-sandbox",
            )
        return self._producer

    def _done(self, message: Message) -> None:
        self._count.down()
        message.done(Answer("accepted"))

    def _again(self, topic: str, message: Message, error: BaseException) -> None:
        log.warning("broker.away", topic=topic, why=str(error))
        if isinstance(error, KafkaTimeoutError) and not self._stuck.is_set():
            # It may wait for ever for an answer that died with its connection (kafka-python 3.0.12).
            self._stuck.set()
            self.renew()
        self.timers.later(PAUSE, lambda: self._queue.put((topic, message)))


class KafkaOutlet:
    """One agency's topic, through the door that all of them share."""

    def __init__(self, agency: str, door: KafkaDoor) -> None:
        self.topic, self.door = agency_topic(agency), door

    def put(self, message: Message) -> None:
        """Send this after all that was put before."""
        self.door.put(self.topic, message)

    def waiting(self) -> int:
        """The door counts for all."""
        return 0

    def stop(self) -> None:
        """The door ends for all."""


class Count:
    """A number that several threads count."""

    def __init__(self) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def up(self) -> None:
        """One more."""
        with self._lock:
            self.value += 1

    def down(self) -> None:
        """One less."""
        with self._lock:
            self.value -= 1
