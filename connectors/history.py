"""A dossier as its log tells it: read from the one partition it lives in, folded by the workers' own rules."""

from dataclasses import dataclass

from connectors.broker import read_all, read_key
from rules.deadlines.certificate import Inputs
from rules.dossier import Dossier
from rules.life import clock_facts, effective
from rules.parking import Kept, advance
from rules.reference import Reference, reference_of, term_of
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.reference import REFERENCE, Bundle, ReferencePublished
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
    kept, told = Kept(), list[Told]()
    for record in read_key(bootstrap, LOG, code.encode()):
        raw = record.value or b""
        try:
            event: Event | None = Event.decode(raw)
            ref = event.ref if event else ""
        except UnknownType:
            event, ref = None, ref_in(raw)
        except NotAnEvent:
            # The workers put it with the dead letters.
            continue
        kept, said = advance(kept, event, raw, ref, reference)
        if event is not None:
            told.append(Told(event, tuple(fact.event() for fact in said)))
    return History(kept.dossier, kept, tuple(told)) if kept.dossier is not None else None


def clock_inputs(dossier: Dossier, reference: Reference) -> Inputs | None:
    """What the dossier's due date is computed from; None where no clock runs."""
    view = dossier.view()
    edition = reference.at(dossier.refversion) if dossier.refversion else None
    own = reference.at(dossier.started_under or dossier.refversion or "") if edition else None
    procedure = own.procedure(view.procedure) if own else None
    if edition is None or own is None or procedure is None:
        return None
    return Inputs(
        dossier=dossier.code,
        procedure=procedure.code,
        refversion=edition.version,
        rule_version=own.version,
        term=term_of(procedure),
        policy=procedure.supplement_policy,
        hours=edition.hours(view.competent or view.receiving),
        calendar=edition.calendar,
        facts=clock_facts(effective(dossier.life, dossier.retracted)),
    )


def last_states(bootstrap: str) -> dict[str, DossierStateChanged.Data]:
    """The last public state of every dossier on its topic, by code. TryLater while the broker is away."""
    events = (DossierStateChanged.decode(one.value) for one in read_all(bootstrap, STATE) if one.value is not None)
    return {event.subject: event.data for event in events}


def published(bootstrap: str) -> Reference:
    """Every version of the reference data that is on its topic now."""
    return reference_of(*_bundles(bootstrap))


def published_versions(bootstrap: str) -> list[str]:
    """The names of those versions, the one in force last."""
    return [bundle.version for bundle in _bundles(bootstrap)]


def _bundles(bootstrap: str) -> list[Bundle]:
    records = read_all(bootstrap, REFERENCE)
    return [ReferencePublished.decode(record.value).data for record in records if record.value]
