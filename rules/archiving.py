"""What becomes of a finished dossier: a stub after 90 days, nothing beside its log 400 days later.

A stub refuses what agencies still state, as ARCHIVED, until an operator opens it again: the fact that does so brings
the dossier's log along, and folding that gives what was kept before.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.dossier import Dossier, short
from rules.facts import Derived, caused, here
from rules.life import View, is_final
from rules.notices import addressed
from rules.reactions import rejected
from rules.reference import Reference
from rules.shown import shown
from rules.time import TIMERS
from schemas.deadline import Archived, ArchiveStage
from schemas.dossier import DossierFact, DossierStatus
from schemas.event import derived_id
from schemas.state import DossierStateChanged

STUB_AFTER = timedelta(days=90)
"""After the last fact of a finished dossier (events.md)."""
FORGOTTEN_AFTER = timedelta(days=400)
"""After it became a stub."""
MOST_REFUSED = 50
"""Refused facts that a stub knows again: one that comes twice is refused once."""


class Stub(Struct, frozen=True, array_like=True, gc=False):
    """What is left of a finished dossier: enough to refuse, to count, and to know its log again (`seen`, a digest)."""

    code: str
    status: DossierStatus
    archived_at: datetime
    seen: bytes
    numbers: dict[str, int]
    sequence: int
    refused: tuple[bytes, ...] = ()

    @property
    def forgotten_at(self) -> datetime:
        """When nothing is kept of it any more."""
        return self.archived_at + FORGOTTEN_AFTER


def stub_at(dossier: Dossier) -> datetime | None:
    """When it becomes a stub; None while anything of it may still move."""
    if not is_final(dossier.status) or dossier.last_at is None or dossier.next_due() is not None:
        return None
    return None if any(leg.open() for leg in dossier.legs) else dossier.last_at + STUB_AFTER


def archived(dossier: Dossier, event: Archived) -> tuple[Stub, Derived]:
    """What is left of it from this fact on, and its last public state."""
    last = replace(dossier, sequence=dossier.sequence + 1)
    state = caused(DossierStateChanged, event, partial(_shown, last, event.time), ArchiveStage.STUB)
    return Stub(dossier.code, dossier.status, event.time, seen_in(dossier), dossier.numbers, last.sequence), state


def _shown(last: Dossier, archived_at: datetime) -> dict[str, Any]:
    return shown(last, last.view()) | {"archived_at": here(archived_at)}


def refused(stub: Stub, event: DossierFact, reference: Reference) -> tuple[Stub, list[Derived]]:
    """An agency's fact that comes too late: its agency is told so, once."""
    ref = short(event.ref)
    if ref in stub.refused:
        return stub, []
    dossier = Dossier(stub.code, status=stub.status, numbers=stub.numbers)
    edition = reference.at(event.refversion or "")
    told, notices = addressed(dossier, [rejected(event.ref, "ARCHIVED", event.type)], event, View(), edition)
    return replace(stub, numbers=told.numbers, refused=(*stub.refused, ref)[-MOST_REFUSED:]), notices


def seen_in(dossier: Dossier) -> bytes:
    """A digest of all the facts that a dossier has seen, in whatever order."""
    return _digest(dossier.seen)


def _digest(seen: Mapping[bytes, bytes]) -> bytes:
    return blake2b(b"".join(ref + content for ref, content in sorted(seen.items())), digest_size=16).digest()


def stub_fact(dossier: Dossier, refversion: str, now: datetime) -> list[Archived]:
    """The fact that makes a stub of it, once its time has come."""
    at = stub_at(dossier)
    if at is None or dossier.last_at is None or at > now:
        return []
    return [_fact(dossier.code, ArchiveStage.STUB, dossier.last_at, at, refversion, now)]


def forgetting_fact(stub: Stub, refversion: str, now: datetime) -> list[Archived]:
    """The fact with which a stub is forgotten, once its time has come."""
    if stub.forgotten_at > now:
        return []
    return [_fact(stub.code, ArchiveStage.FORGOTTEN, stub.archived_at, stub.forgotten_at, refversion, now)]


def _fact(code: str, stage: ArchiveStage, since: datetime, at: datetime, refversion: str, now: datetime) -> Archived:
    return Archived(
        id=derived_id(code, "archived", stage, here(since)),
        source=TIMERS,
        subject=code,
        time=at,
        recordedtime=now,
        refversion=refversion,
        data=Archived.Data.model_validate({"stage": stage, "since": since}),
    )
