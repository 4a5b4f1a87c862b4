"""An order or a cancellation brought to its end: asked before it is sent again, ended with the fact that says how."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import structlog

from connectors.carriers import InDoubt, Order, Receipt
from connectors.facts import follow, packed
from connectors.lane import OPEN, Passage
from connectors.metrics import effect
from connectors.orders import order_of
from connectors.partner import Partner
from connectors.pool import Pool
from connectors.reference import References
from connectors.seal import CannotOpen, Opener, Sealer
from connectors.store import item_codes
from connectors.store.queue import Owed, OwedState, Queue
from connectors.verdicts import AlreadyDone, Refused, TryLater
from rules.post.collection import collect_on
from schemas import tracing
from schemas.event import Event
from schemas.instant import clock, now
from schemas.postal import (
    IN_DOUBT,
    RANK,
    CancelRefused,
    CancelRequested,
    OrderAccepted,
    OrderCancelled,
    OrderRefused,
    ParcelStatus,
    PostalFact,
    Request,
)
from schemas.sealed import FreeText, PlainContact

log = structlog.get_logger()

SOURCE = "/hoso/dispatch"
FIRST_LOOK_SECONDS = 60.0
"""How soon (driven) the carrier is asked what became of a wish to cancel; then at doubling spans."""
LONGEST_LOOK_SECONDS = 7200.0
UNANSWERED_SECONDS = 76 * 3600.0
"""After how long (driven) a wish to cancel that nobody decides counts as refused, and an order in doubt is given up."""
NOT_OURS = "it says that it has this order, and none was sent: somebody has to ask whose it is"
"""Of a code that was never sent before: another order bears it, or our reference."""
HELD_BY_THE_POST = RANK[ParcelStatus.PICKED_UP]


class Ordering:
    """Works the rows of one carrier's lane; threads may share it. `publish` says an answer, or leaves it stored."""

    def __init__(
        self,
        queue: Queue,
        partner: Partner,
        references: References,
        opener: Opener,
        sealer: Callable[[], Sealer],
        publish: Callable[[str, list[Event]], None],
        in_doubt_seconds: float,
        passage: Passage = OPEN,
        pool: Pool | None = None,
    ) -> None:
        self._queue, self._partner, self._references, self._passage = queue, partner, references, passage
        self._opener, self._sealer, self._publish = opener, sealer, publish
        self._in_doubt_seconds, self._pool = in_doubt_seconds, pool

    def work(self, row: Owed) -> None:
        """End a row or put it off. Raises TryLater, in doubt where the carrier may have acted."""
        event = Event.decode(row.body)
        with tracing.about("order", event) as span:
            span.notes(carrier=row.lane, type=event.type, attempt=row.attempts + 1)
            # What comes of it hangs beneath this try. The carrier is told nothing of our traces.
            match event.model_copy(update={"traceparent": span.traceparent}):
                case CancelRequested() as wish:
                    self._cancel(row, wish)
                case Request() as request:
                    self._order(row, request)

    def gives_up(self, row: Owed, later: TryLater) -> None:
        """Every try is used up: the dossier is told so."""
        refused = Refused(later.why, code="gave_up")
        match Event.decode(row.body):
            case CancelRequested() as wish:
                self._end(row, OwedState.GAVE_UP, self._cancel_refused(wish, refused), later.why)
            case Request() as request:
                self._end(row, OwedState.GAVE_UP, self._refused(request, refused), later.why)

    # ------------------------------------------------------------ orders

    def _order(self, row: Owed, request: Request) -> None:
        if row.in_doubt and (self._settled(row, request) or self._passage.stops(self._queue, row)):
            return
        try:
            answer = self._sent(row, request)
        except Refused as refused:
            state, why = (OwedState.GAVE_UP, refused.words) if refused.code == IN_DOUBT else (OwedState.DONE, None)
            self._end(row, state, self._refused(request, refused), why)
            return
        if answer is not None:
            receipt, known = answer
            self._end(row, OwedState.DONE, self._accepted(request, receipt, duplicate=known))

    def _sent(self, row: Owed, request: Request) -> tuple[Receipt, bool] | None:
        """What the carrier gives for the order, and whether it had it before; None if nothing went out."""
        order = self._supplied(row, self._translated(row, request))
        if order is None:
            return None
        # The token first: between the row's mark and the call nothing may take its time.
        self._partner.introduce()
        if (begun_at := self._queue.began(row.id, order.collect_on)) is None:
            return None
        log.info("order.sent", dossier=request.subject, carrier=row.lane, reference=request.data.reference)
        try:
            receipt, known = self._partner.order(order, begun_at + self._in_doubt_seconds / 2), False
        except AlreadyDone as done:
            if order.item_code is not None and not row.in_doubt:
                raise Refused(NOT_OURS, code=IN_DOUBT) from done
            receipt, known = _receipt(done), True
        return replace(receipt, item_code=receipt.item_code or order.item_code), known

    def _translated(self, row: Owed, request: Request) -> Order:
        """The request as an order. It asks for the day for which its first call asked."""
        edition = self._references.edition()
        day = date.fromisoformat(row.day) if row.day else collect_on(request.data.leg, now(), edition.calendar)
        return order_of(request, self._contact(request), edition, day)

    def _supplied(self, row: Owed, order: Order) -> Order | None:
        """The order under an item code, where its carrier has a pool of them; None if it has to wait for one."""
        if self._pool is None:
            return order
        self._partner.checks(order)
        return self._pool.supplied(row, order)

    def _accepted(self, request: Request, receipt: Receipt, *, duplicate: bool) -> OrderAccepted:
        return accepted(request, receipt, self._partner.told_as(request.data.reference), duplicate=duplicate)

    def _settled(self, row: Owed, request: Request) -> bool:
        """What becomes of an order whose answer never came; False if it is to be sent (again)."""
        log.info("order.in_doubt", dossier=request.subject, carrier=row.lane, reference=request.data.reference)
        match self._partner.carrier.in_doubt:
            case InDoubt.RESEND:
                return False
            case InDoubt.NEVER:
                self._await_its_webhook(row, request)
                return True
            case InDoubt.ASK_FIRST:
                return self._asked_first(row, request)

    def _await_its_webhook(self, row: Owed, request: Request) -> None:
        """A scan settles it; after 76 hours (driven) without one somebody has to ask, and nothing is sent again."""
        moment = clock().seconds()
        if moment - row.created_at > UNANSWERED_SECONDS:
            why = "no answer and no scan: whether the carrier has the order, somebody has to ask"
            refused = self._refused(request, Refused(why, code=IN_DOUBT))
            self._end(row, OwedState.GAVE_UP, refused, why)
            return
        self._queue.later(row.id, moment + LONGEST_LOOK_SECONDS, "its webhook is awaited", in_doubt=True)

    def _asked_first(self, row: Owed, request: Request) -> bool:
        """Whether the carrier knows the order, or may still come to know it: a call that was begun can land late."""
        try:
            found = self._partner.ask(request.data.reference)
        except TryLater as later:
            raise TryLater(later.why, later.retry_after_seconds, in_doubt=True) from later
        except Refused as refused:  # no answer to the question, and no word on the order
            raise TryLater(f"it cannot be asked: {refused.code}", in_doubt=True) from refused
        if found is not None:
            self._end(row, OwedState.DONE, self._accepted(request, found, duplicate=True))
            return True
        left = (row.sent_at or 0.0) + self._in_doubt_seconds - time.time()
        if left > 0:
            until = clock().seconds() + left * clock().speed
            self._queue.later(row.id, until, "it may still arrive", in_doubt=True, counts=False)
        return left > 0

    def _contact(self, request: Request) -> PlainContact | None:
        if request.data.contact is None:
            return None
        try:
            return self._opener.open_contact(request.subject, request.data.contact)
        except CannotOpen as error:
            raise Refused("the contact cannot be opened", code="contact_erased", field="contact") from error

    # ------------------------------------------------------------ cancellations

    def _cancel(self, row: Owed, wish: CancelRequested) -> None:
        """The carrier approves a wish in its own time: in doubt here means that it was told and has not decided."""
        try:
            found = self._known(wish)
            if gone := self._is_gone(found):
                self._end(row, OwedState.DONE, cancelled(wish, gone))
                return
            assert found is not None
            if found.status in RANK and RANK[found.status] >= HELD_BY_THE_POST:
                raise Refused("the post holds the envelope", code="too_late")
            if not (row.in_doubt and row.sent_at):
                if self._queue.began(row.id) is None:
                    return
                if self._partner.cancel(found):
                    self._end(row, OwedState.DONE, cancelled(wish, "the carrier let it go"))
                    return
        except TryLater as later:
            # To be told twice does no harm, so nothing is in doubt but what was told already.
            raise TryLater(later.why, later.retry_after_seconds, in_doubt=row.in_doubt) from later
        except Refused as refused:
            self._end(row, OwedState.DONE, self._cancel_refused(wish, refused))
            return
        self._look_again(row, wish)

    def _look_again(self, row: Owed, wish: CancelRequested) -> None:
        moment = clock().seconds()
        if moment - row.created_at > UNANSWERED_SECONDS:
            self._end(row, OwedState.DONE, self._cancel_refused(wish, Refused("nobody decided", code="unanswered")))
            return
        pause = min(FIRST_LOOK_SECONDS * 2.0 ** min(row.attempts, 20), LONGEST_LOOK_SECONDS)
        self._queue.later(row.id, moment + pause, "the carrier has not decided", in_doubt=True)

    def _known(self, wish: CancelRequested) -> Receipt | None:
        """What the carrier knows of the order; of one that cannot be asked, what we know ourselves."""
        if self._partner.carrier.asks:
            return self._partner.ask(wish.data.reference, wish.data.item_code)
        return Receipt(wish.data.item_code, wish.data.reference, handle=wish.data.item_code)

    @staticmethod
    def _is_gone(found: Receipt | None) -> str | None:
        """Why an order is gone, if it is."""
        if found is None:
            return "the carrier has no such order"
        return "the carrier let it go" if found.status is ParcelStatus.CANCELLED else None

    # ------------------------------------------------------------ ends

    def _end(self, row: Owed, state: OwedState, fact: PostalFact, why: str | None = None) -> None:
        """Store the end with its fact, then publish it. If somebody ended the row meanwhile, theirs stands.

        An item code whose order met an error is used up.
        """
        with self._queue.store.begin() as conn:
            ended = self._queue.end(conn, row.id, state, packed([fact]), why)
            if ended and self._pool is not None and isinstance(fact, OrderRefused):
                item_codes.spend(conn, row.lane, row.sequence_key)
        if ended:
            effect("order", row.lane, fact.recorded)
            say(fact)
            self._publish(row.id, [fact])

    def _refused(self, cause: Request, refused: Refused) -> OrderRefused:
        data = OrderRefused.Data(
            leg=cause.data.leg,
            carrier=cause.data.carrier,
            verdict=refused.code if refused.code in ("gave_up", IN_DOUBT) else "refused",
            field=refused.field,
            carrier_code=refused.code,
            carrier_words=self._sealed(cause.subject, refused.words),
        )
        return follow(cause, OrderRefused, data, source=SOURCE, at=now())

    def _cancel_refused(self, cause: CancelRequested, refused: Refused) -> CancelRefused:
        reason = self._sealed(cause.subject, refused.words)
        data = CancelRefused.Data(leg=cause.data.leg, carrier=cause.data.carrier, reason=reason)
        return follow(cause, CancelRefused, data, source=SOURCE, at=now())

    def _sealed(self, dossier: str, words: str) -> FreeText:
        """A carrier's words may name a citizen: their key is stored before they are said."""
        sealer = self._sealer()
        sealed = sealer.seal_text(dossier, (words or "no words")[:4000])
        sealer.keep()
        return sealed


