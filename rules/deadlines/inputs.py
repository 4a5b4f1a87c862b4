"""What a due date is computed from, put together from what is known of a dossier and the versions it rests on."""

from collections.abc import Iterable

from rules.deadlines.certificate import Inputs
from rules.reference import Reference, term_of
from schemas.clock import ClockFact


def inputs_of(
    reference: Reference,
    code: str,
    *,
    refversion: str | None,
    started_under: str | None,
    procedure: str | None,
    agency: str | None,
    facts: Iterable[ClockFact],
) -> Inputs | None:
    """The inputs of this dossier's due date; `agency` is whose hours count.

    None where nothing has put it on a version yet, or its own version does not know the procedure.
    Raises UnknownVersion.
    """
    if refversion is None:
        return None
    edition, own = reference.at(refversion), reference.at(started_under or refversion)
    found = own.procedure(procedure)
    if found is None:
        return None
    return Inputs(
        dossier=code,
        procedure=found.code,
        refversion=edition.version,
        rule_version=own.version,
        term=term_of(found),
        policy=found.supplement_policy,
        hours=edition.hours(agency),
        calendar=edition.calendar,
        facts=tuple(facts),
    )
