"""What an agency's facts come to: the few of each that are kept, in order of time, and the dossier as they describe it.

Everything here is computed from the facts sorted by when they happened, so a late one ends where it would have been
had it come in order, and a retracted one leaves no trace in what follows.
"""

from bisect import insort
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.recent import growing
from rules.transitions import FINAL, moved
from schemas.clock import ClockFact, ClockKind
from schemas.dossier import Direction, DossierFact, DossierStatus, ResultOutcome, ReturnMode, SupplementStage
from schemas.event import TYPES, type_name

KEPT: dict[str, tuple[str, ...]] = {
    "adopted": ("status", "procedure_code", "receiving_agency", "competent_agency", "return_mode", "promised_due_on"),
    "submitted": ("procedure_code", "channel", "receiving_agency", "competent_agency", "documents"),
    "received": (
        "procedure_code",
        "channel",
        "receiving_agency",
        "competent_agency",
        "return_mode",
        "contact",
        "promised_due_on",
        "documents",
    ),
    "reception_refused": (),
    "forwarded": ("to_agency", "steps"),
    "rerouted": ("from_agency", "to_agency"),
    "assigned": ("agency", "step", "step_due_on"),
    "step_completed": ("agency", "step"),
    "consultation_requested": ("consultation_id", "agency", "limit_on"),
    "consultation_answered": ("consultation_id", "agency"),
    "supplement_requested": ("stage",),
    "supplement_received": ("complete",),
    "payment_requested": ("amount",),
    "payment_received": ("amount",),
    "apology_issued": ("signed_by", "channel", "new_due_on"),
    "extended": ("new_due_on",),
    "result_ready": ("outcome", "physical", "result_no", "documents", "fee"),
    "result_returned": ("mode",),
    "withdrawn": (),
    "processing_stopped": (),
    "collection_registered": ("contact", "documents", "procedure_code", "receiving_agency"),
    "collection_cancelled": (),
    "return_registered": ("contact",),
    "return_cancelled": (),
    "handover_signed": ("leg", "direction", "documents", "discrepancies", "procedure_code", "receiving_agency"),
    "rated": (),
}
"""What of each kind's data the rules look at; the rest stays on the log alone."""

LOOKED_AT = {kind: set(names) for kind, names in KEPT.items()}

ORDER = {kind: place for place, kind in enumerate(KEPT)}
"""Of two facts at one instant, the one whose kind stands earlier comes first."""


class LifeFact(Struct, frozen=True, array_like=True, gc=False):
    """A fact an agency stated, cut down to what the rules look at. `ref` is its source and id."""

    kind: str
    at: datetime
    ref: str
    data: dict[str, Any]

    @property
    def source(self) -> str:
        """Who stated it."""
        return self.ref.split(" ", 1)[0]


class View(Struct, gc=False):
    """A dossier as its agencies' facts describe it, at the end of them all."""

    status: DossierStatus = DossierStatus.UNKNOWN
    receiving: str | None = None
    competent: str | None = None
    holder: str | None = None
    linked: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    procedure: str | None = None
    channel: str | None = None
    return_mode: str | None = None
    promised_due_on: date | None = None
    by_post: bool = False
    return_fact: str = ""
    return_contact: dict[str, Any] | None = None
    collection_fact: str = ""
    collection_contact: dict[str, Any] | None = None
    collection_cancelled: bool = False
    collection_documents: tuple[dict[str, Any], ...] = ()
    handed_in: bool = False
    handed_out: tuple[str, ...] = ()
    documents: tuple[dict[str, Any], ...] = ()
    result: LifeFact | None = None
    transfer_to: str | None = None

    @property
    def refused(self) -> bool:
        """Whether the result is a refusal after appraisal."""
        return self.result is not None and self.result.data.get("outcome") == ResultOutcome.REFUSED


def kind_of(event: DossierFact) -> str:
    """The short name of a fact: `received`."""
    return event.type.split(".")[3]


def life_fact(event: DossierFact) -> LifeFact:
    """The fact, cut down."""
    kind = kind_of(event)
    data = event.data.model_dump(mode="json", include=LOOKED_AT[kind], exclude_none=True)
    return LifeFact(kind, event.time, event.ref, data)


def inserted(life: tuple[LifeFact, ...], fact: LifeFact) -> tuple[LifeFact, ...]:
    """The life with one more fact, in its place in time."""
    grown = list(life)
    insort(grown, fact, key=_place)
    return tuple(grown)


def _place(fact: LifeFact) -> tuple[datetime, int, str]:
    return fact.at, ORDER[fact.kind], fact.ref


def effective(life: tuple[LifeFact, ...], retracted: tuple[str, ...]) -> tuple[LifeFact, ...]:
    """The facts that nobody has taken back."""
    return tuple(fact for fact in life if fact.ref not in retracted) if retracted else life


ENTERS = {kind: known.enters for kind in KEPT if issubclass(known := TYPES[type_name("dossier", kind)], DossierFact)}


def _told(known: View, more: tuple[LifeFact, ...]) -> View:
    view = replace(known)
    for fact in more:
        if (tell := TELLS.get(fact.kind)) is not None:
            tell(view, fact)
        view.status = _status_after(view.status, fact)
    return view


view_of: Callable[[tuple[LifeFact, ...]], View] = growing(View(), _told)
"""The dossier that these facts, in order of time, describe. A view is shared: nobody changes it."""


def entered(life: tuple[LifeFact, ...]) -> list[tuple[DossierStatus, datetime]]:
    """Every status that these facts, in order of time, led to, and when; the last is where the dossier stands."""
    statuses = [(DossierStatus.UNKNOWN, life[0].at)] if life else []
    for fact in life:
        status = _status_after(statuses[-1][0], fact)
        if status is not statuses[-1][0]:
            statuses.append((status, fact.at))
    return statuses


