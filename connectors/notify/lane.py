"""One agency's lane: its words go out in order within a dossier, several dossiers at once, slowing no other lane."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

import structlog

from connectors.agencies import secrets_of
from connectors.lane import OPEN, Lane, LanePolicy, Passage
from connectors.metrics import effect
from connectors.notify import guard
from connectors.notify.callback import Answer, Caller
from connectors.notify.receipts import receipt
from connectors.notify.retry import ASIDE_AFTER, Outcome, RetryTable
from connectors.notify.telling import opened, within
from connectors.reference import References
from connectors.seal import Opener
from connectors.secrets import Secrets
from connectors.store import Store, callbacks, endpoints
from connectors.store.breaker import Breaker
from connectors.store.callbacks import THROTTLED
from connectors.store.queue import Owed, Queue
from connectors.verdicts import TryLater
from schemas import tracing
from schemas.event import Event
from schemas.instant import clock
from schemas.notice import NoticeAttemptFailed, NoticeDelivered, NoticeGaveUp, NoticeSteppedAside, Receipt
from schemas.reference import Callback

log = structlog.get_logger()
T = TypeVar("T")
IDLE_SECONDS = 1.0
"""How often (real time) a lane that may not be used looks whether it may."""
LOOK_SECONDS = 5.0
"""How long (real time) an address and its secrets are taken for what they were."""
CHALLENGE_WAITS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""The wait (driven seconds) after each challenge that was not answered; the last one from then on."""


@dataclass(frozen=True)
class Tools:
    """What every lane works with. `broken` hears of errors that are no verdicts: the process ends with the first."""

    store: Store
    secrets: Secrets
    references: References
    owner: str
    broken: Callable[[BaseException], None]
    policy: LanePolicy = field(default_factory=LanePolicy)
    retry: RetryTable = field(default_factory=RetryTable)
    chance: Random = field(default_factory=Random)
    receipts: "deque[Receipt]" = field(default_factory=deque)
    """Receipts of failed tries on their way to the topic; of how a word ended, the queue holds them."""
    passage: Passage = OPEN
    """Whether a word may go now."""


