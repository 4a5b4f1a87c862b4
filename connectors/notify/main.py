"""`hoso notify`: agency.notices and agency.rejections in; the feed, results topics and signed callbacks out.

Beside it, on a thread of its own, the receipts of results handed over.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog

from connectors.broker import Consumer, Producer
from connectors.holding import Holding
from connectors.holds import Holds
from connectors.lane import Lane, LanePolicy
from connectors.letter_boxes import LetterBoxes
from connectors.loop import run, serve
from connectors.metrics import gauge
from connectors.notify.digests import Digests
from connectors.notify.lane import CallbackLane, Tools
from connectors.notify.owing import Owing, concerns
from connectors.notify.results import RESULTS_QUEUE, results_lane
from connectors.receipts.keeper import Keeper
from connectors.reference import References
from connectors.retention import Sweep, digested, ended, fed
from connectors.seal import Evidence, Opener
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, callbacks, open_store
from connectors.store.queue import Queue
from connectors.verdicts import TryLater
from rules.digests import Span
from schemas.event import Event
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.ops import Brake
from schemas.reference import Stage

log = structlog.get_logger()
GROUP = "hoso-notify"
RATE_PER_SECOND = 100.0
"""How many callbacks a second one agency is sent at most (real time)."""
SHOWN_SECONDS = 5.0
"""How often (real time) what is owed is counted."""
SAID_SECONDS = 1.0
"""How far apart (real time) looks for digests that are due and for receipts to say are: nobody waits for one."""


class Notify:
    """Owes what it reads, gathers what one cause brought many, and keeps a lane for each agency that has a callback and
    is not in shadow.
    """

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._store: Store = open_store(settings.database_url)
        self._producer = Producer(settings.kafka_bootstrap, f"notify-{settings.instance}")
        self._references = References(settings.kafka_bootstrap)
        self._holds = Holds(settings.kafka_bootstrap, lambda code: self._references.edition().resolve(code))
        self._queue = Queue(self._store, callbacks.QUEUE)
        self._holding = {
            queue.name: Holding(queue, self._holds, Brake.NOTICES, concerns)
            for queue in (self._queue, Queue(self._store, RESULTS_QUEUE))
        }
        secrets = ensure_secrets(settings.secrets_dir)
        self._broken: deque[BaseException] = deque()
        policy = LanePolicy(lease_seconds=settings.lease_seconds, rate_per_second=RATE_PER_SECOND)
        self._tools = Tools(
            self._store,
            secrets,
            self._references,
            settings.instance,
            self._broken.append,
            policy,
            passage=self._holding[callbacks.QUEUE],
        )
        opener = Opener(self._store, secrets.openers_private)
        boxes, box = LetterBoxes(self._store, secrets.openers_public), Evidence(secrets.feed)
        self._owing = Owing(self._store, self._producer, self._references, opener, box, self._wake, boxes)
        queues = (ended(name, settings) for name in (callbacks.QUEUE, RESULTS_QUEUE))
        self._sweep = Sweep(self._store, settings.retention_seconds, fed(settings), digested(settings), *queues)
        self._receipts = Keeper(settings, self._store, self._producer, secrets, self._broken.append)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._shown_at = self._said_at = 0.0
        self._working = False

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Where it reads, writes and keeps."""
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address}

    def ready(self) -> str | None:
        """Once its consumer and its lanes run."""
        return None if self._working else "waiting for the database, the broker, the reference data and the holds"

    def run(self) -> None:
        """Until told to stop; then what flies lands, and the lanes are let go."""
        self._store.migrate()
        if not self._references.start(self._stop) or not self._holds.start(self._stop):
            return
        consumer = Consumer(
            [NOTICES, REJECTIONS],
            GROUP,
            self._settings.instance,
            self._settings.kafka_bootstrap,
            session_seconds=self._settings.session_seconds,
        )
        span = Span(self._settings.digest_quiet_seconds, self._settings.digest_longest_seconds)
        self._digests = Digests(self._store, self._references, span, self._wake)
        self._receipts.start()
        try:
            run(consumer, self._owing.handle, self._stop, process="notify", between=self._between)
        finally:
            self._land()
            self._receipts.close()

    def close(self) -> None:
        """Let go of everything."""
        self._references.close()
        self._holds.close()
        self._producer.close()
        self._store.close()

    def _wake(self, agency: str) -> None:
        for queue in (callbacks.QUEUE, RESULTS_QUEUE):
            if (lane := self._lanes.get((queue, agency))) is not None:
                lane.wake()

    def _between(self) -> None:
        """Lanes as the reference data has them, words let go, digests owed, receipts on their topic, all counted."""
        if self._broken:
            raise self._broken.popleft()
        self._set_lanes()
        self._let_go()
        self._working = True
        if time.monotonic() - self._said_at > SAID_SECONDS:
            self._said_at = time.monotonic()
            self._digests.look()
            self._publish()
        self._sweep.look()
        if time.monotonic() - self._shown_at > SHOWN_SECONDS:
            self._shown_at = time.monotonic()
            counts = self._queue.counts()
            for agency in {agency for queue, agency in self._lanes if queue == self._queue.name}:
                gauge("hoso_owed").labels(self._queue.name, agency).set(counts.get(agency, 0))

    def _let_go(self) -> None:
        for queue, holding in self._holding.items():
            for agency in holding.let_go():
                if (lane := self._lanes.get((queue, agency))) is not None:
                    lane.wake()

    def _set_lanes(self) -> None:
        told = [one for one in self._references.newest().agencies if one.stage is not Stage.SHADOW]
        wanted = {(callbacks.QUEUE, one.code) for one in told if one.callback is not None}
        wanted |= {(RESULTS_QUEUE, one.code) for one in told if one.results_topic}
        for name in wanted - self._lanes.keys():
            self._lanes[name] = self._lane(*name)
            self._lanes[name].start()
        for name in self._lanes.keys() - wanted:
            self._lanes.pop(name).close()

    def _lane(self, queue: str, agency: str) -> Lane:
        tools = self._tools
        if queue == callbacks.QUEUE:
            return CallbackLane(agency, tools)
        passage = self._holding[RESULTS_QUEUE]
        return results_lane(agency, self._store, self._producer, tools.owner, tools.broken, tools.policy, passage)

    def _land(self) -> None:
        """All lanes at once: what flies lands, its receipts are published or stay for the next start."""
        with ThreadPoolExecutor(max(1, len(self._lanes))) as closing:
            list(closing.map(Lane.close, self._lanes.values()))
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
