"""What of each topic's events the read model reads. What is not named here never comes in: names, contacts, words."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

from rules.post.leg import OrderState
from schemas.postal import ParcelStatus

UNKNOWN, REFUSED = ParcelStatus.UNKNOWN.value, OrderState.REFUSED.value
Zoned = Annotated[datetime, Meta(tz=True)]


class Envelope(Struct):
    """An event as every topic has it."""

    type: str
    id: str
    source: str
    subject: str
    time: Zoned
    data: Raw
    recordedtime: Zoned | None = None
    trackingcode: str | None = None


class Retracted(Struct):
    """Which fact is taken back."""

    id: str


class Contact(Struct):
    """Where a citizen's contact lies: its ward. Who it is, is sealed and not read."""

    ward_code: str | None = None


class Stated(Struct):
    """Of a fact on the log: what the columns hold, and nothing sealed or written by hand."""

    channel: str | None = None
    stage: str | None = None
    outcome: str | None = None
    direction: str | None = None
    mode: str | None = None
    verdict: str | None = None
    status: str | None = None
    certainty: str | None = None
    leg: str | None = None
    carrier: str | None = None
    receiving_agency: str | None = None
    to_agency: str | None = None
    agency: str | None = None
    promised_due_on: str | None = None
    new_due_on: str | None = None
    limit_on: str | None = None
    amount: int | None = None
    complete: bool | None = None
    retracts: Retracted | None = None
    carrier_code: str | None = None
    evidence: str | None = None
    contact: Contact | None = None
    scores: list[int] | None = None

    @property
    def word(self) -> str | None:
        return self.channel or self.stage or self.outcome or self.direction or self.mode or self.verdict or self.status

    @property
    def not_understood(self) -> bool:
        """Whether it is a movement with a code that no table holds."""
        return self.status == UNKNOWN and self.carrier_code is not None


class Deadline(Struct):
    """What was said of a deadline or a leg."""

    due_on: str | None = None
    limit_on: str | None = None
    outcome: str | None = None
    reason: str | None = None
    policy: str | None = None
    code: str | None = None
    holder: str | None = None
    leg: str | None = None
    carrier: str | None = None
    step: int | None = None
    working_days_left: int | None = None
    days_late: int | None = None


class ClockFact(Struct, omit_defaults=True):
    """One of the facts that a clock follows from."""

    kind: str
    at: Zoned
    complete: bool | None = None
    new_due_on: str | None = None
    id: str = ""


class Clock(Struct):
    """The legal clock as it stands."""

    state: str
    started_at: Zoned | None = None
    due_on: str | None = None
    due_at: Zoned | None = None
    outcome: str | None = None
    provisional: bool = False
    reason: str | None = None
    basis: str | None = None
    facts: list[ClockFact] = []
    problem: str | None = None


class Days(Struct, omit_defaults=True):
    """How many days were one holder's."""

    holder: str
    days: int
    agency: str | None = None
    late: int = 0


class Leg(Struct, omit_defaults=True):
    """A postal leg."""

    leg: str
    carrier: str
    reference: str
    order: str
    item_code: str | None = None
    status: str | None = None
    reported: str | None = None
    attempts: int = 0
    contradicted: bool = False
    expected: str | None = None
    expected_by: Zoned | None = None

    @property
    def is_refused(self) -> bool:
        """Whether its order was refused."""
        return self.order == REFUSED


class Parked(Struct):
    """That it is parked; why is text of the machinery."""


class State(Struct):
    """The whole public state of a dossier; of a parked one only that it is."""

    sequence: int
    status: str
    clock: Clock
    national_status: int | None = None
    undelivered: bool = False
    receiving_agency: str | None = None
    competent_agency: str | None = None
    holder: str | None = None
    procedure_code: str | None = None
    channel: str | None = None
    return_mode: str | None = None
    promised_due_on: str | None = None
    days: list[Days] = []
    legs: list[Leg] = []
    waiting: int = 0
    parked: Parked | None = None
    refversion: str | None = None
    started_under: str | None = None


class Notice(Struct):
    """What an agency is owed a word about, without the word."""

    agency: str
    kind: str
    sequence: int


class Receipt(Struct):
    """What became of one try to tell it."""

    notice_id: str
    agency: str
    attempt: int
    status: int | None = None
    next_attempt_at: Zoned | None = None


class Rejected(Struct):
    """How many faults the gate found."""

    errors: list[Raw]
