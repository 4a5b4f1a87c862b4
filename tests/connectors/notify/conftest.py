"""A lane to an agency's ear, over doubles, on a clock that moves when told."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from connectors.agencies import new_secret
from connectors.lane import LanePolicy
from connectors.notify.lane import CallbackLane, Tools
from connectors.notify.owing import Owing
from connectors.notify.retry import RetryTable
from connectors.seal import Evidence, Opener
from connectors.secrets import Secrets
from connectors.store import Store, callbacks, feed
from connectors.store.feed import Fed
from connectors.store.queue import Queue
from connectors.store.tables import OWED
from schemas import instant
from schemas.event import Event, derived_id, type_name
from schemas.instant import aware
from schemas.notice import EventRejected, FieldProblem, Notice, NoticeKind, Words
from schemas.reference import Bundle
from tests.builders import CODE, a_bundle, an_agency
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets
from tests.connectors.notify.ear import DrivenClock, Ear


def a_notice(
    sequence: int,
    dossier: str = CODE,
    kind: NoticeKind = NoticeKind.DUE_TODAY,
    agency: str = "H29.12",
    **payload: object,
) -> Notice:
    """A notice to an agency."""
    return Notice(
        id=derived_id(dossier, kind, agency, sequence),
        source="/hoso/streams",
        type=type_name("notice", kind),
        subject=dossier,
        time=aware(1_780_000_000 + sequence),
        data=Notice.Data(
            agency=agency,
            kind=kind,
            sequence=sequence,
            text=Words(vi="Lời", en="Words"),
            state="RECEIVED",
            payload=payload,
        ),
    )


def a_rejection(agency: str = "H29.12") -> EventRejected:
    """What the gate would not let in."""
    return EventRejected(
        id=derived_id(agency, "rejected"),
        source="/hoso/gate",
        subject=agency,
        time=aware(1_780_000_000),
        data=EventRejected.Data(errors=(FieldProblem(field="time", problem="It has no zone."),)),
    )


class Rig:
    """What is owed, the lane that pays it, and the one who hears."""

    def __init__(self, store: Store, secrets: Secrets, bundle: Bundle, clock: DrivenClock, ear: Ear) -> None:
        self.store, self.secrets, self.clock, self.ear = store, secrets, clock, ear
        self.producer, self.broken = KeptProducer(), deque[BaseException]()
        self.references = FixedReferences(bundle)
        self.queue = Queue(store, callbacks.QUEUE)
        policy, retry = LanePolicy(rate_per_second=1000), RetryTable(jitter=0)
        self.tools = Tools(store, secrets, self.references, "test", self.broken.append, policy, retry, Random(1))
        opener, box = Opener(store, secrets.openers_private), Evidence(secrets.feed)
        self.owing = Owing(store, self.producer, self.references, opener, box, lambda _: self.lane.wake())
        self.lane = CallbackLane("H29.12", self.tools)

    def owes(self, events: Sequence[Event]) -> None:
        """Let these come from their topics."""
        taken = len(self.producer.rows)
        self.producer.publish(events)
        rows, self.producer.rows = self.producer.rows[taken:], self.producer.rows[:taken]
        for topic in dict.fromkeys(topic for topic, _, _ in rows):
            double = KeptProducer()
            double.rows = rows
            self.owing.handle(double.messages(topic))

    def passes(self, seconds: float) -> None:
        """Let driven time pass."""
        self.clock.at += seconds
        self.lane.wake()

    def states(self) -> dict[str, str]:
        """How each owed row stands."""
        with self.store.read() as connection:
            rows = select(OWED.c.id, OWED.c.state).where(OWED.c.queue == callbacks.QUEUE)
            return {row.id: row.state for row in connection.execute(rows)}

    def fed(self, agency: str = "H29.12") -> list[Fed]:
        """The agency's feed."""
        with self.store.read() as connection:
            return feed.after(connection, agency, 0, 100)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    driven = DrivenClock()
    monkeypatch.setattr(instant, "_clock", driven)
    return driven


@pytest.fixture
def rig(tmp_path: Path, clock: DrivenClock) -> Iterator[Rig]:
    with a_store(tmp_path) as store:
        secrets = some_secrets(tmp_path)
        with Ear(new_secret(store, secrets.openers_public, "H29.12")) as ear:
            callback = {"url": ear.url, "development": True, "ed25519": True}
            wants = ["due_today", "result_delivered", "missed"]
            agencies = [
                an_agency("H29.12", aliases=["000.00.12.H29"], callback=callback, results_topic=True, wants=wants),
                an_agency("H29.99", callback=callback, stage="shadow"),
                an_agency("H29.05"),
            ]
            rig = Rig(store, secrets, a_bundle(agencies=agencies), clock, ear)
            yield rig
            if rig.lane._thread.is_alive():
                rig.lane.close()
            assert not rig.broken
