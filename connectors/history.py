"""A dossier as its log tells it: read from the one partition it lives in, folded by the workers' own rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.broker import Message, read_all, read_key
from rules.deadlines.certificate import Inputs
from rules.deadlines.inputs import inputs_of
from rules.dossier import Dossier
from rules.life import clock_facts, effective
from rules.parking import Kept, advance
from rules.reference import Reference, reference_of
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.reference import REFERENCE, ReferencePublished
from schemas.state import STATE, DossierStateChanged


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


def history(bootstrap: str, reference: Reference, code: str) -> History | None:
    """A dossier by its log; None if nothing bears this code. TryLater while the broker is away."""
    return folded(read_key(bootstrap, LOG, code.encode()), reference)


def folded(records: Iterable[Message], reference: Reference) -> History | None:
    """A dossier by these records of its log; None if there are none."""
    kept, told, dossier = Kept(), list[Told](), None
    for event, raw, ref in read(records):
        kept, said = advance(kept, event, raw, ref, reference)
        # Of one that is archived since, as it was.
        dossier = kept.dossier or dossier
        if event is not None:
            told.append(Told(event, tuple(fact.event() for fact in said)))
    return History(dossier, kept, tuple(told)) if dossier is not None else None


def read(records: Iterable[Message]) -> Iterator[tuple[Event | None, bytes, str]]:
    """Each fact of a log with its bytes, and its source and id; no fact where its type is one of a newer release."""
    for record in records:
        raw = record.value or b""
        try:
            event = Event.decode(raw)
        except UnknownType:
            yield None, raw, ref_in(raw)
        except NotAnEvent:
            # The workers put it with the dead letters.
            continue
        else:
            yield event, raw, event.ref


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
