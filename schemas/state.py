"""`dossier.state_changed`: the whole public state of a dossier, without contact and free text."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.dossier import DossierStatus
from schemas.event import Event, Frozen, Instant, ShortText
from schemas.postal import ParcelStatus
from schemas.receipts import HandedOver

STATE = "dossier.state"


class ClockFactShown(Frozen):
    """One of the few facts the legal clock is computed from."""

    kind: ShortText
    at: Instant
    complete: bool | None = None
    new_due_on: date | None = None
    id: str = ""


class ClockShown(Frozen):
    """The legal clock as it stands, with the facts it follows from: whoever has the rules can compute it again."""

    state: ShortText
    started_at: Instant | None = None
    due_on: date | None = None
    due_at: Instant | None = None
    outcome: ShortText | None = None
    provisional: bool = False
    reason: str | None = None
    basis: str | None = None
    facts: tuple[ClockFactShown, ...] = ()
    problem: str | None = None


class LegShown(Frozen):
    """A postal leg: what is confirmed, what is only reported, and what is expected next and by when."""

    leg: ShortText
    carrier: ShortText
    reference: ShortText
    item_code: str | None = None
    order: ShortText
    status: ParcelStatus | None = None
    reported: ParcelStatus | None = None
    attempts: int = 0
    contradicted: bool = False
    expected: ParcelStatus | None = None
    expected_by: Instant | None = None


class DaysShown(Frozen):
    """How many days of a dossier's life were one holder's, and how many of those lay after the due date in force."""

    holder: ShortText
    agency: str | None = None
    days: Annotated[int, Field(ge=0)]
    late: Annotated[int, Field(ge=0)] = 0


class ParkedShown(Frozen):
    """Folding a fact of this dossier failed: it and those after it wait, in order, for an operator's retry or skip."""

    what: ShortText
    """The fact that failed: its source and id."""
    why: ShortText
    since: Instant
    facts: int


class DossierStateChanged(Event):
    """What is now true of a dossier; of several changes in one batch only the last is said."""

    class Data(Frozen):
        sequence: Annotated[int, Field(ge=1)]
        status: DossierStatus
        national_status: int | None = None
        undelivered: bool = False
        receiving_agency: str | None = None
        competent_agency: str | None = None
        holder: str | None = None
        procedure_code: str | None = None
        channel: str | None = None
        return_mode: str | None = None
        promised_due_on: date | None = None
        clock: ClockShown
        days: tuple[DaysShown, ...] = ()
        """Whose its days were, up to its end or to the last that is known of it; together they are all of its days."""
        legs: tuple[LegShown, ...] = ()
        handed_over: HandedOver | None = None
        """The hand-over of its result, once the citizen has it: what a receipt says."""
        waiting: int = 0
        parked: ParkedShown | None = None
        refversion: str | None = None
        started_under: str | None = None
        """The version whose term and supplement rule count: the one in which the clock started."""
        archived_at: Instant | None = None
        """Since when the finished dossier is archived: what agencies state after that is refused."""

    topic: ClassVar[str] = STATE
    writer: ClassVar[str] = "streams"
    type: Literal["vn.hoso.dossier.state_changed.v1"] = "vn.hoso.dossier.state_changed.v1"
    data: Data
