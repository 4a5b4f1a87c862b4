"""postal.webhooks in; what moved out to the dossier's log.

It learns from `order_accepted` which leg an item belongs to. An update of no leg we know waits in SQL for its receipt.
A code that no table holds means what an operator said on `ops.codes`; a new word there has what is stored told again.
"""

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence

import structlog
from sqlalchemy import Connection

from connectors.broker import Consumer, Message, Producer
from connectors.carriers import Carrier, Update, carriers
from connectors.codes import Codes, meant
from connectors.day_keys import DayEvidence
from connectors.lately import Lately
from connectors.letter_boxes import LetterBoxes
from connectors.letters import keep
from connectors.loop import readable, run, serve
from connectors.moves import Mover, Sighting, sighting
from connectors.reference import References
from connectors.retelling import Retelling, Retold
from connectors.retention import Sweep, unmatched
from connectors.seal import CannotOpen, Erased, Evidence, Sealer
from connectors.secrets import load_secrets
from connectors.settings import Settings
from connectors.store import items, open_store
from connectors.store.items import Item, Unmatched
from connectors.verdicts import TryLater, Unreadable
from schemas import tracing
from schemas.dossier import LOG
from schemas.event import DOSSIER, Event
from schemas.postal import WEBHOOKS, OrderAccepted, ParcelStatus, PostalFact, WebhookReceived
from schemas.sealed import Box

log = structlog.get_logger()
NAME = "translate"
REFERENCE = re.compile(rf"(?P<dossier>{DOSSIER})/(?P<leg>[CDRT][1-9][0-9]?)")
LOOK_SECONDS = 2.0
"""How often it looks for a code that was mapped."""
PORTION_SECONDS = 0.5
"""For how long at a time live webhooks wait for stored ones."""


