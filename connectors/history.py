"""A dossier as its log tells it: read from the one partition it lives in, folded by the workers' own rules."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from connectors.archive import Archive, whole_key
from connectors.broker import Message, read_all
from rules.deadlines.certificate import Inputs
from rules.deadlines.inputs import inputs_of
from rules.dossier import Dossier
from rules.kept import Kept
from rules.life import clock_facts, effective
from rules.parking import told
from rules.reference import Reference, reference_of
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.reference import REFERENCE, ReferencePublished
from schemas.state import STATE, DossierStateChanged


class Stated(NamedTuple):
    """A record of the log that can be folded. The fact is None where a newer release has its type; `ref` names it."""

    dossier: str
    fact: Event | None
    raw: bytes
    ref: str


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the log, and what it set in motion."""

    fact: Event
    said: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class History:
    """A dossier and all that happened to it, in the log's order."""

    dossier: Dossier
    kept: Kept
    told: tuple[Told, ...]


def history(
    bootstrap: str, reference: Reference, code: str, archive: Archive | None, first_of: Callable[[], int] = lambda: 0
) -> History | None:
    """A dossier by its log, archive and topic read as one; None if nothing bears this code.

    `first_of` knows where its first fact stands, as `whole_key` asks it. Raises Gap where the beginning is in neither,
    BrokenArchive, and TryLater while the broker or the archive is away.
    """
    return folded(whole_key(bootstrap, LOG, code.encode(), archive, first_of), reference)


def folded(records: Iterable[Message], reference: Reference) -> History | None:
    """A dossier by these records of its log; None if there are none."""
    kept, all_told, dossier = Kept(), list[Told](), None
    for _, event, raw, ref in stated(records):
        try:
            kept, said = told(kept, event, raw, ref, reference)
        except NotAnEvent:
            continue
        # Of one that is archived since, as it was.
        dossier = kept.dossier or dossier
        if event is not None:
            all_told.append(Told(event, tuple(Event.decode(fact) for _, fact in said)))
    return History(dossier, kept, tuple(all_told)) if dossier is not None else None


def stated(records: Iterable[Message]) -> Iterator[Stated]:
    """What these records of the log state, without what the workers put with the dead letters unread."""
    for record in records:
        if not record.key or not record.value:
            continue
        code, raw = record.key.decode(errors="replace"), record.value
        try:
            event = Event.decode(raw)
        except UnknownType:
            yield Stated(code, None, raw, ref_in(raw))
        except NotAnEvent:
            continue
        else:
            yield Stated(code, event, raw, event.ref)


def clock_inputs(dossier: Dossier, reference: Reference) -> Inputs | None:
    """What the dossier's due date is computed from; None where no clock runs."""
    view = dossier.view()
    return inputs_of(
        reference,
        dossier.code,
        refversion=dossier.refversion,
        started_under=dossier.started_under,
        procedure=view.procedure,
        agency=view.competent or view.receiving,
        facts=clock_facts(effective(dossier.life, dossier.retracted)),
    )


def last_states(bootstrap: str) -> dict[str, DossierStateChanged.Data]:
    """The last public state of every dossier on its topic, by code. TryLater while the broker is away."""
    events = (DossierStateChanged.decode(one.value) for one in read_all(bootstrap, STATE) if one.value is not None)
    return {event.subject: event.data for event in events}


def published(bootstrap: str) -> Reference:
    """Every version of the reference data that is on its topic now."""
    records = read_all(bootstrap, REFERENCE)
    return reference_of(*(ReferencePublished.decode(record.value).data for record in records if record.value))
