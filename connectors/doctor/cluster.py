"""Kafka itself: whether it answers, every partition has a leader and its copies, and the topics are there."""

from collections.abc import Iterator

from connectors.broker.cluster import Cluster, look
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many, named
from connectors.topics import wanted
from schemas.reference import REFERENCE, Bundle

AREA = "kafka"
ANSWERS_MS = 3_000


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater while it is away."""
    cluster = look(place.bootstrap, ANSWERS_MS)
    bundle = place.bundle if REFERENCE in cluster.topics else None
    found = [*_copies(cluster, place), *_topics(cluster, bundle, place)]
    yield from found
    if not found:
        brokers, topics = many(cluster.brokers, "broker"), many(len(cluster.topics), "topic")
        yield Finding(AREA, Severity.OK, f"{brokers} at {place.bootstrap}, {topics}, every copy in step")


def _copies(cluster: Cluster, place: Place) -> Iterator[Finding]:
    describe = f"kafka-topics.sh --bootstrap-server {place.bootstrap} --describe --under-replicated-partitions"
    helps = "hoso broker start" if place.kafka_is_local else describe
    if cluster.leaderless:
        what = f"{many(len(cluster.leaderless), 'partition')} without a leader: nobody reads or writes there"
        yield Finding(AREA, Severity.BAD, what, helps, named(cluster.leaderless))
    if short := sorted(set(cluster.short_of_copies) - set(cluster.leaderless)):
        brokers = many(cluster.brokers, "broker answers", "brokers answer")
        what = f"{many(len(short), 'partition')} with fewer copies than they should have; {brokers}"
        yield Finding(AREA, Severity.WARNING, what, helps, named(short))


def _topics(cluster: Cluster, bundle: Bundle | None, place: Place) -> Iterator[Finding]:
    agencies = bundle.agencies if bundle else ()
    results = [agency.code for agency in agencies if agency.results_topic]
    plan = list(wanted([agency.code for agency in agencies], results, place.settings.log_partitions))
    if missing := [one.name for one in plan if one.name not in cluster.topics]:
        what = f"{many(len(missing), 'topic')} of the plan missing"
        yield Finding(AREA, Severity.BAD, what, "hoso topics apply", named(missing))
    counts = {one.name: one.partitions for one in plan}
    if other := [name for name, count in counts.items() if cluster.topics.get(name, count) != count]:
        what = f"{many(len(other), 'topic')} with another number of partitions than HOSO_LOG_PARTITIONS says"
        detail = ", ".join(f"{name} has {cluster.topics[name]}, not {counts[name]}" for name in other[:3])
        yield Finding(AREA, Severity.WARNING, what, "hoso topics list", detail)
