"""The quotas that `hoso topics apply --acls` sets, at the broker: who sends too much waits alone and loses nothing."""

import json
from typing import Any

import pytest
from kafka import KafkaProducer

from connectors.access import EVENT_BYTES
from connectors.broker import read_key
from connectors.broker.rights import Does, On, Right, give
from connectors.broker.users import quotas_of, set_quotas
from schemas.topics import agency_topic
from tests.connectors.secured.conftest import QUICK, SLOW, Cluster

pytestmark = pytest.mark.broker
KEY = b"many at once"
EVENTS = 16
"""The broker counts ten seconds together, so that many at once are too many for one a second, by some seconds."""


def test_an_agency_that_publishes_more_than_its_quota_waits_and_another_beside_it_does_not(cluster: Cluster) -> None:
    for agency in (SLOW, QUICK):
        cluster.let_in(agency)
    producers = {agency: publishing(cluster, agency) for agency in (SLOW, QUICK)}
    sent = [one for agency, producer in producers.items() for one in published(producer, agency)]

    for one in sent:
        one.get(timeout=60)
    waits = {agency: longest_wait(producer) for agency, producer in producers.items()}

    quotas = quotas_of(cluster.bootstrap)
    assert {agency: quotas[agency]["producer_byte_rate"] for agency in waits} == {SLOW: 4096.0, QUICK: 409_600.0}
    assert waits[SLOW] > 0 and waits[QUICK] == 0
    for agency in waits:
        there = read_key(cluster.bootstrap, agency_topic(agency), KEY)
        assert [int(record.value or b"") for record in there] == list(range(EVENTS))


def test_the_quota_of_an_agency_that_left_goes_with_its_rights(cluster: Cluster) -> None:
    left, stranger = "H29.77", "somebody-else"
    give(cluster.bootstrap, [Right(left, Does.WRITE, On.TOPIC, agency_topic(left))])
    set_quotas(cluster.bootstrap, {user: {"producer_byte_rate": 4096.0} for user in (left, stranger)})

    shown = json.loads(cluster.hoso("topics", "apply", "--acls", "--dry-run", "--json"))
    taken = json.loads(cluster.hoso("topics", "apply", "--acls", "--prune", "--json"))

    assert list(shown["quotas_too_much"]) == list(taken["quotas_taken"]) == [left]
    assert left not in quotas_of(cluster.bootstrap) and stranger in quotas_of(cluster.bootstrap)
    set_quotas(cluster.bootstrap, {stranger: {"producer_byte_rate": None}})


def publishing(cluster: Cluster, agency: str) -> KafkaProducer:
    """A plain client with an agency's credentials."""
    login = cluster.papers.login(agency).client()
    return KafkaProducer(bootstrap_servers=cluster.bootstrap, batch_size=EVENT_BYTES, **login)


def published(producer: KafkaProducer, agency: str) -> list[Any]:
    """The events given to the client, which sends them as the broker lets it."""
    values = (f"{number:0{EVENT_BYTES - 200}d}".encode() for number in range(EVENTS))
    return [producer.send(agency_topic(agency), value, KEY) for value in values]


def longest_wait(producer: KafkaProducer) -> float:
    """How long the broker told it to wait at most, in milliseconds."""
    told = float(producer.metrics()["producer-metrics"]["throttle-time-max"])
    producer.close()
    return told
