"""A scenario: one promise of the contract, tried on a running edge."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from connectors.verdicts import TryLater
from hoso.kit.visit import Visit

NO_ANSWER = (
    "nobody answers at this address: is it the edge's own, with its port, and reached from here? On a machine of your "
    "own `hoso up` starts one; where one should run, its operators ask `hoso doctor`"
)


class Needs(StrEnum):
    """What a scenario cannot do without, and what is to be done where it is missing."""

    NOTHING = ""
    KEY = "a good key: `good-fact` has to pass first"
    OTHER_KEY = "the key of a second agency: give it as --other-key"
    CALLBACK = "somewhere to listen: give --callback-port"


class Outcome(StrEnum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is promised, what is expected of the edge, what to do where it does otherwise.

    `came` tries it: what came instead, None where it is as promised.
    """

    name: str
    says: str
    expects: str
    helps: str
    came: Callable[[Visit], str | None]
    needs: Needs = Needs.KEY


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario. `came` says what came instead, or what was missing; `helps` what to do about it."""

    scenario: Scenario
    outcome: Outcome
    came: str | None = None
    helps: str | None = None

    def document(self) -> dict[str, str | None]:
        """The result for machines."""
        return {
            "name": self.scenario.name,
            "says": self.scenario.says,
            "outcome": self.outcome,
            "expected": self.scenario.expects,
            "came": self.came,
            "next": self.helps,
        }


def tried(scenario: Scenario, visit: Visit) -> Result:
    """The result of trying it. A door that does not answer at all has failed."""
    if (lacks := _lacking(scenario, visit)) is not None:
        return Result(scenario, Outcome.SKIPPED, f"it needs {lacks}")
    try:
        came = scenario.came(visit)
    except TryLater as error:
        return Result(scenario, Outcome.FAILED, f"no answer: {error.why}", NO_ANSWER)
    if came is None:
        return Result(scenario, Outcome.PASSED)
    return Result(scenario, Outcome.FAILED, came, scenario.helps)


def _lacking(scenario: Scenario, visit: Visit) -> Needs | None:
    match scenario.needs:
        case Needs.KEY if not visit.stated:
            return Needs.KEY
        case Needs.OTHER_KEY if not visit.stated:
            return Needs.KEY
        case Needs.OTHER_KEY if visit.other_key is None:
            return Needs.OTHER_KEY
        case Needs.CALLBACK if visit.hearing is None:
            return Needs.CALLBACK
        case _:
            return None
