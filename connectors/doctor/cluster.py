"""Kafka itself: whether it answers, every partition has a leader and its copies, and the topics are there with
as many copies as they should have.
"""

from collections.abc import Iterator

from connectors.broker.cluster import Cluster, look
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, listed, many, named
from connectors.topics import wanted
from schemas.reference import REFERENCE, Bundle

AREA = "kafka"
ANSWERS_MS = 3_000
WELL = Said(
    "{brokers} tại {address}, {topics}, mọi bản sao đều kịp", "{brokers} at {address}, {topics}, every copy in step"
)
LEADERLESS = Said(
    "{partitions} không có leader: không ai đọc hay ghi được ở đó",
    "{partitions} without a leader: nobody reads or writes there",
)
SHORT_OF_COPIES = Said(
    "{partitions} có ít bản sao hơn mức phải có; {brokers}",
    "{partitions} with fewer copies than they should have; {brokers}",
)
FEWER_THAN_ASKED = Said(
    "{topics} có ít bản sao hơn {wanted}: hỏng một đĩa là có thể mất dữ liệu ở đó; tệp copies.json: docs/upgrading.md",
    "{topics} with fewer copies than {wanted}: a broker's disk may take what is there with it; for copies.json see "
    "docs/upgrading.md",
)
HAS_COPIES = Said("{topic} có {count}", "{topic} has {count}")
MISSING = Said("thiếu {topics} của kế hoạch", "{topics} of the plan missing")
OTHER_COUNT = Said(
    "{topics} có số phân vùng khác với HOSO_LOG_PARTITIONS",
    "{topics} with another number of partitions than HOSO_LOG_PARTITIONS says",
)
HAS_COUNT = Said("{topic} có {count}, không phải {wanted}", "{topic} has {count}, not {wanted}")


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater while it is away."""
    cluster = look(place.bootstrap, ANSWERS_MS)
    bundle = place.bundle if REFERENCE in cluster.topics else None
    found = [*_copies(cluster, place), *_topics(cluster, bundle, place)]
    yield from found
    if not found:
        brokers = many(cluster.brokers, "broker", vi="broker")
        topics = many(len(cluster.topics), "topic", vi="topic")
        yield Finding(AREA, Severity.OK, WELL.of(brokers=brokers, address=place.bootstrap, topics=topics))


def _copies(cluster: Cluster, place: Place) -> Iterator[Finding]:
    describe = f"kafka-topics.sh --bootstrap-server {place.bootstrap} --describe --under-replicated-partitions"
    helps = "hoso broker start" if place.kafka_is_local else describe
    if cluster.leaderless:
        what = LEADERLESS.of(partitions=many(len(cluster.leaderless), "partition", vi="phân vùng"))
        yield Finding(AREA, Severity.BAD, what, helps, named(cluster.leaderless))
    if short := sorted(set(cluster.short_of_copies) - set(cluster.leaderless)):
        brokers = many(cluster.brokers, "broker answers", "brokers answer", vi="broker trả lời")
        what = SHORT_OF_COPIES.of(partitions=many(len(short), "partition", vi="phân vùng"), brokers=brokers)
        yield Finding(AREA, Severity.WARNING, what, helps, named(short))


def _topics(cluster: Cluster, bundle: Bundle | None, place: Place) -> Iterator[Finding]:
    agencies = bundle.agencies if bundle else ()
    results = [agency.code for agency in agencies if agency.results_topic]
    plan = list(wanted([agency.code for agency in agencies], results, place.settings.log_partitions))
    if missing := [one.name for one in plan if one.name not in cluster.topics]:
        what = MISSING.of(topics=many(len(missing), "topic", vi="topic"))
        yield Finding(AREA, Severity.BAD, what, "hoso topics apply", named(missing))
    counts = {one.name: one.partitions for one in plan}
    if other := [name for name, count in counts.items() if cluster.topics.get(name, count) != count]:
        what = OTHER_COUNT.of(topics=many(len(other), "topic", vi="topic"))
        has = [HAS_COUNT.of(topic=name, count=cluster.topics[name], wanted=counts[name]) for name in other[:3]]
        yield Finding(AREA, Severity.WARNING, what, "hoso topics list", listed(has))
    yield from _fewer(cluster, [one.name for one in plan], place)


def _fewer(cluster: Cluster, names: list[str], place: Place) -> Iterator[Finding]:
    """Topics of the plan that were made with fewer copies than are asked for; `hoso topics apply` adds none."""
    wanted = place.settings.replication or cluster.enough
    # A topic that could not be described has no partitions, and no copies to count.
    short = [name for name in names if 0 < cluster.copies.get(name, 0) < wanted]
    if short:
        what = FEWER_THAN_ASKED.of(topics=many(len(short), "topic", vi="topic"), wanted=wanted)
        has = [HAS_COPIES.of(topic=name, count=cluster.copies[name]) for name in short]
        move = f"kafka-reassign-partitions.sh --bootstrap-server {place.bootstrap}"
        helps = f"{move} --reassignment-json-file copies.json --execute"
        yield Finding(AREA, Severity.WARNING, what, helps, listed(has))