class CallbackLane(Lane):
    """Works on one agency's callbacks once its endpoint is permitted, willing and proven; the words wait until it is.

    What an answer means is decided here, by the table of tries; when the lane breaks and heals, by `Lane`.
    """

    def __init__(self, agency: str, tools: Tools) -> None:
        queue = Queue(tools.store, callbacks.QUEUE)
        super().__init__(queue, agency, tools.owner, _unused, _unused, tools.broken, tools.policy, tools.passage)
        self.agency, self._tools = agency, tools
        self._opener = Opener(tools.store, tools.secrets.openers_private)
        self._memory = threading.Lock()
        self._taken = 0
        self._refusals: dict[str, tuple[int, int]] = {}
        self._challenged, self._challenge_at = 0, 0.0
        self._caller: Caller
        self._looked_at: Callback | None = None
        self._look_again_at = 0.0

    def _turn(self) -> float:
        """Take what may go now, if it may go anywhere; how long to rest afterwards, in real seconds."""
        callback = self._callback()
        if callback is None or not self._usable(callback):
            return self._until(self._challenge_at) if self._challenge_at else IDLE_SECONDS
        if self._holds:
            self._probe()
        return super()._turn()

    def _callback(self) -> Callback | None:
        profile = self._tools.references.edition().agency(self.agency)
        return profile.callback if profile else None

    def _until(self, driven: float) -> float:
        """Real seconds until a driven instant, between a blink and the longest rest."""
        return min(IDLE_SECONDS, max(0.005, clock().real_seconds(driven - clock().seconds())))

    def _made(self, callback: Callback) -> Caller:
        secrets = secrets_of(self._tools.store, self._tools.secrets.openers_private, self.agency)
        return Caller(self.agency, callback, secrets, self._tools.secrets.signing_callbacks if callback.ed25519 else ())

    # ------------------------------------------------------------ the endpoint

    def _usable(self, callback: Callback) -> bool:
        """Whether this address may be called: permitted, willing, proven. Looked at every few seconds."""
        if callback == self._looked_at and time.monotonic() < self._look_again_at:
            return True
        with self._tools.store.read() as connection:
            endpoint = endpoints.find(connection, self.agency, callback.url)
        if endpoint.disabled:
            self._challenge_at = 0.0
            return False
        try:
            guard.check(callback)
        except guard.Forbidden as forbidden:
            self._unproven(callback, str(forbidden))
            return False
        if not endpoint.verified and not self._prove(callback):
            return False
        self._caller, self._looked_at = self._made(callback), callback
        self._look_again_at = time.monotonic() + LOOK_SECONDS
        return True

    def _prove(self, callback: Callback) -> bool:
        if clock().seconds() < self._challenge_at:
            return False
        why = self._made(callback).challenge()
        if why is not None:
            self._unproven(callback, why)
            return False
        with self._tools.store.begin() as transaction:
            endpoints.verified(transaction, self.agency, callback.url)
        self._challenged, self._challenge_at = 0, 0.0
        log.info("endpoint.verified", agency=self.agency)
        return True

    def _unproven(self, callback: Callback, why: str) -> None:
        """It is asked again later; its owner finds why in `hoso agency list`."""
        if clock().seconds() < self._challenge_at:
            return
        wait = CHALLENGE_WAITS[min(self._challenged, len(CHALLENGE_WAITS) - 1)]
        self._challenged += 1
        self._challenge_at = clock().seconds() + wait
        with self._tools.store.begin() as transaction:
            endpoints.unproven(transaction, self.agency, callback.url, why)
        log.info("endpoint.unproven", agency=self.agency, why=why)

    def _probe(self) -> None:
        """Of a broken lane whose words all wait for their next try: a challenge tells whether it is there again.

        So a notice's tries are not used up by asking, and an agency that is back need not wait for the table.
        """
        now, policy = clock().seconds(), self._policy.breaker
        if not self._breaker.opens_at or now < self._breaker.opens_at:
            return
        due_at = self._queue.next_at(self.agency)
        if due_at is None or due_at <= now:
            return
        why = self._caller.challenge()
        if why is None:
            self._stands(self._breaker.answered(policy), None)
        else:
            self._stands(self._breaker.failed(now, policy), TryLater(why))

    # ------------------------------------------------------------ one call

    def _settle(self, row: Owed) -> None:
        """One word out, its answer in."""
        word, callback = Event.decode(row.body), self._looked_at
        assert callback is not None
        body = self._until_done(lambda: within(opened(row.body, self._opener)))
        if body is None:
            return
        with tracing.about("callback", word) as span:
            answer = self._caller.call(row.id, body, span.traceparent)
            span.notes(agency=self.agency, type=word.type, attempt=row.attempts + 1, outcome=answer.outcome.value)
            if answer.status is not None:
                span.notes(status=answer.status)
        self._until_done(lambda: self._landed(callback, row, word, answer))

    def _until_done(self, do: Callable[[], T]) -> T | None:
        """Do it, again while the database is away. None when it is time to end: the next lease owes the row again."""
        while True:
            try:
                return do()
            except TryLater as later:
                log.warning("notice.owed", agency=self.agency, why=later.why)
            if self._closing.wait(0.5):
                return None

    def _landed(self, callback: Callback, row: Owed, word: Event, answer: Answer) -> None:
        match answer.outcome:
            case Outcome.DELIVERED:
                self._delivered(callback, row, word, answer)
            case Outcome.GONE:
                self._gone(callback, row)
            case Outcome.THROTTLED:
                self._failed(callback, row, word, answer, THROTTLED + answer.why)
            case Outcome.REFUSED | Outcome.FAILED:
                self._failed(callback, row, word, answer, answer.why)
        self._weigh(answer)

    def _delivered(self, callback: Callback, row: Owed, word: Event, answer: Answer) -> None:
        told = receipt(NoticeDelivered, word, self.agency, callback.url, row.attempts + 1, answer.status)
        self._queue.done(row.id, told.encode())
        effect("callback", self.agency, word.recorded)
        self._refusals.pop(row.id, None)
        log.info("notice.delivered", agency=self.agency, dossier=word.subject, id=row.id, attempt=row.attempts + 1)

    def _gone(self, callback: Callback, row: Owed) -> None:
        """410: nothing more goes there. What is owed is kept for another address."""
        why = "the endpoint answered 410: give the agency another callback, or ask its owner to open this one"
        with self._tools.store.begin() as transaction:
            endpoints.disabled(transaction, self.agency, callback.url, why)
        self._look_again_at = 0.0
        self._queue.later(row.id, clock().seconds(), "status 410", counts=False)
        log.warning("endpoint.disabled", agency=self.agency, why=why)

    def _failed(self, callback: Callback, row: Owed, word: Event, answer: Answer, why: str) -> None:
        attempt, driven = row.attempts + 1, clock().seconds()
        if answer.outcome is Outcome.REFUSED and self._steps_aside(row.id):
            told: Receipt = receipt(NoticeSteppedAside, word, self.agency, callback.url, attempt, answer.status)
            self._queue.aside(row.id, why, told.encode())
            log.warning("notice.stepped_aside", agency=self.agency, dossier=word.subject, id=row.id, why=why)
            return
        wish = answer.retry_after_seconds
        # The wish is real time, as the other side's clock is; ours may be driven.
        wished = wish * clock().speed if wish is not None else None
        next_at = self._tools.retry.next_at(attempt, driven, self._tools.chance, wished)
        if next_at is None:
            told = receipt(NoticeGaveUp, word, self.agency, callback.url, attempt, answer.status)
            self._queue.gave_up(row.id, why, told.encode())
            log.warning("notice.gave_up", agency=self.agency, dossier=word.subject, id=row.id, why=why)
            return
        failed = receipt(NoticeAttemptFailed, word, self.agency, callback.url, attempt, answer.status, next_at)
        self._tools.receipts.append(failed)
        self._queue.later(row.id, next_at, why)
        log.info("notice.owed", agency=self.agency, dossier=word.subject, id=row.id, attempt=attempt, why=why)

    def _steps_aside(self, id: str) -> bool:
        """Whether this notice has been refused often enough while its endpoint took others since the first time."""
        with self._memory:
            refused, taken = self._refusals.get(id, (0, self._taken))
            self._refusals[id] = (refused + 1, taken)
            if refused + 1 < ASIDE_AFTER or self._taken <= taken:
                return False
            del self._refusals[id]
            return True

    def _weigh(self, answer: Answer) -> None:
        """What an answer says of the lane: whether it is there at all."""
        policy = self._policy.breaker
        if answer.outcome is Outcome.THROTTLED:
            self._stands(self._breaker.failed(clock().seconds(), policy), TryLater(answer.why))
            return
        with self._memory:
            self._taken += answer.outcome is Outcome.DELIVERED
        self._stands(self._breaker.answered(policy), None)

    def _stands(self, after: Breaker, why: TryLater | None) -> None:
        heals = self._breaker.opens_at > after.opens_at
        super()._stands(after, why)
        if heals:
            with self._tools.store.begin() as transaction:
                callbacks.healed(transaction, self.agency, clock().seconds())
            self.wake()


def _unused(*_: object) -> None:
    """What `Lane` asks for by default and this lane decides itself."""
    raise AssertionError("a callback's lane settles its rows itself")
