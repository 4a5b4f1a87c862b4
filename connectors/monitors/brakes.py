"""The holds as their topic has them: how many are set, and how long the oldest is."""

from collections import Counter
from itertools import product

from connectors.holds import standing
from connectors.monitors.board import Sample
from schemas.instant import now
from schemas.ops import Brake


class Brakes:
    """The look at the holds."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    def look(self) -> list[Sample]:
        """Every kind of hold, also those of which none is set. Raises TryLater."""
        on, moment = standing(self._bootstrap).on(), now()
        counts = Counter((hold.data.scope.what, hold.data.asks) for hold in on)
        ages = {
            what: [(moment - hold.time).total_seconds() for hold in on if hold.data.scope.what is what]
            for what in Brake
        }
        return [
            *(
                Sample("hoso_holds", (what.value, "yes" if asks else "no"), counts[what, asks])
                for what, asks in product(Brake, (False, True))
            ),
            *(Sample("hoso_hold_age_seconds", (what.value,), max([0.0, *ages[what]])) for what in Brake),
        ]