def accepted(request: Request, receipt: Receipt, told: str, *, duplicate: bool) -> OrderAccepted:
    """The carrier has the order; `told` is what it was given as our reference. The same request gives one fact,
    whoever finds out.
    """
    data = OrderAccepted.Data(
        leg=request.data.leg,
        carrier=request.data.carrier,
        item_code=receipt.item_code,
        reference=told,
        fee=receipt.fee,
        duplicate=duplicate,
    )
    return follow(request, OrderAccepted, data, source=SOURCE, at=now())


def cancelled(wish: CancelRequested, why: str) -> OrderCancelled:
    """The order is withdrawn, and why we know it; words of ours, which name nobody."""
    data = OrderCancelled.Data(leg=wish.data.leg, carrier=wish.data.carrier, reason=why)
    return follow(wish, OrderCancelled, data, source=SOURCE, at=now())


def _receipt(done: AlreadyDone) -> Receipt:
    """What the carrier gave for it before."""
    if not isinstance(done.receipt, Receipt):
        raise TypeError("a carrier's AlreadyDone holds a Receipt")
    return done.receipt


def say(fact: Event) -> None:
    """The log line of an answer."""
    names = {OrderAccepted: "order.accepted", OrderRefused: "order.refused", OrderCancelled: "order.cancelled"}
    name = names.get(type(fact), "order.refused")
    log.info(name, dossier=fact.subject, leg=fact.data.leg, carrier=fact.data.carrier)
