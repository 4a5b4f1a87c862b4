"""What a carrier is asked: is it as reported, and where is it. Each is a row; its answer is evidence like a webhook."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.carriers import Carrier, Update
from connectors.partner import Partner
from connectors.seal import Evidence
from connectors.store.queue import Owed, Queue
from connectors.verdicts import Refused, TryLater, Unreadable
from schemas import trace, tracing
from schemas.event import Frozen, Instant, derived_id
from schemas.instant import clock, now
from schemas.postal import RANK, ParcelStatus, Via, WebhookReceived, WebhookVerdict

log = structlog.get_logger()

REPORTED_FIRST_SECONDS, REPORTED_TRIES = 5.0, 10
"""How soon (driven) a carrier whose answer lags behind its own webhook is asked again, at doubling spans; how often."""
EXPECTED_FIRST_SECONDS, EXPECTED_LONGEST_SECONDS = 6 * 3600.0, 3 * 86400.0
"""How soon (driven) an item that stays silent past its time is asked about again, at doubling spans up to this."""


class Question(Frozen):
    """One thing to ask. With `status`: whether it is as reported, `at` that time. Without: where the item is."""

    dossier: str
    leg: str
    carrier: str
    reference: str
    item: str | None = None
    status: ParcelStatus | None = None
    at: Instant | None = None
    once: bool = False
    """Without `status`: asked until it is answered, and then no more."""
    traceparent: str | None = None
    """Of what gave rise to it; a question that time alone brings begins a trace."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A body that a carrier answered with, and what it says."""

    body: bytes
    updates: list[Update]


class Asker:
    """Works the questions of one carrier's lane; threads may share it.

    `publish` returns once they are durable. `reads` says what an update means whose code the carrier's table lacks.
    """

    def __init__(
        self,
        queue: Queue,
        partner: Partner,
        evidence: Evidence,
        publish: Callable[[list[WebhookReceived]], None],
        reads: Callable[[Update], Update],
    ) -> None:
        self._queue, self._partner, self._evidence, self._publish = queue, partner, evidence, publish
        self._reads = reads

    def work(self, row: Owed) -> None:
        """Ask, publish what is answered, and ask again later where that was not all. A question refused is given up."""
        question = Question.model_validate_json(row.body)
        with tracing.span("ask", trace.known(question.traceparent)) as span:
            span.notes(carrier=question.carrier, attempt=row.attempts + 1)
            self._work(row, question.model_copy(update={"traceparent": span.traceparent}))

    def _work(self, row: Owed, question: Question) -> None:
        try:
            answers = self._ask(question)
        except Refused as refused:
            self._queue.gave_up(row.id, str(refused))
            return
        log.info("item.asked", dossier=question.dossier, leg=question.leg, carrier=question.carrier, row=row.id)
        if question.status is None and question.once:
            # The history alone, where there is one: its moves come in their order, the last one not before the others.
            self._publish([self._evidence_of(question, answer) for answer in answers[-1:]])
            self._queue.done(row.id)
        elif question.status is None:
            self._publish([self._evidence_of(question, answer) for answer in answers])
            self._later(row, EXPECTED_FIRST_SECONDS, EXPECTED_LONGEST_SECONDS, "still expected")
        elif confirms(question, [update for answer in answers for update in answer.updates]):
            self._publish([self._evidence_of(question, answer) for answer in answers])
            self._queue.done(row.id)
        elif row.attempts + 1 >= REPORTED_TRIES:
            self._publish([self._evidence_of(question, answer) for answer in answers])
            self._queue.gave_up(row.id, "its own question does not confirm what its webhook said")
        else:
            self._later(row, REPORTED_FIRST_SECONDS, EXPECTED_FIRST_SECONDS, "not there yet")

    def gives_up(self, row: Owed, later: TryLater) -> None:
        """The carrier cannot be asked: what is reported stays reported."""
        self._queue.gave_up(row.id, later.why)

    def _ask(self, question: Question) -> list[Answered]:
        """Where it stands; and all that happened to it, unless the first answer is what was asked for."""
        status = self._answered(self._partner.status(question.reference, question.item).body)
        if question.status and any(_same(question, update) for update in status.updates):
            return [status]
        item = question.item or next((update.item for update in status.updates if update.item), None)
        history = self._partner.history(question.reference, item) if item else None
        return [status, self._answered(history.body)] if history is not None else [status]

    def _answered(self, body: bytes) -> Answered:
        carrier: Carrier = self._partner.carrier
        try:
            updates = carrier.updates(body)
        except Unreadable as error:
            raise TryLater(f"its answer cannot be read: {error.why}") from error
        return Answered(body, [self._reads(one) if one.status is ParcelStatus.UNKNOWN else one for one in updates])

    def _later(self, row: Owed, first_seconds: float, longest_seconds: float, why: str) -> None:
        pause = min(first_seconds * 2.0 ** min(row.attempts, 30), longest_seconds)
        self._queue.later(row.id, clock().seconds() + pause, why)

    def _evidence_of(self, question: Question, answer: Answered) -> WebhookReceived:
        """The answer as a webhook's bytes would be kept. The same bytes are the same fact."""
        digest = hashlib.sha256(answer.body).hexdigest()
        data = WebhookReceived.Data(
            carrier=question.carrier,
            via=Via.QUERY,
            verdict=WebhookVerdict.NONE,
            body=self._evidence.seal(answer.body),
        )
        moment = now()
        return WebhookReceived(
            id=derived_id(digest, "asked", question.carrier),
            source="/hoso/poll",
            subject=digest,
            time=moment,
            recordedtime=moment,
            traceparent=question.traceparent,
            data=data,
        )


def confirms(question: Question, updates: list[Update]) -> bool:
    """Whether the carrier's answer says what was reported, or is past it, so that it will say no more about it."""
    if any(_same(question, update) for update in updates):
        return True
    return any(_is_past(question, update) for update in updates)


def _same(question: Question, update: Update) -> bool:
    return update.status is question.status and (question.at is None or update.at == question.at)


def _is_past(question: Question, update: Update) -> bool:
    """A movement dated after the one reported; an undated one only if it is further along."""
    if update.status not in RANK:
        return False
    when: datetime | None = question.at
    if when is None or update.at is None:
        return question.status in RANK and RANK[update.status] > RANK[question.status]
    return update.at > when