class Translate:
    """The process, on one thread: receipts teach it, webhooks become facts."""

    def __init__(
        self,
        settings: Settings,
        stop: threading.Event,
        producer: Producer | None = None,
        references: References | None = None,
        codes: Codes | None = None,
    ) -> None:
        self._settings, self._stop = settings, stop
        self._store = open_store(settings.database_url)
        self._producer = producer or Producer(settings.kafka_bootstrap, f"hoso-{NAME}")
        self._consumer = Consumer(
            [WEBHOOKS, LOG],
            f"hoso-{NAME}",
            settings.instance,
            settings.kafka_bootstrap,
            session_seconds=settings.session_seconds,
        )
        self._references = references or References(settings.kafka_bootstrap)
        self._codes = codes or Codes(settings.kafka_bootstrap)
        self._retelling: Retelling | None = None
        self._look_at = 0.0
        self._secrets = load_secrets(settings.secrets_dir)
        self._evidence = DayEvidence(self._store, self._secrets.evidence)
        self._boxes = LetterBoxes(self._store, self._secrets.openers_public)
        self._sweep = Sweep(self._store, settings.retention_seconds, unmatched(settings))
        self._lately = Lately()
        self._ready = False

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Kafka and the database."""
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address}

    def ready(self) -> str | None:
        """Once the reference data and the mapped codes are known."""
        return None if self._ready else "the reference data and the mapped codes are not known yet"

    def run(self) -> None:
        """Until told to stop."""
        self._store.migrate()
        if self._references.start(self._stop) and self._codes.start(self._stop):
            self._ready = True
            run(self._consumer, self.handle, self._stop, process=NAME, between=self.between)

    def close(self) -> None:
        """Let go of everything."""
        self._consumer.close()
        self._end_round()
        self._codes.close()
        self._references.close()
        self._producer.close()
        self._store.close()

    def handle(self, messages: Sequence[Message]) -> None:
        """Say what a batch brings. Twice is once: every fact's name is derived."""
        logged = [one for one in messages if one.topic == LOG]
        receipts = readable(logged, self._producer, only=(OrderAccepted,), boxes=self._boxes)
        bodies = [one for one in messages if one.topic == WEBHOOKS]
        webhooks = readable(bodies, self._producer, expects=(WebhookReceived,), boxes=self._boxes)
        if not receipts and not webhooks:
            return
        self._codes.stale()
        sightings = [one for message, event in webhooks for one in self._seen(message, event)]
        seen = [one for one in sightings if one.name not in self._lately]
        mover, today = self._mover(), self._evidence.today()
        facts, strangers = self._of_legs_we_know(seen, mover)
        waited: list[str] = []
        if receipts or strangers:
            facts += self._learnt([event for _, event in receipts], strangers, mover, today, waited)
        self._publish(facts, mover)
        if waited:
            with self._store.begin() as conn:
                items.found(conn, waited)

    def _of_legs_we_know(self, seen: Sequence[Sighting], mover: Mover) -> tuple[list[PostalFact], list[Sighting]]:
        """What most sightings say, without a lock; and those of no leg that we know yet."""
        facts, strangers = list[PostalFact](), list[Sighting]()
        with self._store.read() as conn:
            for one in seen:
                if leg := self._leg(conn, one):
                    facts += mover.facts(one, *leg)
                else:
                    strangers.append(one)
        return facts, strangers

    def _learnt(
        self, receipts: Sequence[Event], strangers: Sequence[Sighting], mover: Mover, today: Evidence, waited: list[str]
    ) -> list[PostalFact]:
        """What receipts tell, and what is said of strangers that one of them names; the others wait from now on."""
        facts: list[PostalFact] = []
        still: list[Sighting] = []
        with self._store.begin() as conn:
            for event in receipts:
                assert isinstance(event, OrderAccepted)
                facts += self._receipt(conn, event, mover, waited)
            for one in strangers:
                said = self._said(conn, one, mover, today)
                still += () if said else (one,)
                facts += said
        return [*facts, *self._known_by_now(still, mover, waited)] if still else facts

    def _known_by_now(self, strangers: Sequence[Sighting], mover: Mover, waited: list[str]) -> list[PostalFact]:
        """A second look once they wait for all to see: another process may have learnt their receipt meanwhile, and
        looked for what waits before they did.
        """
        facts: list[PostalFact] = []
        with self._store.read() as conn:
            for one in strangers:
                if leg := self._leg(conn, one):
                    facts += mover.facts(one, *leg)
                    waited.append(one.name)
        return facts

    def _publish(self, facts: Sequence[PostalFact], mover: Mover) -> None:
        mover.sealer.keep()
        self._producer.publish(facts)
        self._lately.add(fact.id for fact in facts)
        for fact in facts:
            log.info("item.moved", dossier=fact.subject, leg=fact.data.leg, type=fact.type, id=fact.id)

    # ------------------------------------------------------------ codes that were mapped

    def between(self) -> None:
        """Now and then look for a code that was mapped, and have what is stored of it told again, a portion at a time.

        One process of the group does: the one that reads the first partition of webhooks. A TryLater ends the round,
        and so does a rebalance; whoever does it next begins anew, and says the same facts.
        """
        self._sweep.look()
        if self._retelling is None:
            if time.monotonic() < self._look_at:
                return
            self._look_at = time.monotonic() + LOOK_SECONDS
            self._codes.refresh()
            self._retelling = self._round()
        if self._retelling is not None:
            try:
                self._tell_again(self._retelling)
            except TryLater:
                self._end_round()
                raise

    def _round(self) -> Retelling | None:
        pending = self._codes.pending()
        if not pending or not self._falls_to_us():
            return None
        version = self._references.newest().version
        return Retelling(self._settings.kafka_bootstrap, pending, self._evidence, version)

    def _falls_to_us(self) -> bool:
        return (WEBHOOKS, 0) in self._consumer.assigned()

    def _tell_again(self, round: Retelling) -> None:
        """The next portion; after the last one, that it is done."""
        if not self._falls_to_us():
            self._end_round()
            return
        updates = round.portion(PORTION_SECONDS)
        # A mapping may have been changed meanwhile: what came in after that is none of its business.
        self._codes.refresh()
        if updates := [one for one in updates if self._codes.stands(one.mapping)]:
            self._say_again(round, updates)
        if round.ended:
            self._producer.publish(applied := round.applied())
            self._end_round()
            for one in applied:
                log.info("codes.applied", carrier=one.data.carrier, code=one.data.code, facts=one.data.facts)

    def _say_again(self, round: Retelling, updates: Sequence[Retold]) -> None:
        mover, today = self._mover(), self._evidence.today()
        facts: list[PostalFact] = []
        with self._store.begin() as conn:
            for one in updates:
                if one.seen.name not in self._lately and one.seen.name not in round.names:
                    round.names.add(one.seen.name)
                    said = self._said(conn, one.seen, mover, today)
                    round.told[one.mapping.id]["facts" if said else "waiting"] += 1
                    facts += said
            # What waited as unknown waits as what it means now.
            items.found(conn, [one.before for one in updates])
        self._publish(facts, mover)

    def _end_round(self) -> None:
        if self._retelling is not None:
            self._retelling.close()
        self._retelling = None

    def _mover(self) -> Mover:
        return Mover(Sealer(self._secrets.openers_public, self._store), self._secrets.digest)

    # ------------------------------------------------------------ receipts

    def _receipt(self, conn: Connection, event: OrderAccepted, mover: Mover, waited: list[str]) -> list[PostalFact]:
        """Learn an item's leg, and say what waited for it."""
        data = event.data
        # Without a number of its own an order is known by what the carrier was told.
        item = data.item_code or f"/{data.reference}"
        items.learn(conn, Item(data.carrier, item, data.reference, event.subject, data.leg))
        facts: list[PostalFact] = []
        for update in items.waiting(conn, data.carrier, data.item_code or "", data.reference):
            seen = self._opened(update)
            if seen and (leg := self._leg(conn, seen)):
                facts += mover.facts(seen, *leg)
                waited.append(update.id)
        return facts

    def _opened(self, unmatched: Unmatched) -> Sighting | None:
        """What waits; None where its key is destroyed, or no longer ours: it goes on waiting until it is too old."""
        try:
            return Sighting.model_validate_json(self._evidence.open(Box.model_validate_json(unmatched.update)))
        except CannotOpen:
            log.warning("item.unmatched", carrier=unmatched.carrier, item=unmatched.item, why="its box does not open")
            return None

    # ------------------------------------------------------------ webhooks

    def _seen(self, message: Message, event: Event) -> list[Sighting]:
        """What a carrier's bytes say; bytes that nobody reads go to the dead letters as they came, sealed.

        Bytes whose day's key is destroyed are older than we keep them: there is nothing to be read, now or later.
        """
        assert isinstance(event, WebhookReceived)
        with tracing.about("translate", event) as span:
            # What it says hangs beneath the reading of it.
            updates = self._read(message, event.model_copy(update={"traceparent": span.traceparent}))
            span.notes(carrier=event.data.carrier, outcome="read" if updates else "nothing")
        return updates

    def _read(self, message: Message, event: WebhookReceived) -> list[Sighting]:
        carrier = carriers().get(event.data.carrier)
        if carrier is None:
            keep(message, f"there is no carrier {event.data.carrier}", self._producer, self._boxes)
            return []
        try:
            updates = carrier.updates(self._evidence.open(event.data.body), event.data.api_version)
        except Erased:
            log.warning("evidence.erased", topic=WEBHOOKS, partition=message.partition, offset=message.offset)
            return []
        except (Unreadable, CannotOpen) as error:
            keep(message, str(error), self._producer, self._boxes)
            return []
        return [self._sighted(update, event, carrier) for update in updates]

    def _sighted(self, update: Update, event: WebhookReceived, carrier: Carrier) -> Sighting:
        """An update as its carrier's table reads it; where that is silent, as an operator said."""
        about = (carrier.name, event.data.api_version, update.code)
        mapping = self._codes.of(*about) if update.status is ParcelStatus.UNKNOWN else None
        found, table_version = meant(update, mapping, carrier)
        return sighting(found, event, table_version, self._references.newest().version)

    def _said(self, conn: Connection, seen: Sighting, mover: Mover, today: Evidence) -> Iterable[PostalFact]:
        """What is said of an update of a leg we know; another waits, sealed with what seals `today`."""
        if leg := self._leg(conn, seen):
            return mover.facts(seen, *leg)
        sealed = today.seal(seen.model_dump_json().encode()).model_dump_json().encode()
        why = "item and reference name two legs" if _leg_in(seen.reference) else "no receipt names it"
        items.wait(conn, Unmatched(seen.name, seen.carrier, seen.item, seen.reference, sealed, why))
        log.warning("item.unmatched", carrier=seen.carrier, item=seen.item, why=why)
        return ()

    @staticmethod
    def _leg(conn: Connection, seen: Sighting) -> tuple[str, str] | None:
        """The dossier and leg of an update: by its item first, by our reference second; None where the two disagree."""
        by_item = items.leg_of(conn, seen.carrier, seen.item) if seen.item else None
        by_reference = _leg_in(seen.reference) or items.leg_by_reference(conn, seen.carrier, seen.reference)
        if by_item and by_reference and by_item != by_reference:
            return None
        return by_item or by_reference


def _leg_in(reference: str) -> tuple[str, str] | None:
    """The dossier and leg that a reference of ours names."""
    found = REFERENCE.fullmatch(reference)
    return (found["dossier"], found["leg"]) if found else None


def main() -> None:
    """`hoso translate`."""
    serve(NAME, Translate)


if __name__ == "__main__":
    main()
