"""All scenarios on one running edge, and the report of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hoso.kit.asking import ASKING
from hoso.kit.scenario import Outcome, Result, Scenario, tried
from hoso.kit.stating import STATING
from hoso.kit.telling import TELLING
from hoso.kit.visit import Visit
from schemas.event import type_name
from schemas.instant import now

SCENARIOS: Sequence[Scenario] = (*STATING, *ASKING, *TELLING)
END = type_name("dossier", "withdrawn")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every scenario, and what the visit leaves behind. `at` is driven time."""

    at: datetime
    visit: Visit
    results: tuple[Result, ...]

    def count(self, outcome: Outcome) -> int:
        """How many scenarios ended so."""
        return sum(one.outcome is outcome for one in self.results)

    @property
    def facts(self) -> list[str]:
        """The facts it leaves on the log, by their names, in order."""
        return [str(one["type"]).split(".")[3] for one in self.visit.stated]

    @property
    def is_over(self) -> bool:
        """Whether no dossier is left with a clock that goes on."""
        return not self.visit.stated or END in {one["type"] for one in self.visit.stated}

    def left(self) -> str:
        """What it leaves behind, and what is to be done about it."""
        if not self.visit.stated:
            return f"Left behind: no fact, {self._rejections()}."
        dossier = f"the dossier {self.visit.dossier} ({', '.join(self.facts)})"
        over = (
            "it is withdrawn and no clock of it runs; facts are not deleted, and a report counts it as withdrawn"
            if self.is_over
            else f"it is not withdrawn, so its clock runs: state {END} about it"
        )
        return f"Left behind: {dossier}: {over}. And {self._rejections()}."

    def document(self) -> dict[str, Any]:
        """The report for machines."""
        left = {"dossier": self.visit.dossier, "facts": self.facts, "over": self.is_over,
                "rejections": self.visit.rejections, "says": self.left()}  # fmt: skip
        return {
            "edge": self.visit.edge.url,
            "agency": self.visit.agency,
            "at": self.at.isoformat(),
            **{outcome.value: self.count(outcome) for outcome in Outcome},
            "scenarios": [one.document() for one in self.results],
            "left": left,
        }

    def _rejections(self) -> str:
        return f"{self.visit.rejections} rejections, each told to the agency whose key it was (`event_rejected`)"


def check(
    visit: Visit, scenarios: Sequence[Scenario] = SCENARIOS, shown: Callable[[Result], None] = lambda _: None
) -> Report:
    """Try them all in their order; `shown` hears of each as it ends."""
    results = []
    for scenario in scenarios:
        results.append(tried(scenario, visit))
        shown(results[-1])
    return Report(now(), visit, tuple(results))
