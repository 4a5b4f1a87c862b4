"""agency.notices and agency.rejections in; what is fed, owed by callback or by a results topic, or gathered, out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.broker import Message, Producer
from connectors.letter_boxes import LetterBoxes
from connectors.loop import readable
from connectors.metrics import effect
from connectors.notify.results import RESULTS_QUEUE
from connectors.notify.telling import opened
from connectors.reference import References
from connectors.seal import Evidence, Opener
from connectors.store import Store, callbacks, digests, feed
from connectors.store.callbacks import QUEUE
from connectors.store.digests import Came
from connectors.store.feed import Told
from connectors.store.queue import Owed, Queue
from rules.digests import Change, change_behind, gathered
from rules.holds import Concern, word_concern
from schemas.event import Event
from schemas.notice import RESULTS, EventRejected, Notice
from schemas.reference import Agency, Stage

RESULT, REMINDER = 0, 1
"""Urgencies: results overtake reminders."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word for an agency, where it stood, and the change of the reference data that it follows from, if it does."""

    message: Message
    event: Event
    code: str
    agency: Agency | None
    change: Change | None = None

    @property
    def is_heard(self) -> bool:
        """Whether the agency is told anything: one in shadow is not, but for what the gate would not let in."""
        return self.agency is None or self.agency.stage is not Stage.SHADOW

    @property
    def is_gathered(self) -> bool:
        """Whether it is told in a digest, with all else that its change brought: the agency has a way and wants none
        of it singly.
        """
        if self.agency is None or self.change is None or not self.is_heard:
            return False
        return self.agency.digest and (self.agency.callback is not None or self.agency.results_topic)

    @property
    def is_called(self) -> bool:
        """Whether it goes by callback: the agency has one and wants this kind. What the gate refused, it must know."""
        if self.agency is None or self.agency.callback is None or not self.is_heard or self.is_gathered:
            return False
        wants = self.agency.wants
        return not isinstance(self.event, Notice) or not wants or self.event.data.kind in wants

    @property
    def is_published(self) -> bool:
        """Whether it goes to a topic of the agency's own."""
        return self.agency is not None and self.agency.results_topic and self.is_heard and not self.is_gathered

    @property
    def sequence_key(self) -> str:
        """What keeps its order: a notice within its agency's view of the dossier; a rejection depends on nothing."""
        return f"{self.code}|{self.event.subject if isinstance(self.event, Notice) else self.event.id}"

    @property
    def is_result(self) -> bool:
        """Whether it tells a result's fate."""
        return isinstance(self.event, Notice) and self.event.data.kind in RESULTS

    def owed(self) -> Owed:
        """As the queue holds it: sealed as it came."""
        return Owed(
            id=self.event.id,
            lane=self.code,
            sequence_key=self.sequence_key,
            order_no=self.event.data.sequence if isinstance(self.event, Notice) else 0,
            body=self.event.encode(),
            urgency=RESULT if self.is_result else REMINDER,
        )

    def came(self) -> Came:
        """As it is gathered."""
        assert isinstance(self.event, Notice) and self.change is not None
        why = self.event.data.payload.get("why")
        return Came(self.code, self.change, gathered(self.event, self.change), why)


def concerns(row: Owed) -> list[Concern]:
    """Whom an owed word concerns."""
    return [word_concern(Event.decode(row.body), row.lane)]


class Owing:
    """Handles batches of words. One transaction a batch; then, by the loop, the commit.

    What one change of the reference data brought many dossiers is gathered for a digest: `Digests` owes it.
    """

    def __init__(
        self,
        store: Store,
        producer: Producer,
        references: References,
        opener: Opener,
        feed_box: Evidence,
        wake: Callable[[str], None],
        boxes: LetterBoxes | None = None,
    ) -> None:
        self._store, self._producer, self._references = store, producer, references
        self._opener, self._feed_box, self._wake, self._boxes = opener, feed_box, wake, boxes
        self._queue, self._results = Queue(store, QUEUE), Queue(store, RESULTS_QUEUE)

    def handle(self, messages: Sequence[Message]) -> None:
        """Owe and feed a batch. Handling it again changes nothing."""
        read = readable(messages, self._producer, boxes=self._boxes)
        words = [self._word(message, event) for message, event in read]
        heard = [word for word in words if word.is_heard or isinstance(word.event, EventRejected)]
        fed = [self._told(word) for word in heard]
        called = [word for word in words if word.is_called]
        published = [word for word in words if word.is_published]
        urgent = {word.sequence_key for word in called if word.is_result}
        with self._store.begin() as transaction:
            feed.put(transaction, fed)
            self._queue.put(transaction, [word.owed() for word in called])
            self._results.put(transaction, [word.owed() for word in published])
            digests.gather(transaction, [word.came() for word in words if word.is_gathered])
            if urgent:
                callbacks.hurry(transaction, urgent, RESULT)
        for word in heard:
            effect("feed", word.code, word.event.recorded)
        for code in {word.code for word in (*called, *published)}:
            self._wake(code)

    def _word(self, message: Message, event: Event) -> Word:
        said = event.data.agency if isinstance(event, Notice) else event.subject
        agency = self._references.edition().agency(said)
        return Word(message, event, agency.code if agency else said, agency, self._change(event))

    def _change(self, event: Event) -> Change | None:
        if not isinstance(event, Notice):
            return None
        return change_behind(event, {one.bundle.version for one in self._references.history()})

    def _told(self, word: Word) -> Told:
        raw = word.event.encode()
        whole = opened(raw, self._opener)
        body = raw if whole is raw else self._feed_box.seal(whole).model_dump_json().encode()
        met, dossier = word.message, word.event.subject if isinstance(word.event, Notice) else None
        change = word.change.id if word.change else None
        return Told(word.code, word.event.id, met.topic, met.partition, met.offset, body, dossier, change)
