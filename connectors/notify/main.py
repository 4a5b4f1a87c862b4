"""`hoso notify`: agency.notices and agency.rejections in; the feed, results topics and signed callbacks out."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from connectors.broker import Consumer, Producer
from connectors.lane import LanePolicy
from connectors.loop import run, serve
from connectors.metrics import gauge
from connectors.notify.lane import CallbackLane, Tools
from connectors.notify.owing import Owing
from connectors.reference import References
from connectors.seal import Evidence, Opener
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, callbacks, open_store
from connectors.store.queue import Queue
from connectors.verdicts import TryLater
from schemas.event import Event
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.reference import Stage

log = structlog.get_logger()
GROUP = "hoso-notify"
RATE_PER_SECOND = 100.0
"""How many callbacks a second one agency is sent at most (real time)."""
SHOWN_SECONDS = 5.0
"""How often (real time) what is owed is counted."""


class Notify:
    """Owes what it reads, and keeps a lane for each agency that has a callback and is not in shadow."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._store: Store = open_store(settings.database_url)
        self._producer = Producer(settings.kafka_bootstrap, f"notify-{settings.instance}")
        self._references = References(settings.kafka_bootstrap)
        self._queue = Queue(self._store, callbacks.QUEUE)
        secrets = ensure_secrets(settings.secrets_dir)
        self._broken: deque[BaseException] = deque()
        policy = LanePolicy(lease_seconds=settings.lease_seconds, rate_per_second=RATE_PER_SECOND)
        self._tools = Tools(self._store, secrets, self._references, settings.instance, self._broken.append, policy)
        opener = Opener(self._store, secrets.openers_private)
        self._owing = Owing(self._store, self._producer, self._references, opener, Evidence(secrets.feed), self._wake)
        self._lanes: dict[str, CallbackLane] = {}
        self._shown_at, self._working = 0.0, False

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Where it reads, writes and keeps."""
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address}

    def ready(self) -> str | None:
        """Once its consumer and its lanes run."""
        return None if self._working else "waiting for the database, the broker and the reference data"

    def run(self) -> None:
        """Until told to stop; then what flies lands, and the lanes are let go."""
        self._store.migrate()
        if not self._references.start(self._stop):
            return
        consumer = Consumer([NOTICES, REJECTIONS], GROUP, self._settings.instance, self._settings.kafka_bootstrap)
        try:
            run(consumer, self._owing.handle, self._stop, process="notify", between=self._between)
        finally:
            self._land()

    def close(self) -> None:
        """Let go of everything."""
        self._references.close()
        self._producer.close()
        self._store.close()

    def _wake(self, agency: str) -> None:
        lane = self._lanes.get(agency)
        if lane is not None:
            lane.wake()

    def _between(self) -> None:
        """Lanes as the reference data in force has them, receipts on their topic, what is owed counted."""
        if self._broken:
            raise self._broken.popleft()
        self._set_lanes()
        self._working = True
        self._publish()
        if time.monotonic() - self._shown_at > SHOWN_SECONDS:
            self._shown_at = time.monotonic()
            for lane, owed in (dict.fromkeys(self._lanes, 0) | self._queue.counts()).items():
                gauge("hoso_owed").labels(self._queue.name, lane).set(owed)

    def _set_lanes(self) -> None:
        agencies = self._references.newest().agencies
        told = {one.code for one in agencies if one.callback is not None and one.stage is not Stage.SHADOW}
        for code in told - self._lanes.keys():
            self._lanes[code] = CallbackLane(code, self._tools)
            self._lanes[code].start()
        for code in self._lanes.keys() - told:
            self._lanes.pop(code).close()

    def _land(self) -> None:
        """All lanes at once: what flies lands, its receipts are published or stay for the next start."""
        with ThreadPoolExecutor(max(1, len(self._lanes))) as closing:
            list(closing.map(CallbackLane.close, self._lanes.values()))
        try:
            self._publish()
        except TryLater as later:
            log.warning("broker.away", topic=RECEIPTS, why=later.why)

    def _publish(self) -> None:
        """Receipts onto their topic, those of failed tries first: they happened before the end of the same word."""
        receipts = self._tools.receipts
        failed = [receipts[n] for n in range(len(receipts))]
        ended = self._queue.unpublished()
        facts: list[Event] = [*failed, *(Event.decode(answer.body) for answer in ended)]
        if not facts:
            return
        self._producer.publish(facts)
        for _ in failed:
            receipts.popleft()
        self._queue.published([answer.id for answer in ended])


def main() -> None:
    """Live as `hoso notify`."""
    serve("notify", Notify)


if __name__ == "__main__":
    main()
