"""Callbacks that gave up or stand aside, owed once more in their order."""

from collections.abc import Sequence

from connectors.notify.owing import RESULT
from connectors.store import Store, callbacks
from connectors.store.callbacks import QUEUE, Asked, Kept
from connectors.store.queue import OwedState, Queue
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.instant import clock
from schemas.notice import EventRejected, Notice, NoticeKind

ENDED = (OwedState.GAVE_UP, OwedState.ASIDE)
BATCH = 500


def found(store: Store, asked: Asked) -> list[Kept]:
    """The callbacks that are asked for."""
    with store.read() as connection:
        return callbacks.find(connection, asked)


def may_go(one: Kept) -> bool:
    """Whether it may be owed again: it ended without being taken, and its receipt says so already."""
    return one.state in ENDED and one.told


def replay(store: Store, rows: Sequence[Kept]) -> int:
    """Owe these again with all their tries, and how many it were: within a dossier the earlier first, results early.

    Their ids stay, so an agency that took one all the same knows it again. notify takes them up within seconds.
    """
    queue, again = Queue(store, QUEUE), 0
    going = [one for one in rows if may_go(one)]
    for begin in range(0, len(going), BATCH):
        batch = going[begin : begin + BATCH]
        with store.begin() as transaction:
            again += queue.again(transaction, [one.id for one in batch], clock().seconds(), ENDED)
            if urgent := {one.sequence_key for one in batch if one.urgency <= RESULT}:
                callbacks.hurry(transaction, urgent, RESULT)
    return again


def kind_of(one: Kept) -> str:
    """What it tells: a notice's kind, or `event_rejected`."""
    event = word_of(one)
    return str(event.data.kind) if isinstance(event, Notice) else "event_rejected" if event else "unreadable"


def dossier_of(one: Kept) -> str | None:
    """The dossier it is about; of a rejection the one that the event named, if it did; a digest is about many."""
    match word_of(one):
        case Notice() as notice:
            return notice.subject if notice.data.kind is not NoticeKind.DIGEST else None
        case EventRejected() as rejected:
            return rejected.data.subject
        case _:
            return None


def counts_of(one: Kept) -> int | None:
    """How many notices a digest counts; None of what is none."""
    event = word_of(one)
    is_digest = isinstance(event, Notice) and event.data.kind is NoticeKind.DIGEST
    return int(event.data.payload["notices"]) if event is not None and is_digest else None


def word_of(one: Kept) -> Event | None:
    """The word itself, sealed as it came; None where this release does not read it."""
    try:
        return Event.decode(one.body)
    except (NotAnEvent, UnknownType):
        return None
