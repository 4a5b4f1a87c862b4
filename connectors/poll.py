"""dossier.events and dossier.state in; what carriers answer when they are asked out to postal.webhooks.

What a carrier only reported is asked about at once if it may leave the house, a day later if no other answer confirmed
it by then; what was expected of an item by now and is not known, once its time has passed. Translate makes the answers
facts, CONFIRMED.
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
from rules.post.confirming import PATIENCE_SECONDS, may_wait
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import clock
from schemas.postal import RANK, Certainty, ItemMoved, ParcelStatus, WebhookReceived, reference_of
from schemas.state import STATE, DossierStateChanged, LegShown

log = structlog.get_logger()
NAME = "poll"
TIMEOUT_SECONDS = 20.0
HAS_A_LEG = b'"carrier"'
"""Stands in the bytes of every state that shows a leg."""
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
        told = readable(
            _worth_reading(messages), self._producer, only=(ItemMoved, DossierStateChanged), boxes=self._boxes
        )
        if not told or not (news := self._news(told)):
            return
        with self._store.begin() as conn:
            changed = {name for message, event in news for name in self._take(conn, event, message.offset)}
        for name in changed & self._lanes.keys():
            self._lanes[name].wake()

    def _news(self, told: Sequence[tuple[Message, Event]]) -> list[tuple[Message, Event]]:
        """What brings or answers a question, as it looks without a lock; most of what is told does neither."""
        events = [event for _, event in told]
        moved = [event for event in events if isinstance(event, ItemMoved) and event.data.carrier in self._asked]
        legs = [leg for event in events if isinstance(event, DossierStateChanged) for leg in self._legs(event)]
        references = {reference_of(event.subject, event.data.leg) for event in moved}
        keys = references | set(map(_patient, references)) | {_key(leg) for leg in legs}
        waiting = {key: [row.id for row in rows] for key, rows in self._queue.under(keys).items()}
        asked = {id for ids in waiting.values() for id in ids}
        asked |= {_name(event) for event in moved if event.data.certainty is not Certainty.CONFIRMED}

        def is_news(event: Event) -> bool:
            match event:
                case ItemMoved():
                    return event.data.carrier in self._asked and _name(event) in asked
                case DossierStateChanged():
                    return any(
                        waiting.get(_key(leg), []) != _expects(leg) or anew(leg.reference) in self._aside
                        for leg in self._legs(event)
                    )
            return False

        return [one for one in told if is_news(one[1])]

    def _legs(self, state: DossierStateChanged) -> list[LegShown]:
        return [leg for leg in state.data.legs if leg.carrier in self._asked]

    def _take(self, conn: Connection, event: Event, order_no: int) -> list[str]:
        """Whose lanes have other questions than before."""
        match event:
            case ItemMoved() if event.data.carrier in self._asked:
                self._moved(conn, event, order_no)
                return [event.data.carrier]
            case DossierStateChanged():
                legs = self._legs(event)
                return [leg.carrier for leg in legs if self._expected(conn, event.subject, leg, order_no)]
        return []

    def _moved(self, conn: Connection, event: ItemMoved, order_no: int) -> None:
        """A movement that is only reported is asked about; one that is confirmed answers the question."""
        data, reference, name = event.data, reference_of(event.subject, event.data.leg), _name(event)
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
            moment = clock().seconds()
            if may_wait(data.status, self._confirmed(conn, reference)):
                # Under a key of its own: what must be known at once does not wait behind it.
                self._put(conn, name, question, _patient(reference), order_no, moment + PATIENCE_SECONDS)
            else:
                self._put(conn, name, question, reference, order_no, moment)

    def _confirmed(self, conn: Connection, reference: str) -> set[ParcelStatus]:
        """What of a leg was reported and has its answer."""
        named = (id.rpartition(f":{reference}:")[2].partition(":")[0] for id in self._queue.done_under(conn, reference))
        return {ParcelStatus(status) for status in named}

    def _expected(self, conn: Connection, dossier: str, leg: LegShown, order_no: int) -> bool:
        """What is expected of a leg next, by when: one question a leg, asked when that has passed. Whether it changed.

        The last state that was read decides, however often those before it come again.
        """
        changed = False
        if (name := anew(leg.reference)) in self._aside and leg.order != UNANSWERED:
            changed = self._queue.again(conn, [name], clock().seconds(), [OwedState.ASIDE]) > 0
        key, expects = _key(leg), _expects(leg)
        waiting = [row.id for row in self._queue.waiting(conn, key)]
        for id in waiting:
            if id not in expects:
                self._queue.end(conn, id, OwedState.DONE)
        for name in expects:
            if name not in waiting and leg.expected_by:
                question = Question(
                    dossier=dossier, leg=leg.leg, carrier=leg.carrier, reference=leg.reference, item=leg.item_code
                )
                due = leg.expected_by.timestamp()
                self._put(conn, name, question, key, order_no, due)
                # It was dropped for another and is expected again: a state came anew after a crash, or said so again.
                self._queue.again(conn, [name], due, ended=[OwedState.DONE])
                changed = True
        return changed

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


def _worth_reading(messages: Sequence[Message]) -> list[Message]:
    """Without the states that another follows, and without those of dossiers that no carrier has to do with: most."""
    last = {message.key: message.offset for message in messages if message.topic == STATE}
    return [
        message
        for message in messages
        if message.topic != STATE or (message.offset == last[message.key] and HAS_A_LEG in (message.value or b""))
    ]


def _name(moved: ItemMoved) -> str:
    """What the question is called whether a movement is so."""
    data, reference = moved.data, reference_of(moved.subject, moved.data.leg)
    return f"{data.carrier}:{reference}:{data.status}:{data.at.isoformat() if data.at else data.evidence}"


def _patient(reference: str) -> str:
    """Under which the questions about a leg stand that may wait."""
    return f"patient:{reference}"


def _key(leg: LegShown) -> str:
    """Under which a leg's one question about what is expected of it stands."""
    return f"expected:{leg.reference}"


def _expects(leg: LegShown) -> list[str]:
    """What that question is called, where something is expected of the leg."""
    return [f"{_key(leg)}:{leg.expected}:{leg.expected_by.isoformat()}"] if leg.expected and leg.expected_by else []


def main() -> None:
    """`hoso poll`."""
    serve(NAME, Poll)


if __name__ == "__main__":
    main()
