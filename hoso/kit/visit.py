"""One run of the kit: whom it speaks to as whom, and the one dossier of a rehearsal that it states facts about."""

import secrets as random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hoso.kit.answer import Answer
from hoso.kit.edge import Edge
from hoso.kit.hearing import Hearing
from schemas.event import type_name
from schemas.instant import now

SEQUENCE = 999
"""A dossier of a rehearsal is the 999-xxxx-th of its day: seven digits that no counter reaches."""
NOBODY = "Z99"
"""An agency that there is not: the letters of provinces end at Y."""
PROCEDURE = "1.004873"
SHOWS_SECONDS, LOOK_SECONDS = 20.0, 0.2
"""For how long (real time) a fact that was taken may not be seen yet, and how often the kit looks."""

Event = dict[str, Any]


@dataclass
class Visit:
    """What the scenarios work with, and what they leave behind."""

    edge: Edge
    agency: str
    procedure: str = PROCEDURE
    other_key: str | None = None
    hearing: Hearing | None = None
    run: str = field(default_factory=lambda: random.token_hex(4))
    stated: list[Event] = field(default_factory=list)
    """What was taken, each once."""
    rejections: int = 0
    """How many events were refused by name: the agency is told of each."""

    def __post_init__(self) -> None:
        self.dossier = self.code(self.agency)
        self.first = self.received()

    def code(self, agency: str) -> str:
        """An agency's dossier of today, of this run."""
        return f"{agency}-{now():%y%m%d}-{SEQUENCE}{int(self.run, 16) % 10_000:04d}"

    def event(self, fact: str, **data: Any) -> Event:
        """A fact of the rehearsal's dossier that happens now, with an id of its own."""
        return {
            "specversion": "1.0",
            "id": f"rehearsal-{self.run}-{random.token_hex(4)}",
            "source": f"/agencies/{self.agency}",
            "type": type_name("dossier", fact),
            "subject": self.dossier,
            "time": now().isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }

    def received(self, **data: Any) -> Event:
        """The dossier accepted: paperless, its result at the counter, no citizen named, so that nothing is sent."""
        usual = {
            "procedure_code": self.procedure,
            "channel": "ONLINE",
            "receiving_agency": self.agency,
            "competent_agency": self.agency,
            "return_mode": "COUNTER",
        }
        return self.event("received", **(usual | data))

    def state(self, *events: Event, key: str | None = None) -> Answer:
        """State facts, and note what became of them."""
        return self.noted(self.edge.state(*events, key=key), *events)

    def noted(self, answer: Answer, *events: Event) -> Answer:
        """Note what became of these."""
        known = {one["id"] for one in self.stated}
        self.stated += [one for one in events if one["id"] in answer.accepted and one["id"] not in known]
        self.rejections += len(answer.rejected)
        return answer

    def until(self, look: Callable[[], str | None]) -> str | None:
        """What a look says at last: None as soon as it finds nothing wrong."""
        end, never = time.monotonic() + SHOWS_SECONDS, threading.Event()
        while (came := look()) is not None and time.monotonic() < end:
            never.wait(LOOK_SECONDS)
        return came
