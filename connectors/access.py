"""Who may do what on the cluster: one row a process, and what an agency has; `hoso topics apply --acls` gives it.

The operators' name may do everything and stands in the brokers' own settings (super.users), so it has no row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.broker.rights import Does, On, Right
from schemas.carrier_codes import CODES
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.ops import DEAD_LETTERS, HOLDS
from schemas.postal import REQUESTS, WEBHOOKS
from schemas.receipts import ROOTS
from schemas.reference import REFERENCE, Agency
from schemas.state import STATE
from schemas.topics import CHANGELOG, TOPICS, agency_topic, results_topic

PREFIX = "hoso-"
"""Every process of ours is hoso-<process> to Kafka; no agency's code begins so."""
EVENT_BYTES = 4096
"""What an agency's quota takes an event for, in bytes: five times the usual one."""
PRODUCER_RATE, CONSUMER_RATE = "producer_byte_rate", "consumer_byte_rate"
EVENTS, RESULTS = agency_topic(""), results_topic("")


@dataclass(frozen=True, slots=True)
class Access:
    """What one process may read and write, which groups it is in, and which it only looks at.

    A topic whose name ends in a dot stands for every agency's.
    """

    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    groups: Sequence[str] = ()
    watches: bool = False


EVERY_TOPIC = tuple(f"{row.name}." if row.per_agency else row.name for row in TOPICS)

ACCESS: Mapping[str, Access] = {
    "worker": Access(
        (LOG, CHANGELOG, REFERENCE, HOLDS),
        (LOG, CHANGELOG, STATE, DEADLINES, REQUESTS, NOTICES, DEAD_LETTERS),
        ("hoso-worker",),
    ),
    "edge": Access((LOG, STATE, REFERENCE, HOLDS), (LOG, REJECTIONS, WEBHOOKS)),
    "intake": Access((EVENTS, REFERENCE), (LOG, REJECTIONS, DEAD_LETTERS), ("hoso-intake",)),
    "dispatch": Access((REQUESTS, LOG, REFERENCE, HOLDS), (LOG, HOLDS, DEAD_LETTERS), ("hoso-dispatch",)),
    "translate": Access((WEBHOOKS, LOG, REFERENCE, CODES), (LOG, CODES, DEAD_LETTERS), ("hoso-translate",)),
    "poll": Access((LOG, STATE, CODES), (WEBHOOKS, DEAD_LETTERS), ("hoso-poll",)),
    "notify": Access(
        (NOTICES, REJECTIONS, STATE, REFERENCE, HOLDS),
        (RECEIPTS, RESULTS, ROOTS, DEAD_LETTERS),
        ("hoso-notify", "hoso-receipts"),
    ),
    "project": Access(
        (LOG, STATE, DEADLINES, NOTICES, REJECTIONS, RECEIPTS, REFERENCE), (DEAD_LETTERS,), ("hoso-project",)
    ),
    # How old what waits is, stands in the records themselves.
    "monitor": Access(EVERY_TOPIC, watches=True),
    # Its operators put dead letters back on the topic they came from.
    "console": Access(EVERY_TOPIC, tuple(one for one in EVERY_TOPIC if one not in (CHANGELOG, RESULTS)), watches=True),
}


def process_user(process: str) -> str:
    """Who a process is to Kafka. Raises LookupError for one that has no row."""
    if process not in ACCESS:
        raise LookupError(f"there is no process {process}: {', '.join(ACCESS)}")
    return PREFIX + process


def rights(agencies: Iterable[Agency]) -> Iterator[Right]:
    """Every right there should be."""
    for process, access in ACCESS.items():
        yield from _process(process_user(process), access)
    for agency in agencies:
        yield from agency_rights(agency)


def agency_rights(agency: Agency) -> Iterator[Right]:
    """An agency's own: it writes its topic, and reads its results in groups of its own. Nothing else."""
    # No code has a dash in it, so no agency's prefix begins another's group.
    yield Right(agency.code, Does.WRITE, On.TOPIC, agency_topic(agency.code))
    if agency.results_topic:
        yield Right(agency.code, Does.READ, On.TOPIC, results_topic(agency.code))
        yield Right(agency.code, Does.READ, On.GROUP, f"{agency.code}-", prefixed=True)


def quotas(agencies: Iterable[Agency]) -> dict[str, dict[str, float]]:
    """How many bytes a second each agency may write, by its quota of events, and read: as many."""
    found = {}
    for agency in agencies:
        rate = float(agency.events_per_minute * EVENT_BYTES // 60)
        found[agency.code] = {PRODUCER_RATE: rate, CONSUMER_RATE: rate}
    return found


def ours(right: Right, agencies: Iterable[str]) -> bool:
    """Whether this plan answers for a right: a process's, an agency's, or one that an agency had that is no more."""
    return right.user.startswith(PREFIX) or right.user in set(agencies) or is_agencys_own(right)


def is_agencys_own(right: Right) -> bool:
    """Whether it is one that an agency has under its own name, or had before it left."""
    return right.name in (agency_topic(right.user), results_topic(right.user), f"{right.user}-")


def _process(user: str, access: Access) -> Iterator[Right]:
    for does, topics in ((Does.READ, access.reads), (Does.WRITE, access.writes)):
        for topic in topics:
            yield Right(user, does, On.TOPIC, topic, prefixed=topic.endswith("."))
    for group in access.groups:
        yield Right(user, Does.READ, On.GROUP, group)
    if access.watches:
        yield Right(user, Does.DESCRIBE, On.GROUP, PREFIX, prefixed=True)
        yield Right(user, Does.DESCRIBE, On.CLUSTER, "kafka-cluster")
