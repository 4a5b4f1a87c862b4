"""The cluster itself: its topics and their settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

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
class Made:
    """What became of asking for topics: those that are new, and those there with another partition count."""

    created: list[str]
    different: list[tuple[Place, int]]


def make_topics(bootstrap: str, places: Sequence[Place], replication: int = 1) -> Made:
    """Make the missing ones in one call, and set the settings of the others right."""
    with admin(bootstrap) as client:
        there = {
            topic["name"]: len(topic["partitions"]) for topic in client.describe_topics() if not topic["error_code"]
        }
        missing = [place for place in places if place.name not in there]
        if missing:
            _create(client, missing, replication)
        kept = [place for place in places if place.name in there]
        _correct(client, kept)
        different = [(place, there[place.name]) for place in kept if there[place.name] != place.partitions]
        return Made([place.name for place in missing], different)


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
            "configs": place.config | _safe(replication),
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


def _safe(replication: int) -> dict[str, str]:
    """With three copies, two must have a record before it counts, and none that lacks it may lead."""
    return {"min.insync.replicas": str(max(1, replication - 1)), "unclean.leader.election.enable": "false"}


def _correct(client: Any, places: Sequence[Place]) -> None:
    """Change those settings that differ, and only those."""
    if not places:
        return
    asked = [ConfigResource(ConfigResourceType.TOPIC, place.name) for place in places]
    found = client.describe_configs(asked, config_filter="all")["topic"]
    changes = [
        ConfigResource(ConfigResourceType.TOPIC, place.name, differing)
        for place in places
        if (differing := {k: v for k, v in place.config.items() if found[place.name].get(k, {}).get("value") != v})
    ]
    if changes:
        client.alter_configs(changes)
