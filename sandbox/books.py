"""What the city writes down: every event it sent with its answer, every dossier with what is physically true."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.facts import Known
from sandbox.outlets import Answer
from sandbox.plan import Life
from sandbox.steps import Step
from schemas.instant import aware
from schemas.postal import ParcelStatus

PICKED_UP = ParcelStatus.PICKED_UP.value


@dataclass(slots=True)
class Sent:
    """One event that left an agency. `expects` is what ought to become of it: accepted, repetition, conflict, rejected,
    no_standing or dead_letter."""

    id: str
    fact: str
    agency: str
    door: str
    dossier: str
    expects: str
    time: datetime
    planned: datetime
    sent_real: float
    sent_driven: float
    answered_real: float | None = None
    answer: Answer | None = None
    body: bytes = field(default=b"", repr=False)
    again: bool = False
    """Whether it was sent once more because the pipeline said that it had no effect."""

    def answered(self, answer: Answer) -> None:
        """Write down what the door said."""
        self.answered_real, self.answer = time.time(), answer

    def shown(self) -> dict[str, Any]:
        """This event as the ledger shows it."""
        return {
            "id": self.id,
            "fact": self.fact,
            "agency": self.agency,
            "door": self.door,
            "dossier": self.dossier,
            "expects": self.expects,
            "time": self.time.isoformat(),
            "planned": self.planned.isoformat(),
            "sent_real": self.sent_real,
            "sent_driven": aware(self.sent_driven).isoformat(),
            "answered_real": self.answered_real,
            "verdict": self.answer.verdict if self.answer else None,
            "http_status": self.answer.status if self.answer else None,
            "errors": self.answer.errors if self.answer else None,
            "sent_again": self.again,
        }


@dataclass(slots=True)
class Running:
    """A dossier under way: the steps ahead, what was said, what the post did with it."""

    life: Life
    known: Known
    ahead: tuple[Step, ...]
    last: datetime
    begun: bool = False
    waits_for: str | None = None
    seen: dict[str, float] = field(default_factory=dict)
    """What the post did: `D1:PICKED_UP` and when."""
    sent: list[Sent] = field(default_factory=list)
    result_ready_at: datetime | None = None
    physical: bool = False
    returned: str | None = None
    """How the citizen got the result or the papers back: COUNTER, ELECTRONIC, or a leg's name."""
    finished: bool = False

    def shown(self) -> dict[str, Any]:
        """This dossier as the ledger shows it."""
        life = self.life
        return {
            "code": life.code,
            "kind": life.kind,
            "agency": life.agency,
            "competent": life.competent,
            "procedure": life.procedure.code,
            "channel": life.channel,
            "return_mode": life.return_mode,
            "begins_at": life.begins_at.isoformat(),
            "begun": self.begun,
            "due_on": self.known.due_on.isoformat() if self.known.due_on else None,
            "facts": [one.fact for one in self.sent if one.expects == "accepted"],
            "result_ready_at": self.result_ready_at.isoformat() if self.result_ready_at else None,
            "result_physical": self.physical,
            "by_post": any(leg.startswith("D") and PICKED_UP in scans for leg, scans in self.legs().items()),
            "legs": self.legs(),
            "returned": self.returned,
            "waits_for": self.waits_for,
            "finished": self.finished,
        }

    def legs(self) -> dict[str, dict[str, str]]:
        """Each leg's scans as people at the counter saw them."""
        found: dict[str, dict[str, str]] = {}
        for signal, at in self.seen.items():
            leg, _, what = signal.partition(":")
            found.setdefault(leg, {})[what] = aware(at).isoformat()
        return found