def _status_after(status: DossierStatus, fact: LifeFact) -> DossierStatus:
    kind = fact.kind
    if kind == "adopted":
        return DossierStatus(fact.data["status"]) if status is DossierStatus.UNKNOWN else status
    if kind == "supplement_received" and not fact.data["complete"]:
        return status
    return moved(status, ENTERS[kind])


# ---------------------------------------------------------------- what each fact says; what it leaves out stays


def _opened(view: View, fact: LifeFact) -> None:
    data = fact.data
    view.procedure = data.get("procedure_code", view.procedure)
    view.receiving = data.get("receiving_agency", view.receiving)
    view.competent = data.get("competent_agency", view.competent)
    view.channel = data.get("channel", view.channel)
    if day := data.get("promised_due_on"):
        view.promised_due_on = date.fromisoformat(day)
    if documents := data.get("documents"):
        view.documents = tuple(documents)
    view.holder = view.holder or view.receiving


def _taken_in(view: View, fact: LifeFact) -> None:
    _opened(view, fact)
    data = fact.data
    if "return_mode" not in data:
        return
    view.return_mode = data["return_mode"]
    view.by_post = view.return_mode == ReturnMode.POST
    if view.by_post and "contact" in data:
        view.return_fact, view.return_contact = fact.ref, data["contact"]


def _collection_registered(view: View, fact: LifeFact) -> None:
    _opened(view, fact)
    view.collection_fact, view.collection_contact = fact.ref, fact.data["contact"]
    view.collection_documents = view.documents
    view.collection_cancelled = False
    view.channel = view.channel or "POSTAL"


def _collection_cancelled(view: View, fact: LifeFact) -> None:
    view.collection_cancelled = True


def _handed_over(view: View, fact: LifeFact) -> None:
    _opened(view, fact)
    if fact.data["direction"] == Direction.POST_TO_AGENCY:
        view.handed_in = True
    else:
        view.handed_out += (fact.data["leg"],)


def _forwarded(view: View, fact: LifeFact) -> None:
    view.competent = view.holder = view.transfer_to = fact.data["to_agency"]
    view.linked += tuple(step["agency"] for step in fact.data.get("steps", ()))


def _rerouted(view: View, fact: LifeFact) -> None:
    view.receiving = view.holder = view.transfer_to = fact.data["to_agency"]


def _assigned(view: View, fact: LifeFact) -> None:
    view.holder = fact.data["agency"]


def _consulted(view: View, fact: LifeFact) -> None:
    view.consulted += (fact.data["agency"],)


def _resolved(view: View, fact: LifeFact) -> None:
    view.result = fact


def _return_registered(view: View, fact: LifeFact) -> None:
    view.by_post, view.return_fact, view.return_contact = True, fact.ref, fact.data["contact"]


def _return_cancelled(view: View, fact: LifeFact) -> None:
    view.by_post = False


TELLS: dict[str, Callable[[View, LifeFact], None]] = {
    "adopted": _taken_in,
    "submitted": _taken_in,
    "received": _taken_in,
    "collection_registered": _collection_registered,
    "collection_cancelled": _collection_cancelled,
    "handover_signed": _handed_over,
    "forwarded": _forwarded,
    "rerouted": _rerouted,
    "assigned": _assigned,
    "consultation_requested": _consulted,
    "result_ready": _resolved,
    "return_registered": _return_registered,
    "return_cancelled": _return_cancelled,
}
"""What a fact of each kind says about the dossier; the others say only where it stands."""


CLOCK_KINDS = {
    "received": ClockKind.RECEIVED,
    "withdrawn": ClockKind.WITHDRAWN,
    "processing_stopped": ClockKind.PROCESSING_STOPPED,
    # Refused after the minutes were signed: no result comes, so the clock stands as for a stop.
    "reception_refused": ClockKind.PROCESSING_STOPPED,
}
"""What the clock hears whatever their data says."""


def _heard(known: tuple[ClockFact, ...], more: tuple[LifeFact, ...]) -> tuple[ClockFact, ...]:
    return known + tuple(found for fact in more if (found := _clock_fact(fact)) is not None)


clock_facts: Callable[[tuple[LifeFact, ...]], tuple[ClockFact, ...]] = growing((), _heard)
"""The few facts the legal clock is computed from."""


def _clock_fact(fact: LifeFact) -> ClockFact | None:
    data = fact.data
    match fact.kind:
        case kind if kind in CLOCK_KINDS:
            return ClockFact(CLOCK_KINDS[kind], fact.at, id=fact.ref)
        case "handover_signed" if data["direction"] == Direction.POST_TO_AGENCY and data["leg"].startswith("C"):
            return ClockFact(ClockKind.HANDOVER_SIGNED, fact.at, id=fact.ref)
        case "supplement_requested" if data["stage"] == SupplementStage.APPRAISAL:
            return ClockFact(ClockKind.SUPPLEMENT_REQUESTED, fact.at, id=fact.ref)
        case "supplement_received":
            return ClockFact(ClockKind.SUPPLEMENT_RECEIVED, fact.at, complete=data["complete"], id=fact.ref)
        case "extended":
            return ClockFact(ClockKind.EXTENDED, fact.at, new_due_on=_day(data["new_due_on"]), id=fact.ref)
        case "result_ready":
            refused = data["outcome"] == ResultOutcome.REFUSED
            return ClockFact(ClockKind.RESOLUTION_REFUSED if refused else ClockKind.RESULT_READY, fact.at, id=fact.ref)
        case _:
            return None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def is_final(status: DossierStatus) -> bool:
    """Whether nothing follows this status."""
    return status in FINAL
