"""Several agencies at one dossier: each is told when it is its turn, the one-stop and who decides as each answers.

A notice goes to whom a fact concerns (domain handbook, section 8) and never back to the agency that stated it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from rules.facts import present
from rules.life import LifeFact
from rules.notices import Telling
from rules.standing import agency_of
from rules.turn import Turn
from schemas.notice import NoticeKind

KINDS = frozenset({"forwarded", "consultation_requested", "consultation_answered", "step_completed"})


def linked_reacts(turn: Turn) -> None:
    """What this fact, and those that gained standing with it, mean to the other agencies at the dossier."""
    was, now = turn.was.effective_life(), turn.after.effective_life()
    if was is now or not any(fact.kind in KINDS for fact in now):
        return
    known = {fact.ref for fact in was}
    for fact in (one for one in now if one.kind in KINDS and one.ref not in known):
        turn.tellings.extend(_tellings(fact, now, turn))


def _tellings(fact: LifeFact, life: Iterable[LifeFact], turn: Turn) -> Iterator[Telling]:
    data, by = fact.data, agency_of(fact.source)
    match fact.kind:
        case "forwarded":
            yield from _forwarded(fact, by)
        case "consultation_requested":
            payload = present({"consultation_id": data["consultation_id"], "limit_on": data["limit_on"], "by": by})
            values = {"due": date.fromisoformat(data["limit_on"])}
            yield _telling(NoticeKind.CONSULTATION_REQUESTED, payload, values, fact, (data["agency"],), by)
        case "consultation_answered":
            payload = {"consultation_id": data["consultation_id"], "agency": data["agency"]}
            to = (turn.view.receiving, turn.view.competent, *_who_asked(data["consultation_id"], life))
            values = {"agency": data["agency"]}
            yield _telling(NoticeKind.CONSULTATION_ANSWERED, payload, values, fact, to, by)
        case "step_completed":
            payload = {"step": data["step"], "agency": data["agency"]}
            to = (turn.view.receiving, turn.view.competent)
            yield _telling(NoticeKind.STEP_COMPLETED, payload, {"agency": data["agency"]}, fact, to, by)


def _forwarded(fact: LifeFact, by: str | None) -> Iterator[Telling]:
    """One word to each agency that it goes to, with the steps that are its own; the first step leads."""
    steps: list[dict[str, Any]] = fact.data.get("steps", [])
    lead = steps[0]["agency"] if steps else fact.data["to_agency"]
    for agency in dict.fromkeys((fact.data["to_agency"], *(step["agency"] for step in steps))):
        own = [present({"step": one["step"], "due_on": one.get("due_on")}) for one in steps if one["agency"] == agency]
        payload = present({"by": by, "lead": lead, "steps": own or None})
        yield _telling(NoticeKind.FORWARDED, payload, {}, fact, (agency,), by)


def _who_asked(consultation_id: str, life: Iterable[LifeFact]) -> Iterator[str | None]:
    for fact in life:
        if fact.kind == "consultation_requested" and fact.data["consultation_id"] == consultation_id:
            yield agency_of(fact.source)


def _telling(
    kind: NoticeKind,
    payload: dict[str, Any],
    values: dict[str, Any],
    fact: LifeFact,
    to: Iterable[str | None],
    by: str | None,
) -> Telling:
    agencies = tuple(agency for agency in to if agency is not None and agency != by)
    return Telling(kind, payload, values, (fact.ref,), agencies)
