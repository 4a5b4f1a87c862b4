"""One dossier's way through HTTP and Kafka is one trace, from the agency's call to its callback, and names nobody."""

import json
from typing import Any

from kafka import KafkaProducer

from schemas import trace
from schemas.dossier import LOG
from schemas.topics import agency_topic
from tests.collector import Collector, Span
from tests.e2e.house import FIRST_TRY, House, a_contact

AGENCYS_SPAN = "b" * 16
RECEIVED, READY, ON_KAFKA = (f"00-{letter * 32}-{AGENCYS_SPAN}-01" for letter in "acd")


def named(spans: list[Span], service: str, name: str) -> list[Span]:
    return [one for one in spans if (one.service, one.name) == (service, name)]


def above(spans: list[Span], span: Span) -> list[tuple[str, str]]:
    """The spans above one, from its parent to the first; whoever is not told of ends the way."""
    by_id, way = {one.id: one for one in spans}, []
    while (found := by_id.get(span.parent)) is not None:
        way.append((found.service, found.name))
        span = found
    return way


def orphans(spans: list[Span]) -> set[str]:
    """The parents that nobody told of."""
    return {one.parent for one in spans if one.parent} - {one.id for one in spans}


def state(house: House, code: str, fact: str, traceparent: str, **data: Any) -> None:
    event = house.event(code, fact, **data) | {"traceparent": traceparent}
    assert house.post("/v1/events", event).status == 202


def received(house: House, code: str, traceparent: str) -> None:
    given = {"procedure_code": "1.004873", "channel": "ONLINE", "receiving_agency": "H29.12", "return_mode": "POST"}
    given |= {"competent_agency": "H29.12"}
    state(house, code, "received", traceparent, **given, contact=a_contact(FIRST_TRY))


def test_a_dossiers_way_is_one_trace_from_the_agencys_call_to_its_callback(house: House, collector: Collector) -> None:
    code = house.a_code()

    received(house, code, RECEIVED)
    house.wait_told(code, "deadline_set")

    spans = collector.wait("the way of a fact", "admit", "fold", "callback", trace=trace.trace_in(RECEIVED))
    (admitted,) = named(spans, "edge", "admit")
    assert admitted.parent == AGENCYS_SPAN
    (called, *_) = named(spans, "notify", "callback")
    assert above(spans, called) == [("worker", "fold"), ("edge", "admit")]
    assert orphans(spans) == {AGENCYS_SPAN}
    assert called.tells["hoso.status"] == 200


def test_the_post_is_part_of_it_and_what_a_carrier_says_begins_another(house: House, collector: Collector) -> None:
    code = house.a_code()
    received(house, code, trace.begun())
    state(house, code, "result_ready", READY, outcome="APPROVED", physical=True)
    house.wait_told(code, "result_delivered")

    ordered = collector.wait("an order", "admit", "fold", "order", "callback", trace=trace.trace_in(READY))
    (sent,) = named(ordered, "dispatch", "order")
    assert above(ordered, sent) == [("worker", "fold"), ("edge", "admit")]
    calls = [above(ordered, one) for one in named(ordered, "notify", "callback")]
    accepted = [("worker", "fold"), ("dispatch", "order"), ("worker", "fold"), ("edge", "admit")]
    assert accepted in calls
    assert orphans(ordered) == {AGENCYS_SPAN}

    [moved, *_] = house.facts(LOG, code, "postal.item_moved")
    news = collector.wait("a webhook", "webhook", "translate", "fold", trace=trace.trace_in(moved.traceparent))
    (webhook,) = named(news, "edge", "webhook")
    assert (webhook.parent, webhook.trace == trace.trace_in(READY)) == ("", False)
    assert any(above(news, one) == [("translate", "translate"), ("edge", "webhook")] for one in news)


def test_a_fact_without_a_trace_begins_one_at_the_gate(house: House, collector: Collector) -> None:
    code = house.a_code()
    house.received(code)
    house.wait_told(code, "deadline_set")

    # As an operator finds it, who has the dossier's code alone.
    said = json.loads(house.hoso("dossier", code, "--json").stdout)["timeline"]
    [begun] = [one["trace"] for one in said if one["type"] == "vn.hoso.dossier.received.v1"]
    spans = collector.wait("its way", "admit", "fold", "callback", trace=begun)

    assert orphans(spans) == set()
    assert [one.name for one in spans if not one.parent] == ["admit"]


def test_a_record_on_kafka_brings_its_trace_in_a_header(house: House, collector: Collector) -> None:
    code = house.a_code()
    event = house.event(
        code,
        "received",
        procedure_code="1.004873",
        channel="ONLINE",
        receiving_agency="H29.12",
        competent_agency="H29.12",
        return_mode="COUNTER",
    )
    client: KafkaProducer = house.kafka_client
    headers = [("traceparent", ON_KAFKA.encode())]
    client.send(agency_topic("H29.12"), json.dumps(event).encode(), code.encode(), headers).get(timeout=60)
    house.wait_told(code, "deadline_set")

    spans = collector.wait("its way", "admit", "fold", "callback", trace=trace.trace_in(ON_KAFKA))

    (called, *_) = named(spans, "notify", "callback")
    assert above(spans, called) == [("worker", "fold"), ("intake", "admit")]


def test_no_span_names_a_dossier_or_a_citizen(house: House, collector: Collector) -> None:
    """All that a collector was ever sent, looked through: for this dossier, and for the day in every other's code."""
    code, contact, way = house.a_code(), a_contact(), trace.begun()
    received(house, code, trace.begun())
    state(house, code, "result_ready", way, outcome="APPROVED", physical=True)
    house.wait_told(code, "result_delivered")
    # No callback: where the carrier's news overtakes its answer, the agency hears of the order in the news' trace.
    collector.wait("an order", "admit", "fold", "order", trace=trace.trace_in(way))

    [parcel] = house.parcels(code, "D1")
    sent = b"".join(collector.bodies)
    names = [code, "-261117-", parcel["item"], contact["name"], contact["phone"], contact["address"]["line"]]

    assert b"hoso.agency" in sent and b"hoso.carrier" in sent
    assert [name for name in names if name.encode() in sent] == []
