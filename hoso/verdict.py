"""A storm's verdict, from outside: what the senders were told is accepted, what the post and the agencies received, and
a pure fold of the log, laid beside each other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.broker import Message
from hoso import pulling
from hoso.reckoning import Ledgers, Reckoning
from hoso.watching import Seen
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.postal import ItemMoved, reference_of

LOST = ("accepted from an agency and not on the log", "a faulty event that nobody rejected", pulling.NEVER_ON)
"""Of the reckoning's lines, those of an input that was taken, or a word that was owed, and is gone."""
FEE_SETTLED = 21
"""The post's word about money: it moves no item."""
WEBHOOK_FATES = {"duplicate": "repeated", "reordered": "held", "late": "delayed", "never sent": "missing"}
CALL_LAPSES = {
    "accepts, then times out": ("taken and held", "taken and dropped", "taken and answered 500"),
    "500": ("500",),
    "429": ("429",),
    "slow body": ("taken and answered slowly",),
}
"""Partners' faults, and by what names the sandbox's ledgers call them."""


@dataclass
class Verdict:
    """What a storm did and what came of it. `open` is every line that does not add up; there must be none."""

    seed: int = 0
    nodes: int = 1
    database: str = "sqlite"
    blows: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """By target, then by signal, then by situation."""
    troubles: dict[str, int] = field(default_factory=dict)
    """What else went wrong, how often."""
    partners: dict[str, int] = field(default_factory=dict)
    """How the post and the agencies failed, how often; 0 was not tried."""
    acknowledged: int = 0
    """Agencies' events that a door took, and the post's webhooks that were answered with 2xx."""
    lost: int = 0
    twice_in_effect: int = 0
    repeated: dict[str, int] = field(default_factory=dict)
    """Deliveries and records that came more than once: allowed, counted."""
    state_differences: int = 0
    recover_seconds: list[float] = field(default_factory=list)
    struck_again: int = 0
    """Blows at somebody who had not recovered from the one before: they have no time to recover."""
    restarts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def struck(self) -> int:
        """How many blows fell."""
        return sum(count for hows in self.blows.values() for found in hows.values() for count in found.values())

    @property
    def adds_up(self) -> bool:
        """Whether nothing is lost, nothing twice, nothing unaccounted for."""
        return not self.open and not self.lost and not self.twice_in_effect and not self.state_differences

    def document(self) -> dict[str, Any]:
        """All of it, for a file."""
        return {"adds_up": self.adds_up, "struck": self.struck, **asdict(self)}


@dataclass(frozen=True)
class Evidence:
    """What was found when all had settled: the topics, the partners' ledgers, their reckoning, what the fold shows."""

    topics: Mapping[str, Sequence[Message]]
    ledgers: Ledgers
    reckoning: Reckoning
    differing: Sequence[str]


def laid_out(evidence: Evidence) -> Verdict:
    """The verdict as far as it comes from outside."""
    topics, ledgers, result = evidence.topics, evidence.ledgers, evidence.reckoning
    taken = webhooks_taken(ledgers)
    unheard = [f"a webhook was taken and the log does not say so: {one}" for one in unsaid(taken, topics)]
    return Verdict(
        partners=partners(ledgers),
        acknowledged=sum(one["verdict"] == "accepted" for one in ledgers.city["events"]) + len(taken),
        lost=sum(line.startswith(LOST) for line in result.open) + len(unheard),
        twice_in_effect=twice(topics, ledgers),
        repeated=repeated(topics, ledgers),
        state_differences=len(evidence.differing),
        open=[*result.open, *unheard, *evidence.differing, *forgeries(ledgers)],
        figures=result.figures,
    )


def seen(topic: str, records: Sequence[Message]) -> list[Seen]:
    """The facts of a topic that this release can read."""
    found = []
    for record in records:
        with suppress(NotAnEvent, UnknownType):
            found.append(Seen(topic, record.timestamp_ms, Event.decode(record.value or b"")))
    return found


def webhooks_taken(ledgers: Ledgers) -> list[tuple[str, str]]:
    """The reference and the code of every webhook that the post was told is taken."""
    return [
        (parcel["reference"], str(webhook["status"]))
        for parcel in ledgers.post["parcels"]
        for webhook in parcel["webhooks"]
        if webhook["taken"] and webhook["status"] != FEE_SETTLED
    ]


def unsaid(taken: Sequence[tuple[str, str]], topics: Mapping[str, Sequence[Message]]) -> list[str]:
    """Those that moved no item on the log."""
    moves = [one.event for one in seen(LOG, topics.get(LOG, ())) if isinstance(one.event, ItemMoved)]
    said = {(reference_of(move.subject, move.data.leg), move.data.carrier_code) for move in moves}
    return [f"{reference} {code}" for reference, code in sorted(set(taken) - said)]


def twice(topics: Mapping[str, Sequence[Message]], ledgers: Ledgers) -> int:
    """Effects that happened more than once: a second parcel of an order, a second notice under one number, and what
    one id says in two ways where an agency looks itself.
    """
    parcels = Counter(parcel["reference"] for parcel in ledgers.post["parcels"])
    told = Counter(
        (code, one["dossier"], one["sequence"])
        for code, ledger in ledgers.agencies.items()
        for one in ledger["notices"]
        if one["sequence"] is not None
    )
    results = {topic: seen(topic, records) for topic, records in topics.items() if topic.startswith(pulling.RESULTS)}
    return sum(count - 1 for count in (*parcels.values(), *told.values())) + pulling.twice(results, ledgers.feeds)


def repeated(topics: Mapping[str, Sequence[Message]], ledgers: Ledgers) -> dict[str, int]:
    """What came more than once and did nothing the second time: callbacks, and records on each topic."""
    found = {"callbacks": sum(ledger["repetitions"] for ledger in ledgers.agencies.values())}
    for topic, records in topics.items():
        refs = [one.event.ref for one in seen(topic, records)]
        found[topic] = len(refs) - len(set(refs))
    return {name: count for name, count in found.items() if count}


def forgeries(ledgers: Ledgers) -> list[str]:
    """Words in the post's name that were taken for its own."""
    taken = ledgers.post.get("forged", {}).get("taken", 0)
    return [f"{taken} forged webhooks were taken"] if taken else []


def partners(ledgers: Ledgers) -> dict[str, int]:
    """How often the post and the agencies failed, by the fault; every fault has its row."""
    lapses: Counter[str] = Counter()
    for call, count in ledgers.post["lapses"].items():
        lapses[call.partition(": ")[2]] += count
    for ledger in ledgers.agencies.values():
        lapses.update(ledger.get("lapses", {}))
    fates = Counter(webhook["fate"] for parcel in ledgers.post["parcels"] for webhook in parcel["webhooks"])
    return {
        **{fault: sum(lapses[name] for name in names) for fault, names in CALL_LAPSES.items()},
        **{fault: fates[name] for fault, name in WEBHOOK_FATES.items()},
        "forged": ledgers.post.get("forged", {}).get("refused", 0),
        "closed for a day": sum(ledger.get("turned_away", 0) for ledger in ledgers.agencies.values()),
    }
