"""What a fact sets in motion: `react` compares a dossier before and after it, and says what changed.

Deadlines projected, the post asked, agencies told, facts refused. Pure: folding a log twice says the same things, byte
for byte, under the same ids.
"""

from functools import partial

from msgspec.structs import replace

from rules.deadlines.reactions import clock_reacts, limit_reacts, rung_reacts
from rules.dossier import Dossier, Verdict, own_procedure, seen_before
from rules.facts import Derived, caused
from rules.life import View
from rules.linked import linked_reacts
from rules.notices import Telling, addressed
from rules.post.reactions import post_reacts
from rules.reference import Reference
from rules.shown import shown
from rules.standing import agency_of
from rules.turn import Turn
from schemas.deadline import LimitReached
from schemas.dossier import DossierFact
from schemas.event import Event
from schemas.notice import NoticeKind
from schemas.state import DossierStateChanged


def react(before: Dossier | None, after: Dossier, event: Event, reference: Reference) -> tuple[Dossier, list[Derived]]:
    """What this fact sets in motion, and the dossier with its counts of what was said (notices, states)."""
    edition = reference.at(event.refversion or after.refversion or "")
    view = after.view()
    procedure = own_procedure(after, event, view, reference)
    turn = Turn(before or Dossier(after.code), after, event, view, procedure, edition)
    if seen_before(before, event) is Verdict.CONFLICT:
        turn.tellings.append(rejected(event.ref, "CONFLICT"))
    clock_reacts(turn)
    rung_reacts(turn)
    limit_reacts(turn)
    post_reacts(turn)
    linked_reacts(turn)
    _standing(turn)
    after, notices = addressed(after, turn.tellings, event, view, edition)
    after, states = _state(turn.was, after, event, view)
    return after, [*turn.facts, *notices, *states]


# ---------------------------------------------------------------- standing


def _standing(turn: Turn) -> None:
    """The wait is over for a fact that never got standing: its agency is told why it stays without effect."""
    if not isinstance(turn.event, LimitReached):
        return
    left = {waiting.ref for waiting in turn.after.waiting}
    why = "NO_STANDING" if _is_known(turn.after) else "UNKNOWN_DOSSIER"
    turn.tellings.extend(
        rejected(fact.ref, why, DossierFact.decode(fact.raw).type) for fact in turn.was.waiting if fact.ref not in left
    )


def _is_known(dossier: Dossier) -> bool:
    return dossier.view().receiving is not None


def rejected(ref: str, why: str, type: str | None = None) -> Telling:
    """What the agency is told whose fact, by source and id, stays without effect."""
    source, id = ref.split(" ", 1)
    agency = agency_of(source)
    payload = {"id": id, "source": source, "reason": why}
    if type is not None:
        payload["type"] = type
    return Telling(NoticeKind.REJECTED, payload, {"why": why}, (ref, why), (agency,) if agency else ())


# ---------------------------------------------------------------- the public state


def _state(was: Dossier, after: Dossier, event: Event, view: View) -> tuple[Dossier, list[Derived]]:
    """The whole public state, when anything of it changed: no contact, no free text. It is drawn when it is encoded."""
    changed = (was.status, was.clock, was.legs, was.waiting, was.problem, was.life, was.retracted) != (
        after.status,
        after.clock,
        after.legs,
        after.waiting,
        after.problem,
        after.life,
        after.retracted,
    )
    if not changed:
        return after, []
    after = replace(after, sequence=after.sequence + 1)
    return after, [caused(DossierStateChanged, event, partial(shown, after, view))]
