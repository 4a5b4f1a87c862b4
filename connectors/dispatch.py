"""postal.requests in; the carrier's answer out to the dossier's log.

A request becomes a row before its offset is committed. The row's lane speaks to the carrier; how it ended is stored
with the end itself, published, and only then forgotten: whatever dies in between, the same facts are said again.
"""

import threading
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy import Connection

from connectors.broker import Consumer, Message, Producer
from connectors.carrier_settings import CarrierSettings
from connectors.carriers import Receipt, carriers, settings_of
from connectors.facts import follow, packed, unpacked
from connectors.holding import Holding
from connectors.holds import Holds
from connectors.lane import Lane, LanePolicy
from connectors.letter_boxes import LetterBoxes
from connectors.loop import readable, run, serve
from connectors.ordering import SOURCE, Ordering, accepted, cancelled, say
from connectors.partner import Partner
from connectors.pool import Pool
from connectors.reference import References
from connectors.retention import Sweep, ended
from connectors.seal import Opener, Sealer
from connectors.secrets import load_secrets
from connectors.settings import Settings
from connectors.store import held, item_codes, mending, open_store
from connectors.store.queue import Owed, OwedState, Queue
from connectors.unusual import Watch
from connectors.verdicts import TryLater
from rules.holds import Concern, order_concerns
from rules.post.run import Run, goes_at
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import aware, clock, now
from schemas.ops import Brake
from schemas.postal import (
    REQUESTS,
    CancelRequested,
    ItemMoved,
    OrderRefused,
    PostalFact,
    Request,
    reference_of,
)

log = structlog.get_logger()
NAME = "dispatch"
GATHER_SECONDS = 0.1
"""How far apart batches are: a carrier fetches in hours."""
Ended = list[tuple[str, PostalFact]]
"""Rows that ended, each with the fact that says how."""


