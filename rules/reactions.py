"""What a fact sets in motion: `react` compares a dossier before and after it, and says what changed.

Deadlines projected, the post asked, agencies told, facts refused. Pure: folding a log twice says the same things, byte
for byte, under the same ids.
"""

from msgspec.structs import replace

from rules.deadlines.reactions import clock_reacts, limit_reacts, rung_reacts
from rules.dossier import Dossier, Verdict, Waiting, own_procedure, seen_before
from rules.facts import Derived, caused
from rules.life import View
from rules.notices import Telling, addressed
from rules.post.reactions import post_reacts
from rules.reference import Reference
from rules.shown import shown
from rules.standing import agency_of
from schemas.deadline import LimitReached
from schemas.dossier import DossierFact
from schemas.event import Event
from schemas.notice import NoticeKind
from schemas.state import DossierStateChanged


def react(before: Dossier | None, after: Dossier, event: Event, reference: Reference) -> tuple[Dossier, list[Derived]]:
    """What this fact sets in motion, and the dossier with its counts of what was said (notices, states)."""
    was = before or Dossier(after.code)
    edition = reference.at(event.refversion or after.refversion or "")
    view = after.view()
    facts, tellings = list[Derived](), list[Telling]()
    if seen_before(before, event) is Verdict.CONFLICT:
        tellings.append(_rejected(event.ref, "CONFLICT"))
    procedure = own_procedure(after, event, view, reference)
    clock_reacts(was, after, event, view, procedure, facts, tellings)
    rung_reacts(was, after, event, view, edition, facts, tellings)
    limit_reacts(was, after, event, view, procedure, edition, facts, tellings)
    post_reacts(was, after, event, view, edition, facts, tellings)
    _standing(was, after, event, tellings)
    after, notices = addressed(after, tellings, event, view, edition)
    after, states = _state(was, after, event, view)
    return after, [*facts, *notices, *states]


# ---------------------------------------------------------------- standing


def _standing(was: Dossier, after: Dossier, event: Event, tellings: list[Telling]) -> None:
    """The wait is over for a fact that never got standing: its agency is told why it stays without effect."""
    if not isinstance(event, LimitReached):
        return
    left = {waiting.ref for waiting in after.waiting}
    for waiting in was.waiting:
        if waiting.ref not in left:
            tellings.append(_rejected(waiting.ref, "NO_STANDING" if _is_known(after) else "UNKNOWN_DOSSIER", waiting))


def _is_known(dossier: Dossier) -> bool:
    return dossier.view().receiving is not None


def _rejected(ref: str, why: str, waiting: Waiting | None = None) -> Telling:
    source, id = ref.split(" ", 1)
    agency = agency_of(source)
    payload = {"id": id, "source": source, "reason": why}
    if waiting is not None:
        payload["type"] = DossierFact.decode(waiting.raw).type
    return Telling(NoticeKind.REJECTED, payload, {"why": why}, (ref, why), (agency,) if agency else ())


# ---------------------------------------------------------------- the public state


def _state(was: Dossier, after: Dossier, event: Event, view: View) -> tuple[Dossier, list[Derived]]:
    """The whole public state, when anything of it changed: no contact, no free text."""
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
    return after, [caused(DossierStateChanged, event, shown(after, view))]
