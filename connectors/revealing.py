"""A citizen's contact, opened for an officer who says why: the log's facts in, what they hold in plain words out.

The look is on record before anything is opened; whoever has no reason gets nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.broker import Message
from connectors.seal import Erased, Opener
from connectors.store import Store, reveals
from connectors.store.reveals import Reveal
from schemas.dossier import CollectionRegistered, Received, ReturnRegistered
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.sealed import PlainContact

log = structlog.get_logger()
KINDS = ("received", "collection_registered", "return_registered")
"""The facts that hold a contact."""
LEAST_WHY, MOST_WHY = 10, 500
WithContact = CollectionRegistered | Received | ReturnRegistered


class NoReason(ValueError):
    """It was not said why."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """The contact that a fact named, when; None where its key is destroyed: it was erased, and nothing opens it."""

    kind: str
    at: datetime
    contact: PlainContact | None


def with_contact(records: Iterable[Message]) -> list[WithContact]:
    """The facts among these that name a contact. Raises NotAnEvent, UnknownType."""
    events = (Event.decode(record.value) for record in records if record.value is not None)
    return [one for one in events if isinstance(one, WithContact) and one.data.contact is not None]


def reveal(store: Store, opener: Opener, one: Reveal, facts: Sequence[WithContact]) -> list[Revealed]:
    """What these facts hold, after the look was put on record. Raises NoReason, CannotOpen, and TryLater.

    Nothing is on record where there is nothing to open.
    """
    if len(one.why) < LEAST_WHY:
        raise NoReason(f"say why in {LEAST_WHY} characters at least")
    if not facts:
        return []
    with store.begin() as transaction:
        reveals.keep(transaction, one)
    log.info("contact.revealed", dossier=one.dossier, by=one.person, role=one.role, kinds=list(one.kinds))
    return [_opened(opener, fact) for fact in facts]


def kind_of(fact: WithContact) -> str:
    """The short name of its kind."""
    return fact.type.split(".")[3]


def _opened(opener: Opener, fact: WithContact) -> Revealed:
    at = fact.time.astimezone(VIETNAM)
    assert fact.data.contact is not None
    try:
        return Revealed(kind_of(fact), at, opener.open_contact(fact.subject, fact.data.contact))
    except Erased:
        return Revealed(kind_of(fact), at, None)