class Dispatch:
    """The process: requests become rows on the main thread, lanes bring them to their end."""

    def __init__(
        self,
        settings: Settings,
        stop: threading.Event,
        producer: Producer | None = None,
        references: References | None = None,
        holds: Holds | None = None,
    ) -> None:
        self._settings, self._stop = settings, stop
        self._store = open_store(settings.database_url)
        self._queue = Queue(self._store, NAME)
        self._producer = producer or Producer(settings.kafka_bootstrap, f"hoso-{NAME}")
        self._consumer = Consumer(
            [REQUESTS, LOG],
            f"hoso-{NAME}",
            settings.instance,
            settings.kafka_bootstrap,
            session_seconds=settings.session_seconds,
        )
        self._references = references or References(settings.kafka_bootstrap)
        self._holds = holds or Holds(settings.kafka_bootstrap, lambda code: self._references.edition().resolve(code))
        self._holding = Holding(self._queue, self._holds, Brake.POST, concerns, self._goes_at)
        self._runs = {name: _run_of(settings_of(settings, name)) for name in carriers()}
        self._watch = Watch(self._queue, self._holds, self._producer, _floors(settings))
        self._secrets = load_secrets(settings.secrets_dir)
        self._boxes = LetterBoxes(self._store, self._secrets.openers_public)
        self._sweep = Sweep(self._store, settings.retention_seconds, ended(NAME, settings))
        self._error: BaseException | None = None
        self._lanes: dict[str, Lane] = {}
        self._unsaid = threading.Event()
        self._unsaid.set()

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Kafka, the database and every carrier."""
        urls = {name: settings_of(self._settings, name).url or "not set" for name in carriers()}
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address, **urls}

    def ready(self) -> str | None:
        """Once the reference data and the holds are known and the lanes work."""
        return None if self._lanes else "the reference data or the holds are not known yet"

    def run(self) -> None:
        """Until told to stop; then what is under way is finished."""
        self._store.migrate()
        if not self._references.start(self._stop) or not self._holds.start(self._stop):
            return
        self.open_lanes()
        run(self._consumer, self.handle, self._stop, process=NAME, gather_seconds=GATHER_SECONDS, between=self.between)
        self.close_lanes()

    def open_lanes(self) -> None:
        """Begin to speak to the carriers."""
        self._lanes = {name: self._lane(name) for name in carriers()}
        for lane in self._lanes.values():
            lane.start()

    def close_lanes(self) -> None:
        """Finish what is under way. Raises what broke a lane, if something did."""
        for lane in self._lanes.values():
            lane.close(self._settings.in_doubt_seconds + 5)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Let go of everything."""
        self._consumer.close()
        self._references.close()
        self._holds.close()
        self._producer.close()
        self._store.close()

    # ------------------------------------------------------------ requests become rows

    def handle(self, messages: Sequence[Message]) -> None:
        """Owe what a batch asks for, settle what its updates show. Twice is once."""
        requests = [message for message in messages if message.topic == REQUESTS]
        asked = readable(requests, self._producer, expects=(Request, CancelRequested), boxes=self._boxes)
        logged = [message for message in messages if message.topic == LOG]
        moved = readable(logged, self._producer, only=(ItemMoved,), boxes=self._boxes)
        answers = self._answering([event for _, event in moved if isinstance(event, ItemMoved)])
        if not asked and not answers:
            return
        ended: Ended = []
        with self._store.begin() as conn:
            for message, event in asked:
                ended += self._owe(conn, event, message.offset)
            for event in answers:
                ended += self._settle(conn, event)
        owed = {event.data.carrier for _, event in asked if isinstance(event, Request | CancelRequested)}
        for name in (owed | {fact.data.carrier for _, fact in ended}) & self._lanes.keys():
            self._lanes[name].wake()
        for id, fact in ended:
            say(fact)
            self.publish(id, [fact])

    def _owe(self, conn: Connection, event: Event, order_no: int) -> Ended:
        """A row for a request, ended at once where no carrier need be asked."""
        if not isinstance(event, Request | CancelRequested):
            return []
        data, moment, cancels = event.data, clock().seconds(), isinstance(event, CancelRequested)
        row = Owed(
            event.ref,
            data.carrier,
            data.reference,
            order_no,
            event.encode(),
            next_at=moment if cancels else self._goes_at(conn, data.carrier, moment),
            urgency=held.CANCEL if cancels else held.ORDER,
            created_at=moment,
        )
        if not self._queue.put(conn, [row]):
            return self._answer_again(conn, row.id)
        if data.carrier not in carriers():
            return self._end(conn, row.id, _no_carrier(event))
        if not cancels:
            self._watch.saw(data.carrier)
        if isinstance(event, CancelRequested) and self._withdrawn(conn, row):
            return self._end(conn, row.id, cancelled(event, "it was never sent"))
        return []

    def _goes_at(self, conn: Connection, carrier: str, moment: float) -> float:
        """When an order goes that is owed at this moment: now, or in the first run of its carrier that has room."""
        if (run := self._runs.get(carrier)) is None:
            return moment
        return goes_at(run, aware(moment), lambda day: held.orders_on(conn, NAME, carrier, day)).timestamp()

    def _answer_again(self, conn: Connection, id: str) -> Ended:
        """What was answered to a request that the log had lost, and has again; unless it is owed: then it goes on."""
        self._queue.again(conn, [id], clock().seconds(), ended=[OwedState.ASIDE])
        answer = mending.answer_when_asked(conn, NAME, id)
        return [(id, fact) for fact in unpacked(answer or b"") if isinstance(fact, PostalFact)]

    def _withdrawn(self, conn: Connection, cancel: Owed) -> bool:
        """Whether the order it means was still here, and surely not at the carrier: then it ends here."""
        orders = [row for row in self._queue.waiting(conn, cancel.sequence_key) if row.id != cancel.id]
        if len(orders) != 1 or orders[0].in_doubt or orders[0].state is not OwedState.OWED:
            return False
        return self._queue.end(conn, orders[0].id, OwedState.DONE, None, "withdrawn before it was sent")

    def _answering(self, moved: Sequence[ItemMoved]) -> list[ItemMoved]:
        """Of what moves, what an order in doubt waits to hear: few, so most batches need no lock."""
        waiting = self._queue.under({reference_of(one.subject, one.data.leg) for one in moved})
        doubted = {key for key, rows in waiting.items() if any(row.in_doubt for row in rows)}
        return [one for one in moved if reference_of(one.subject, one.data.leg) in doubted]

    def _settle(self, conn: Connection, moved: ItemMoved) -> Ended:
        """An item that moves was taken: the order whose answer never came has its answer."""
        settled: Ended = []
        for row in self._queue.waiting(conn, reference_of(moved.subject, moved.data.leg)):
            in_doubt = row.in_doubt and row.state is OwedState.OWED and row.lane == moved.data.carrier
            request = Event.decode(row.body)
            if in_doubt and isinstance(request, Request):
                bound = item_codes.bound(conn, row.lane, row.sequence_key)
                code = moved.data.item_code or (bound.code if bound else None)
                receipt = Receipt(code, request.data.reference)
                fact = accepted(request, receipt, self._told(request), duplicate=True)
                settled += self._end(conn, row.id, fact)
        return settled

    def _told(self, request: Request) -> str:
        name = request.data.carrier
        return carriers()[name].reference(settings_of(self._settings, name), request.data.reference)

    def _end(self, conn: Connection, id: str, fact: PostalFact) -> Ended:
        """End a row with this fact, unless somebody was quicker."""
        return [(id, fact)] if self._queue.end(conn, id, OwedState.DONE, packed([fact])) else []

    # ------------------------------------------------------------ holds

    def between(self) -> None:
        """What is due between two batches: answers left to say, orders that are free again, hours to look at."""
        self.publish_the_rest()
        for name in self._holding.let_go():
            if (lane := self._lanes.get(name)) is not None:
                lane.wake()
        self._watch.look()
        self._sweep.look()

    # ------------------------------------------------------------ answers

    def publish(self, id: str, facts: list[Event]) -> None:
        """Put an answer on the log now; if the broker is away it stays stored, and the main thread says it later."""
        try:
            self._producer.publish(facts)
        except TryLater as later:
            log.warning("broker.away", topic=LOG, why=later.why)
            self._unsaid.set()
            return
        self._queue.published([id])

    def publish_the_rest(self) -> None:
        """Say the answers of those who could not publish them, or died before: at the start, and after a failure."""
        if not self._unsaid.is_set():
            return
        self._unsaid.clear()
        try:
            self._say_all()
        except TryLater:
            self._unsaid.set()
            raise

    def _say_all(self) -> None:
        while answers := self._queue.unpublished():
            self._producer.publish([fact for answer in answers for fact in unpacked(answer.body)])
            self._queue.published([answer.id for answer in answers])

    # ------------------------------------------------------------ lanes

    def _lane(self, name: str) -> Lane:
        settings = settings_of(self._settings, name)
        partner = Partner(carriers()[name], settings, timeout_seconds=self._settings.in_doubt_seconds)
        pool = Pool(self._queue, self._holding) if partner.carrier.takes_item_codes else None
        passage = pool or self._holding
        ordering = Ordering(
            self._queue,
            partner,
            self._references,
            Opener(self._store, self._secrets.openers_private),
            lambda: Sealer(self._secrets.openers_public, self._store),
            self.publish,
            self._settings.in_doubt_seconds,
            passage,
            pool,
        )
        policy = LanePolicy(lease_seconds=self._settings.lease_seconds, rate_per_second=settings.rate_per_second)
        owner = f"{NAME}-{self._settings.instance}"
        return Lane(self._queue, name, owner, ordering.work, ordering.gives_up, self._broken, policy, passage)

    def _broken(self, error: BaseException) -> None:
        """A lane met an error that is no verdict: the process ends with it."""
        self._error = self._error or error
        self._stop.set()


def concerns(row: Owed) -> list[Concern]:
    """Whom an order concerns; a cancellation nobody: it is never held."""
    event = Event.decode(row.body)
    return order_concerns(event) if isinstance(event, Request) else []


def _run_of(settings: CarrierSettings) -> Run:
    return Run(settings.opens, settings.cut_off, settings.batch_per_run)


def _floors(settings: Settings) -> dict[str, int]:
    return {name: settings_of(settings, name).holds_itself_from for name in carriers()}


def _no_carrier(event: Request | CancelRequested) -> PostalFact:
    """Nobody here speaks to that carrier."""
    data, why = event.data, f"there is no carrier {event.data.carrier}"
    if isinstance(event, CancelRequested):
        return cancelled(event, why)
    refused = OrderRefused.Data(leg=data.leg, carrier=data.carrier, verdict="no_carrier", carrier_words=why)
    return follow(event, OrderRefused, refused, source=SOURCE, at=now())


def main() -> None:
    """`hoso dispatch`."""
    serve(NAME, Dispatch)


if __name__ == "__main__":
    main()
