"""A dossier as its log tells it: read from the one partition it lives in, folded by the same rules as the workers'."""

from dataclasses import dataclass

from connectors.broker import read_all, read_key
from rules.deadlines.explain import Line, explain
from rules.dossier import Dossier, evolve
from rules.life import clock_facts, effective
from rules.reactions import react
from rules.reference import Reference, reference_of, term_of
from schemas.dossier import LOG
from schemas.event import Event
from schemas.reference import REFERENCE, ReferencePublished


class NoSuchDossier(LookupError):
    """Nothing on the log bears this code."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of the log, and what it set in motion."""

    fact: Event
    said: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class History:
    """A dossier and all that happened to it, in the log's order."""

    dossier: Dossier
    told: tuple[Told, ...]
    reference: Reference


def history(bootstrap: str, code: str) -> History:
    """Read and fold a dossier's log. Raises NoSuchDossier, and TryLater while the broker is away."""
    bundles = [
        ReferencePublished.decode(record.value).data for record in read_all(bootstrap, REFERENCE) if record.value
    ]
    reference = reference_of(*bundles)
    dossier: Dossier | None = None
    told: list[Told] = []
    for record in read_key(bootstrap, LOG, code.encode()):
        if record.value is None:
            continue
        event = Event.decode(record.value)
        after = evolve(dossier, event, reference)
        dossier, said = react(dossier, after, event, reference)
        told.append(Told(event, tuple(said)))
    if dossier is None:
        raise NoSuchDossier(f"no dossier {code} on the log: is the code whole, as on the slip?")
    return History(dossier, tuple(told), reference)


def working(found: History) -> tuple[Line, ...]:
    """The working of its due date, day by day; empty where no clock runs."""
    dossier, view = found.dossier, found.dossier.view()
    if dossier.refversion is None or view.procedure is None:
        return ()
    edition = found.reference.at(dossier.refversion)
    procedure = edition.procedure(view.procedure)
    if procedure is None:
        return ()
    facts = clock_facts(effective(dossier.life, dossier.retracted))
    hours = edition.hours(view.competent or view.receiving)
    return explain(term_of(procedure), procedure.supplement_policy, facts, edition.calendar, hours)
