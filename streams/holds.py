"""The brakes on what time alone sets in motion, as `ops.holds` has them, known before the first timer fires."""

import structlog

from rules.holds import Brakes, Resolve, timer_concerns
from rules.kept import Kept
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.ops import HOLDS, Brake, HoldLifted, HoldSet
from streams.following import Gone, follow

log = structlog.get_logger()


class Holds:
    """Reads the topic from its start and goes on reading in a thread of its own. Without a start it knows of no hold.

    `resolve` gives the code that an agency goes by today.
    """

    def __init__(self, bootstrap: str = "", resolve: Resolve = str) -> None:
        self._bootstrap, self._resolve = bootstrap, resolve
        self._brakes = Brakes()
        self.changes = 0
        """Another number after every change of what concerns timers."""

    def start(self, gone: Gone) -> None:
        """Read to the end as it is now, then follow; `gone` is called where that can go on no longer."""
        follow(self._bootstrap, HOLDS, self.hears, gone)

    def stops(self, kept: Kept) -> bool:
        """Whether a hold stops the timers of what is kept: of all, or of its agencies or its procedure."""
        brakes = self._brakes
        if not brakes.on():
            return False
        return any(brakes.over(Brake.TIMERS, one, self._resolve) for one in timer_concerns(kept.dossier))

    def hears(self, raw: bytes) -> None:
        """One more word from the topic; what this release cannot read says nothing to it."""
        try:
            event = Event.decode(raw)
        except (NotAnEvent, UnknownType) as error:
            log.error("hold.unread", why=str(error))
            return
        if isinstance(event, HoldSet | HoldLifted):
            self._brakes = self._brakes.after(event)
            self.changes += event.data.scope.what is Brake.TIMERS
            name = "hold.set" if isinstance(event, HoldSet) else "hold.lifted"
            log.info(name, scope=event.data.scope.text, by=event.data.by, why=event.data.why)
