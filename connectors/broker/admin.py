"""The cluster itself: its topics and their settings."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from connectors.broker.copies import copies, enough, safe
from connectors.broker.record import answering
from connectors.verdicts import TryLater
from schemas.login import LoginSettings


@contextmanager
def admin(bootstrap: str, timeout_ms: int = 10_000) -> Iterator[Any]:
    """kafka-python's admin client for the length of a block; its errors come out as TryLater."""
    with answering("no broker"):
        client = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            client_id="hoso",
            bootstrap_timeout_ms=timeout_ms,
            # As often as there is time for: the library's own pauses grow longer than that.
            reconnect_backoff_max_ms=200,
            **LoginSettings().client(),
        )
        try:
            yield client
        finally:
            client.close()


@dataclass(frozen=True, slots=True)
class Place:
    """A topic as it should be."""

    name: str
    partitions: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Short:
    """A topic with fewer copies than it should have."""

    topic: str
    copies: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Made:
    """What became of asking for topics: those that are new, those there with another partition count, and those there
    with fewer copies.
    """

    created: list[str]
    different: list[tuple[Place, int]]
    short: list[Short]


def make_topics(bootstrap: str, places: Sequence[Place], replication: int | None = None) -> Made:
    """Make the missing ones in one call, and set the settings of the others right.

    Without `replication` there are as many copies as brokers, three at most. How many a topic has already stays.
    """
    with admin(bootstrap) as client:
        described = [topic for topic in client.describe_topics() if not topic["error_code"]]
        brokers = [one["broker_id"] for one in client.describe_cluster()["brokers"]]
        wanted = replication or enough(brokers, described)
        there = {topic["name"]: topic for topic in described}
        missing = [place for place in places if place.name not in there]
        if missing:
            _create(client, missing, wanted)
        kept = [(place, there[place.name]) for place in places if place.name in there]
        _correct(client, {place.name: place.config | safe(copies(topic)) for place, topic in kept})
        counts = [(place, len(topic["partitions"])) for place, topic in kept]
        return Made(
            created=[place.name for place in missing],
            different=[(place, count) for place, count in counts if count != place.partitions],
            short=[Short(place.name, copies(topic), wanted) for place, topic in kept if copies(topic) < wanted],
        )


def topic_id(bootstrap: str, topic: str) -> str:
    """What tells a topic from another one that once bore its name. Raises TryLater, also where there is none."""
    with admin(bootstrap) as client:
        found = client.describe_topics([topic])[0]
    if found["error_code"]:
        raise TryLater(f"there is no topic {topic}: `hoso topics apply` makes it")
    return str(found["topic_id"])


def _create(client: Any, places: Sequence[Place], replication: int) -> None:
    asked = {
        place.name: {
            "num_partitions": place.partitions,
            "replication_factor": replication,
            "configs": place.config | safe(replication),
        }
        for place in places
    }
    result = client.create_topics(asked, raise_errors=False)
    for topic in result["topics"]:
        error: type[KafkaError] = for_code(topic["error_code"])
        # Another process may have been quicker: what was wanted is there.
        if topic["error_code"] and error is not TopicAlreadyExistsError:
            raise TryLater(f"topic {topic['name']} cannot be made: {error.__name__} {topic.get('error_message') or ''}")
    client.wait_for_topics([place.name for place in places])


def _correct(client: Any, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """Change those settings that differ, and only those."""
    if not wanted:
        return
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted]
    found = client.describe_configs(asked, config_filter="all")["topic"]
    changes = [
        ConfigResource(ConfigResourceType.TOPIC, name, differing)
        for name, config in wanted.items()
        if (differing := {k: v for k, v in config.items() if found[name].get(k, {}).get("value") != v})
    ]
    if changes:
        client.alter_configs(changes)
