"""dossier.events and dossier.state in; what carriers answer when they are asked out to postal.webhooks.

What a carrier only reported is asked about at once; what was expected of an item by now and is not known, once its time
has passed. Translate makes the answers facts, CONFIRMED.
"""

import threading
from collections.abc import Mapping, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection

from connectors.asking import Asker, Question
from connectors.broker import Consumer, Message, Producer
from connectors.carriers import Carrier, Update, carriers, settings_of
from connectors.codes import Codes, meant
from connectors.day_keys import DayEvidence
from connectors.lane import Lane, LanePolicy
from connectors.letter_boxes import LetterBoxes
from connectors.loop import readable, run, serve
from connectors.partner import Partner
from connectors.retention import Sweep, ended
from connectors.secrets import load_secrets
from connectors.settings import Settings
from connectors.store import mending, open_store
from connectors.store.queue import Owed, OwedState, Queue
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import clock
from schemas.postal import RANK, Certainty, ItemMoved, WebhookReceived, reference_of
from schemas.state import STATE, DossierStateChanged, LegShown

log = structlog.get_logger()
NAME = "poll"
TIMEOUT_SECONDS = 20.0
UNANSWERED = "REQUESTED"
"""How the order of a leg stands that no carrier has yet."""


def anew(reference: str) -> str:
    """The question that `hoso adopt-log` puts aside until the leg of this reference is known again."""
    return f"anew:{reference}"


