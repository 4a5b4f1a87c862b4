"""What one change of the reference data brought, gathered in SQL; one digest an agency and change out, by its ways.

A notice is gathered in the transaction of its batch, a digest owed in the one that marks what it tells: whatever dies
in between, each notice is in one digest, and the digest is owed once.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from connectors.notify.results import RESULTS_QUEUE
from connectors.reference import References
from connectors.store import Store, digests
from connectors.store.callbacks import QUEUE
from connectors.store.digests import Part
from connectors.store.queue import Owed, Queue
from rules.digests import Span, payload
from rules.words import words
from schemas.event import type_name
from schemas.instant import clock, now
from schemas.notice import Notice, NoticeKind, Words
from schemas.reference import Agency
from schemas.release import RELEASE

log = structlog.get_logger()
SOURCE = "/hoso/notify"
STATE = "IN_FORCE"
"""What stands where a notice has its dossier's status."""
URGENCY = 1
"""As reminders: a result goes first."""


class Digests:
    """Owes a digest once what it tells is gathered. `look` is called between polls; several processes may."""

    def __init__(self, store: Store, references: References, span: Span, wake: Callable[[str], None]) -> None:
        self._store, self._references, self._span, self._wake = store, references, span, wake
        self._queue, self._results = Queue(store, QUEUE), Queue(store, RESULTS_QUEUE)
        self._reads_since = clock().seconds()

    def look(self) -> None:
        """Owe what is due. Raises TryLater while the database is away: nothing is taken then."""
        with self._store.read() as connection:
            due = digests.due(connection, self._span, self._reads_since)
        for agency, change in due:
            self._owe(agency, change)

    def _owe(self, agency: str, change: str) -> None:
        with self._store.begin() as transaction:
            part = digests.close(transaction, agency, change, self._span, self._reads_since)
            if part is None:
                return
            # By the ways that it has today; where it has none any more, the feed has it all.
            profile, owed = self._references.edition().agency(agency), [_owed(part)]
            if profile is not None and _is_called(profile, part):
                self._queue.put(transaction, owed)
            if profile is not None and profile.results_topic:
                self._results.put(transaction, owed)
        log.info("digest.owed", agency=agency, version=part.of.version, part=part.of.part, notices=len(part.told))
        self._wake(agency)


def digest(part: Part) -> Notice:
    """A part as its agency is told it: a notice about the agency itself, numbered among its digests."""
    of, at = part.of, datetime.fromisoformat(part.of.in_force_at)
    said = payload(of, part.told, f"/v1/feed?change={of.change}&after={part.before}")
    counts = {name: said[name] for name in ("version", "part", "dossiers", "later", "earlier")}
    return Notice(
        id=of.id,
        source=SOURCE,
        type=type_name("notice", NoticeKind.DIGEST),
        subject=of.agency,
        time=at,
        recordedtime=now(),
        refversion=of.version,
        codeversion=RELEASE,
        data=Notice.Data(
            agency=of.agency,
            kind=NoticeKind.DIGEST,
            sequence=part.sequence,
            text=Words.model_validate(words(NoticeKind.DIGEST, count=said["notices"], **counts)),
            state=STATE,
            payload=said,
        ),
    )


def _is_called(agency: Agency, part: Part) -> bool:
    """Whether it goes by callback: the agency wants digests, or anything that this one counts."""
    wants = {*agency.wants}
    return agency.callback is not None and (not wants or bool(wants & {NoticeKind.DIGEST, *_kinds(part)}))


def _kinds(part: Part) -> set[str]:
    return {one.kind for one in part.told}


def _owed(part: Part) -> Owed:
    word = digest(part)
    key = f"{part.of.agency}|{word.subject}"
    return Owed(word.id, part.of.agency, key, part.sequence, word.encode(), urgency=URGENCY)
