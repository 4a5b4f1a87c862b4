"""Several agencies at one dossier: each is told when it is its turn, the one-stop and who decides as each answers.

A notice goes to whom a fact concerns (domain handbook, section 8) and never back to the agency that stated it, by
whichever of its codes it was named.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any

from rules.facts import present
from rules.life import LifeFact
from rules.notices import Telling
from rules.reference import Edition
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
    data, by, telling = fact.data, agency_of(fact.source), partial(_telling, fact, turn.edition)
    match fact.kind:
        case "forwarded":
            yield from _forwarded(fact, turn.edition)
        case "consultation_requested":
            payload = present({"consultation_id": data["consultation_id"], "limit_on": data["limit_on"], "by": by})
            values = {"due": date.fromisoformat(data["limit_on"])}
            yield telling(NoticeKind.CONSULTATION_REQUESTED, payload, values, (data["agency"],))
        case "consultation_answered":
            payload = {"consultation_id": data["consultation_id"], "agency": data["agency"]}
            to = (turn.view.receiving, turn.view.competent, *_who_asked(data["consultation_id"], life))
            values = {"agency": data["agency"]}
            yield telling(NoticeKind.CONSULTATION_ANSWERED, payload, values, to)
        case "step_completed":
            payload = {"step": data["step"], "agency": data["agency"]}
            to = (turn.view.receiving, turn.view.competent)
            yield telling(NoticeKind.STEP_COMPLETED, payload, {"agency": data["agency"]}, to)


def _forwarded(fact: LifeFact, edition: Edition) -> Iterator[Telling]:
    """One word to each agency that it goes to, with the steps that are its own; the first step leads."""
    to = edition.resolve(fact.data["to_agency"])
    steps = [(edition.resolve(step["agency"]), step) for step in fact.data.get("steps", ())]
    lead = steps[0][0] if steps else to
    for agency in dict.fromkeys((to, *(whose for whose, _ in steps))):
        own = [present({"step": one["step"], "due_on": one.get("due_on")}) for whose, one in steps if whose == agency]
        payload = present({"by": agency_of(fact.source), "lead": lead, "steps": own or None})
        yield _telling(fact, edition, NoticeKind.FORWARDED, payload, {}, (agency,))


def _who_asked(consultation_id: str, life: Iterable[LifeFact]) -> Iterator[str | None]:
    for fact in life:
        if fact.kind == "consultation_requested" and fact.data["consultation_id"] == consultation_id:
            yield agency_of(fact.source)


def _telling(
    fact: LifeFact,
    edition: Edition,
    kind: NoticeKind,
    payload: dict[str, Any],
    values: dict[str, Any],
    to: Iterable[str | None],
) -> Telling:
    by = agency_of(fact.source)
    agencies = tuple(agency for agency in to if agency is not None and not edition.same(agency, by))
    return Telling(kind, payload, values, (fact.ref,), agencies)
