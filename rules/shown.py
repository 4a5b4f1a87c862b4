"""A dossier as everyone who watches may see it: the public state, without contact and free text."""

from datetime import date
from typing import Any

from rules.dossier import Dossier
from rules.facts import here, present
from rules.holders import Days, days
from rules.life import View, clock_facts, effective
from rules.post.leg import Leg
from rules.post.standard import expected
from rules.receipts.handing_over import handed_over
from schemas.clock import ClockFact
from schemas.dossier import NATIONAL
from schemas.instant import VIETNAM, date_of


def shown(dossier: Dossier, view: View) -> dict[str, Any]:
    """The data of `DossierStateChanged`: a dossier as everyone who watches may see it."""
    return present({
        "sequence": dossier.sequence,
        "status": dossier.status,
        "national_status": NATIONAL.get(dossier.status),
        "undelivered": dossier.undelivered,
        "receiving_agency": view.receiving,
        "competent_agency": view.competent,
        "holder": view.holder,
        "procedure_code": view.procedure,
        "channel": view.channel,
        "return_mode": view.return_mode,
        "promised_due_on": view.promised_due_on,
        "clock": _clock_shown(dossier),
        "days": [days_shown(row) for row in days_of(dossier)],
        "legs": [_leg_shown(leg) for leg in dossier.legs],
        "handed_over": handed_over(dossier, view),
        "waiting": len(dossier.waiting),
        "refversion": dossier.refversion,
        "started_under": dossier.started_under,
    })  # fmt: skip


def days_of(dossier: Dossier, as_of: date | None = None) -> tuple[Days, ...]:
    """Whose its days were, up to its end or `as_of`; up to the last that is known of it without one."""
    life = effective(dossier.life, dossier.retracted)
    if not life:
        return ()
    known = [life[-1].at, *(update.at for leg in dossier.legs for update in leg.updates if update.at)]
    return days(life, dossier.legs, as_of or date_of(max(known)), dossier.clock.due_on)


def days_shown(row: Days) -> dict[str, Any]:
    """One holder's days."""
    return present({"holder": row.holder, "agency": row.agency, "days": row.days, "late": row.late})


def _clock_shown(dossier: Dossier) -> dict[str, Any]:
    clock = dossier.clock
    facts = clock_facts(effective(dossier.life, dossier.retracted))
    return present({
        "state": clock.state,
        "started_at": here(clock.started_at),
        "due_on": clock.due_on,
        "due_at": here(clock.due_at),
        "outcome": clock.outcome,
        "provisional": clock.provisional,
        "reason": clock.reason,
        "basis": clock.basis or None,
        "facts": [_fact_shown(fact) for fact in facts],
        "problem": dossier.problem,
    })  # fmt: skip


def _fact_shown(fact: ClockFact) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": fact.kind, "at": fact.at.astimezone(VIETNAM), "id": fact.id}
    if fact.complete is not None:
        said["complete"] = fact.complete
    if fact.new_due_on is not None:
        said["new_due_on"] = fact.new_due_on
    return said


def _leg_shown(leg: Leg) -> dict[str, Any]:
    return present({
        "leg": leg.name,
        "carrier": leg.carrier,
        "reference": leg.reference,
        "item_code": leg.item,
        "order": leg.order,
        "status": leg.known.status,
        "reported": leg.told.status,
        "attempts": len(leg.known.attempts),
        "contradicted": leg.known.contradicted,
        "expected": expected(leg),
        "expected_by": here(leg.expected_by) if leg.open() else None,
    })  # fmt: skip