class Poll:
    """The process: facts and states become questions on the main thread, lanes ask them."""

    def __init__(
        self,
        settings: Settings,
        stop: threading.Event,
        producer: Producer | None = None,
    ) -> None:
        self._settings, self._stop = settings, stop
        self._store = open_store(settings.database_url)
        self._queue = Queue(self._store, NAME)
        self._producer = producer or Producer(settings.kafka_bootstrap, f"hoso-{NAME}")
        self._consumer = Consumer(
            [LOG, STATE],
            f"hoso-{NAME}",
            settings.instance,
            settings.kafka_bootstrap,
            session_seconds=settings.session_seconds,
        )
        secrets = load_secrets(settings.secrets_dir)
        self._evidence = DayEvidence(self._store, secrets.evidence)
        self._boxes = LetterBoxes(self._store, secrets.openers_public)
        self._sweep = Sweep(self._store, settings.retention_seconds, ended(NAME, settings))
        self._codes, self._codes_turn = Codes(settings.kafka_bootstrap), threading.Lock()
        self._error: BaseException | None = None
        self._asked = [name for name, carrier in carriers().items() if carrier.asks]
        self._lanes: dict[str, Lane] = {}
        self._aside: frozenset[str] = frozenset()

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Kafka, the database and every carrier that can be asked."""
        urls = {name: settings_of(self._settings, name).url or "not set" for name in self._asked}
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address, **urls}

    def ready(self) -> str | None:
        """Once the lanes work."""
        return None if self._lanes else "the lanes do not work yet"

    def run(self) -> None:
        """Until told to stop; then what is under way is finished."""
        self._store.migrate()
        self.open_lanes()
        run(self._consumer, self.handle, self._stop, process=NAME, between=self._sweep.look)
        self.close_lanes()

    def open_lanes(self) -> None:
        """Begin to ask."""
        with self._store.read() as conn:
            self._aside = frozenset(mending.aside(conn, NAME))
        self._lanes = {name: self._lane(name) for name in self._asked}
        for lane in self._lanes.values():
            lane.start()

    def close_lanes(self) -> None:
        """Finish what is under way. Raises what broke a lane, if something did."""
        for lane in self._lanes.values():
            lane.close(TIMEOUT_SECONDS + 5)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Let go of everything."""
        self._consumer.close()
        self._codes.close()
        self._producer.close()
        self._store.close()

    # ------------------------------------------------------------ what is to be asked

    def handle(self, messages: Sequence[Message]) -> None:
        """Owe the questions a batch gives rise to, and drop those it answers. Twice is once."""
        events = readable(messages, self._producer, only=(ItemMoved, DossierStateChanged), boxes=self._boxes)
        if not events:
            return
        newest = {event.subject: event for _, event in events if isinstance(event, DossierStateChanged)}
        with self._store.begin() as conn:
            for message, event in events:
                if isinstance(event, ItemMoved) or event is newest[event.subject]:
                    self._take(conn, event, message.offset)
        for lane in self._lanes.values():
            lane.wake()

    def _take(self, conn: Connection, event: Event, order_no: int) -> None:
        match event:
            case ItemMoved() if event.data.carrier in self._asked:
                self._moved(conn, event, order_no)
            case DossierStateChanged():
                for leg in event.data.legs:
                    if leg.carrier in self._asked:
                        self._expected(conn, event.subject, leg, order_no)

    def _moved(self, conn: Connection, event: ItemMoved, order_no: int) -> None:
        """A movement that is only reported is asked about; one that is confirmed answers the question."""
        data, reference = event.data, reference_of(event.subject, event.data.leg)
        name = f"{data.carrier}:{reference}:{data.status}:{data.at.isoformat() if data.at else data.evidence}"
        if data.certainty is Certainty.CONFIRMED:
            self._queue.end(conn, name, OwedState.DONE)
        elif data.status in RANK:
            question = Question(
                dossier=event.subject,
                leg=data.leg,
                carrier=data.carrier,
                reference=reference,
                item=data.item_code,
                status=data.status,
                at=data.at,
                traceparent=event.traceparent,
            )
            self._put(conn, name, question, reference, order_no, clock().seconds())

    def _expected(self, conn: Connection, dossier: str, leg: LegShown, order_no: int) -> None:
        """What is expected of a leg next, by when: one question a leg, asked when that has passed.

        The last state that was read decides, however often those before it come again.
        """
        if (name := anew(leg.reference)) in self._aside and leg.order != UNANSWERED:
            self._queue.again(conn, [name], clock().seconds(), [OwedState.ASIDE])
        key, due = f"expected:{leg.reference}", leg.expected_by
        name = f"{key}:{leg.expected}:{due.isoformat()}" if leg.expected and due else ""
        waiting = self._queue.waiting(conn, key)
        for row in waiting:
            if row.id != name:
                self._queue.end(conn, row.id, OwedState.DONE)
        if name and due and all(row.id != name for row in waiting):
            question = Question(
                dossier=dossier, leg=leg.leg, carrier=leg.carrier, reference=leg.reference, item=leg.item_code
            )
            self._put(conn, name, question, key, order_no, due.timestamp())
            # It was dropped for another and is expected again: a state came anew after a crash, or said so again.
            self._queue.again(conn, [name], due.timestamp(), ended=[OwedState.DONE])

    def _put(self, conn: Connection, name: str, question: Question, key: str, order_no: int, due: float) -> None:
        body = question.model_dump_json().encode()
        self._queue.put(conn, [Owed(name, question.carrier, key, order_no, body, next_at=due)])

    # ------------------------------------------------------------ lanes

    def _lane(self, name: str) -> Lane:
        settings = settings_of(self._settings, name)
        carrier = carriers()[name]
        partner = Partner(carrier, settings, TIMEOUT_SECONDS)
        asker = Asker(self._queue, partner, self._evidence, self._say, partial(self._meant, carrier))
        policy = LanePolicy(lease_seconds=self._settings.lease_seconds, rate_per_second=settings.rate_per_second)
        owner = f"{NAME}-{self._settings.instance}"
        return Lane(self._queue, name, owner, asker.work, asker.gives_up, self._broken, policy)

    def _meant(self, carrier: Carrier, update: Update) -> Update:
        """An update as an operator's last word on its code reads it. Raises TryLater without a broker."""
        with self._codes_turn:
            self._codes.stale()
            mapping = self._codes.of(carrier.name, None, update.code)
        return meant(update, mapping, carrier)[0]

    def _say(self, evidence: list[WebhookReceived]) -> None:
        self._producer.publish(evidence)

    def _broken(self, error: BaseException) -> None:
        """A lane met an error that is no verdict: the process ends with it."""
        self._error = self._error or error
        self._stop.set()


def main() -> None:
    """`hoso poll`."""
    serve(NAME, Poll)


if __name__ == "__main__":
    main()
