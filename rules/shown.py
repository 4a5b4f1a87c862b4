"""A dossier as everyone who watches may see it: the public state, without contact and free text."""

from datetime import datetime

from rules.dossier import Dossier
from rules.life import View, clock_facts, effective
from rules.post.leg import Leg
from rules.post.standard import expected
from schemas.clock import ClockFact
from schemas.dossier import NATIONAL
from schemas.instant import VIETNAM
from schemas.state import ClockFactShown, ClockShown, DossierStateChanged, LegShown


def shown(dossier: Dossier, view: View) -> DossierStateChanged.Data:
    """A dossier as everyone who watches may see it. Made of our own values, so nothing is validated again."""
    return DossierStateChanged.Data.model_construct(
        sequence=dossier.sequence,
        status=dossier.status,
        national_status=NATIONAL.get(dossier.status),
        undelivered=dossier.undelivered,
        receiving_agency=view.receiving,
        competent_agency=view.competent,
        holder=view.holder,
        procedure_code=view.procedure,
        channel=view.channel,
        return_mode=view.return_mode,
        promised_due_on=view.promised_due_on,
        clock=_clock_shown(dossier),
        legs=tuple(_leg_shown(leg) for leg in dossier.legs),
        waiting=len(dossier.waiting),
        parked=None,
        refversion=dossier.refversion,
    )


def _clock_shown(dossier: Dossier) -> ClockShown:
    clock = dossier.clock
    facts = clock_facts(effective(dossier.life, dossier.retracted))
    return ClockShown.model_construct(
        state=clock.state,
        started_at=_here(clock.started_at),
        due_on=clock.due_on,
        due_at=_here(clock.due_at),
        outcome=clock.outcome,
        provisional=clock.provisional,
        reason=clock.reason,
        basis=clock.basis or None,
        facts=tuple(_fact_shown(fact) for fact in facts),
        problem=dossier.problem,
    )


def _fact_shown(fact: ClockFact) -> ClockFactShown:
    return ClockFactShown.model_construct(
        kind=fact.kind, at=fact.at.astimezone(VIETNAM), complete=fact.complete, new_due_on=fact.new_due_on, id=fact.id
    )


def _leg_shown(leg: Leg) -> LegShown:
    return LegShown.model_construct(
        leg=leg.name,
        carrier=leg.carrier,
        reference=leg.reference,
        item_code=leg.item,
        order=leg.order,
        status=leg.known.status,
        reported=leg.told.status,
        attempts=len(leg.known.attempts),
        contradicted=leg.known.contradicted,
        expected=expected(leg),
        expected_by=_here(leg.expected_by) if leg.open() else None,
    )


def _here(at: datetime | None) -> datetime | None:
    """An instant in Viet Nam's zone; a state read back from bytes has it in another."""
    return at.astimezone(VIETNAM) if at else None
