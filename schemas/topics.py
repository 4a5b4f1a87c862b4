"""Every topic: its key, who writes it, who reads it, how long it is kept.

`hoso topics apply` makes them from this table.
"""

from dataclasses import dataclass
from enum import Enum

from schemas import carrier_codes, deadline, dossier, notice, ops, postal, receipts, reference, state
from schemas.event import TYPES, Event

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


class Keep(Enum):
    """What becomes of old records."""

    FOR_EVER = "for ever"
    LATEST = "the latest of a key"
    DAYS = "some days"


class Spread(Enum):
    """How many partitions: as the log has, for all that is derived from it; a few; or one, where order over all
    matters.
    """

    AS_THE_LOG = "log"
    FEW = "few"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class Topic:
    """One row. `per_agency` makes one topic an agency, `<name>.<agency code>`."""

    name: str
    key: str
    writer: str
    read_by: str
    keep: Keep
    says: str
    days: int = 0
    spread: Spread = Spread.FEW
    per_agency: bool = False

    def config(self) -> dict[str, str]:
        """Kafka's settings of it. An event is measured before it is sent, so the broker's limit only guards."""
        common = {"max.message.bytes": str(1_100_000)}
        match self.keep:
            case Keep.FOR_EVER:
                return common | {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
            case Keep.LATEST:
                return common | {"cleanup.policy": "compact", "min.compaction.lag.ms": str(HOUR_MS)}
            case Keep.DAYS:
                return common | {"cleanup.policy": "delete", "retention.ms": str(self.days * DAY_MS)}


TABLE = "dossiers"
WORKER = "hoso-worker"
CHANGELOG = f"{WORKER}-{TABLE}-changelog"
"""The workers' memory: one value a dossier, compacted. Its name is Faust's form for the table of an app."""

TOPICS = (
    Topic(
        "agency.events",
        "dossier code",
        "that agency alone",
        "intake",
        Keep.DAYS,
        "what an agency states",
        7,
        per_agency=True,
    ),
    Topic(
        dossier.LOG,
        "dossier code",
        "gate, dispatch, translate, timers, operators",
        "streams, project, dispatch, translate, poll",
        Keep.FOR_EVER,
        "the log: everything that happened to a dossier, in one order",
        spread=Spread.AS_THE_LOG,
    ),
    Topic(
        deadline.DEADLINES,
        "dossier code",
        "streams",
        "project, monitors",
        Keep.DAYS,
        "what became of a deadline",
        400,
        Spread.AS_THE_LOG,
    ),
    Topic(
        state.STATE,
        "dossier code",
        "streams",
        "project, monitors, poll",
        Keep.LATEST,
        "the whole public state of a dossier",
        spread=Spread.AS_THE_LOG,
    ),
    Topic(
        postal.REQUESTS,
        "dossier code",
        "streams",
        "dispatch",
        Keep.DAYS,
        "what is asked of the post",
        30,
        Spread.AS_THE_LOG,
    ),
    Topic(
        postal.WEBHOOKS, "digest of the body", "edge, poll", "translate", Keep.DAYS, "carriers' bytes: the evidence", 90
    ),
    Topic(
        notice.NOTICES,
        "dossier code",
        "streams",
        "notify, project",
        Keep.DAYS,
        "what agencies are owed",
        400,
        Spread.AS_THE_LOG,
    ),
    Topic(notice.REJECTIONS, "agency code", "gate", "notify, project", Keep.DAYS, "what the gate would not let in", 90),
    Topic(
        notice.RECEIPTS,
        "dossier code",
        "notify",
        "project, monitors",
        Keep.DAYS,
        "what became of telling an agency",
        400,
    ),
    Topic(
        "results",
        "dossier code",
        "notify",
        "that agency alone",
        Keep.DAYS,
        "an agency's notices, for one that asked for a topic",
        30,
        Spread.ONE,
        per_agency=True,
    ),
    Topic(
        receipts.ROOTS,
        "day",
        "notify",
        "anyone who verifies a receipt",
        Keep.FOR_EVER,
        "the root of a day's receipts",
        spread=Spread.ONE,
    ),
    Topic(
        ops.HOLDS,
        "scope",
        "hoso hold, lanes that hold themselves",
        "dispatch, notify, edge, timers, console",
        Keep.LATEST,
        "the brakes",
        spread=Spread.ONE,
    ),
    Topic(
        carrier_codes.CODES,
        "carrier",
        "hoso carrier map, translate",
        "translate, poll, operators",
        Keep.FOR_EVER,
        "what operators say that carriers' codes mean",
        spread=Spread.ONE,
    ),
    Topic(
        reference.REFERENCE,
        "version",
        "hoso reference apply",
        "every process",
        Keep.FOR_EVER,
        "the reference data, one bundle a version",
        spread=Spread.ONE,
    ),
    Topic(
        ops.DEAD_LETTERS,
        "source topic",
        "whoever met bytes no schema reads, operators who put them back",
        "operators, monitors",
        Keep.DAYS,
        "bytes nobody could read",
        90,
    ),
    Topic(
        CHANGELOG, "dossier code", "streams", "streams", Keep.LATEST, "the workers' memory", spread=Spread.AS_THE_LOG
    ),
)


def agency_topic(agency: str) -> str:
    """Where an agency publishes: the topic is its identity."""
    return f"agency.events.{agency}"


def results_topic(agency: str) -> str:
    """Where an agency that asked for it finds its notices."""
    return f"results.{agency}"


def types_by_topic() -> dict[str, list[type[Event]]]:
    """Which types travel on which topic."""
    found: dict[str, list[type[Event]]] = {}
    for known in TYPES.values():
        rows = found.setdefault(known.topic, [])
        if known not in rows:
            rows.append(known)
    return found
