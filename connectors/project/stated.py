"""A dossier's row and its facts' rows, as the rules take them: what stands, what stood until it was taken back."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from rules.deadlines.certificate import Inputs
from rules.deadlines.clock import Clock, Rule
from rules.deadlines.inputs import inputs_of
from rules.reference import Reference
from rules.reports.position import Adoption, Stated
from schemas.clock import ClockFact, ClockKind, ClockState, Outcome, Unit
from schemas.dossier import Direction, DossierStatus, ResultOutcome, SupplementStage
from schemas.instant import VIETNAM, aware

CLOCK = (
    "received", "handover_signed", "supplement_requested", "supplement_received", "extended", "result_ready",
    "withdrawn", "processing_stopped", "reception_refused",
)  # fmt: skip
"""The facts that a clock hears."""
OPEN_WHEN_ADOPTED = frozenset(DossierStatus) - {
    DossierStatus.SUBMITTED,
    DossierStatus.RECEPTION_REFUSED,
    DossierStatus.WITHDRAWN,
    DossierStatus.STOPPED,
    DossierStatus.RESULT_READY,
    DossierStatus.RESULT_RETURNED,
}


def clock_facts(row: Row[Any]) -> list[ClockFact]:
    """The facts of its clock that stand, as the public state has them."""
    return [
        ClockFact(
            kind=ClockKind(one["kind"]),
            at=datetime.fromisoformat(one["at"]).astimezone(VIETNAM),
            complete=one.get("complete"),
            new_due_on=day_of(one.get("new_due_on")),
            id=one.get("id", ""),
        )
        for one in json.loads(row.clock_facts)
    ]


def inputs(row: Row[Any], reference: Reference) -> Inputs | None:
    """What its due date is computed from; None where no clock runs. Raises UnknownVersion."""
    return inputs_of(
        reference,
        row.code,
        refversion=row.refversion,
        started_under=row.started_under,
        procedure=row.procedure_code,
        agency=row.competent_agency or row.receiving_agency,
        facts=clock_facts(row),
    )


def clock_of(row: Row[Any], rule: Rule | None) -> Clock:
    """What the workers said of a clock last."""
    return Clock(
        state=ClockState(row.clock_state),
        unit=rule.term.unit if rule else Unit.WORKING_DAYS,
        started_at=aware(row.started_at) if row.started_at is not None else None,
        due_on=day_of(row.due_on),
        due_at=aware(row.due_at) if row.due_at is not None else None,
        stopped_at=aware(row.ended_at) if row.ended_at is not None else None,
        outcome=Outcome(row.outcome) if row.outcome else None,
    )


def stated(row: Row[Any], facts: Sequence[Row[Any]]) -> Iterator[Stated]:
    """The facts of a dossier's clock that stand, and those that stood until they were taken back."""
    first: dict[str, Row[Any]] = {}
    for one in facts:
        first.setdefault(one.ref, one)
    stand = clock_facts(row)
    for fact in stand:
        on_the_log = first.get(fact.id)
        recorded_at = aware(on_the_log.recorded_at if on_the_log is not None else row.recorded_at)
        yield Stated(fact, recorded_at, refuses=on_the_log is not None and on_the_log.kind == "reception_refused")
    ids = {fact.id for fact in stand}
    for one, retracted_at in with_retractions(facts, CLOCK):
        if retracted_at is not None and one.ref not in ids and (fact_then := _as_clock_fact(one)) is not None:
            yield Stated(fact_then, aware(one.recorded_at), aware(retracted_at), one.kind == "reception_refused")


def _as_clock_fact(one: Row[Any]) -> ClockFact | None:
    """A fact of the log as the clock hears it; None for one that it does not."""
    at, kind = aware(one.at), one.kind
    match kind:
        case "handover_signed":
            heard = one.word == Direction.POST_TO_AGENCY and (one.leg or "").startswith("C")
            return ClockFact(ClockKind.HANDOVER_SIGNED, at, id=one.ref) if heard else None
        case "supplement_requested":
            heard = one.word == SupplementStage.APPRAISAL
            return ClockFact(ClockKind.SUPPLEMENT_REQUESTED, at, id=one.ref) if heard else None
        case "supplement_received":
            return ClockFact(ClockKind.SUPPLEMENT_RECEIVED, at, complete=bool(one.complete), id=one.ref)
        case "extended":
            return ClockFact(ClockKind.EXTENDED, at, new_due_on=day_of(one.day), id=one.ref)
        case "result_ready":
            refused = one.word == ResultOutcome.REFUSED
            return ClockFact(ClockKind.RESOLUTION_REFUSED if refused else ClockKind.RESULT_READY, at, id=one.ref)
        case "reception_refused":
            return ClockFact(ClockKind.PROCESSING_STOPPED, at, id=one.ref)
        case _:
            return ClockFact(ClockKind(kind), at, id=one.ref)


def adoption(facts: Iterable[Row[Any]]) -> Adoption | None:
    """How a dossier that was open already came to us."""
    adopted = [one for one in standing(facts, ("adopted",)) if one.word in OPEN_WHEN_ADOPTED]
    if not adopted:
        return None
    first = min(adopted, key=lambda one: (one.at, one.place))
    return Adoption(aware(first.at), aware(first.recorded_at), day_of(first.day))


def standing(facts: Iterable[Row[Any]], kinds: Collection[str]) -> list[Row[Any]]:
    """The facts of these kinds that nobody has taken back, each once."""
    return [one for one, retracted_at in with_retractions(facts, kinds) if retracted_at is None]


def with_retractions(facts: Iterable[Row[Any]], kinds: Collection[str]) -> list[tuple[Row[Any], float | None]]:
    """The facts of these kinds, each once, and when each was taken back, if it was."""
    facts = list(facts)
    taken_back: dict[str, float] = {}
    for one in facts:
        if one.retracts is not None:
            taken_back.setdefault(one.retracts, one.recorded_at)
    first: dict[str, Row[Any]] = {}
    for one in facts:
        if one.kind in kinds:
            first.setdefault(one.ref, one)
    return [(one, max(taken_back[ref], one.recorded_at) if ref in taken_back else None) for ref, one in first.items()]


def day_of(text: str | None) -> date | None:
    """A day as its column has it."""
    return date.fromisoformat(text) if text else None
