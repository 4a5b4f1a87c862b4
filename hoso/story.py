"""One dossier told line by line, each line with the fact behind it."""

from collections.abc import Callable
from datetime import datetime

from hoso.watching import Seen
from schemas.deadline import Projected, Stopped
from schemas.dossier import Received, ResultReady, Submitted
from schemas.notice import Notice
from schemas.postal import DeliveryRequested, ItemMoved, OrderAccepted, ParcelStatus

Say = Callable[[datetime, str, str], None]
"""(when it happened, on the driven clock; the sentence; the fact behind it)"""

MOVES = {
    ParcelStatus.PICKED_UP: "the post holds the envelope",
    ParcelStatus.OUT_FOR_DELIVERY: "the postman is on the way to the door",
    ParcelStatus.DELIVERED: "delivered",
}


class Story:
    """Follows one dossier on the topics and says each step once."""

    def __init__(self, code: str, say: Say) -> None:
        self.code, self._say, self._told = code, say, set[str]()

    def hear(self, seen: Seen) -> None:
        """A fact came by."""
        if seen.event.subject != self.code:
            return
        line = self._line(seen.event)
        if line and line not in self._told:
            self._told.add(line)
            self._say(seen.event.time, line, f"{seen.event.type.removeprefix('vn.hoso.')} on {seen.topic}")

    def agency_told(self, when: datetime, kind: str, signature_ok: bool) -> None:
        """The agency's callback took a notice."""
        checked = "its signature checked by the agency" if signature_ok else "ITS SIGNATURE WAS WRONG"
        line = f"the agency is told: {kind.replace('_', ' ')}, {checked}"
        if line not in self._told:
            self._told.add(line)
            self._say(when, line, f"notice.{kind}, a signed callback")

    def _line(self, event: object) -> str | None:
        match event:
            case Submitted():
                return "a citizen hands a dossier in, online"
            case Received():
                return f"received at {event.data.receiving_agency}; the result is to go by post, its contact sealed"
            case Projected():
                return f"the clock runs: due on {event.data.due_on} ({event.data.basis})"
            case ResultReady():
                return f"decided: {event.data.outcome.lower()}"
            case Stopped():
                return f"the clock stands: {(event.data.outcome or 'no outcome').lower().replace('_', ' ')}"
            case DeliveryRequested():
                return f"the post is asked: leg {event.data.leg} by {event.data.carrier}, because {event.data.because}"
            case OrderAccepted():
                return f"the post takes the order: item {event.data.item_code}"
            case ItemMoved() if event.data.status in MOVES:
                return f"{MOVES[event.data.status]} ({event.data.certainty.lower()})"
            case Notice():
                return None
        return None
