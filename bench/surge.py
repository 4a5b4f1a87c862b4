"""More than the pipeline can take: facts straight onto the agencies' topics at a rate, and what the topics took."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kafka import KafkaProducer

from bench.town import agencies
from sandbox.books import Sent
from sandbox.facts import Known, data_of, envelope, source_of
from sandbox.plan import Life
from schemas.event import CONTENT_TYPE
from schemas.instant import aware
from schemas.topics import agency_topic

SAYS: dict[str, dict[str, Any]] = {
    "received": {},
    "assigned": {},
    "result_ready": {"outcome": "APPROVED", "physical": True, "fee": 0},
    "result_returned": {"mode": "COUNTER"},
}
AT_COUNTER = ("received", "assigned", "result_ready", "result_returned")
BY_POST = AT_COUNTER[:-1]
TOGETHER = 500
"""So many dossiers are under way at once: everybody's first fact, then everybody's second."""


@dataclass(frozen=True, slots=True)
class Surge:
    """What was sent: the city's rows for the reckoning, and at what rate the topics took it."""

    events: list[dict[str, Any]]
    dossiers: list[dict[str, Any]]
    per_second: float
    began: float
    ended: float


def pour(bootstrap: str, lives: Sequence[Life], rate: float, seconds: float) -> Surge:
    """Publish these lives' facts at this rate for so long, each on its topic; all are acknowledged after it."""
    producer = KafkaProducer(bootstrap_servers=bootstrap.split(","), acks="all", linger_ms=20, client_id="bench-surge")
    rows, dossiers, sent = list[dict[str, Any]](), list[dict[str, Any]](), list[Any]()
    began, wanted = time.time(), round(rate * seconds)
    for start in range(0, len(lives), TOGETHER):
        together = lives[start : start + TOGETHER]
        for place in range(len(AT_COUNTER)):
            for number, life in enumerate(together, start):
                facts = BY_POST if life.return_mode == "POST" else AT_COUNTER
                if place < len(facts):
                    time.sleep(max(0.0, began + len(rows) / rate - time.time()))
                    row, body = _fact(life, number, place, facts[place])
                    rows.append(row)
                    headers = [("content-type", CONTENT_TYPE)]
                    sent.append(producer.send(agency_topic(life.agency), body, life.code.encode(), headers))
        dossiers += [{"code": life.code, "facts": list(_facts(life))} for life in together]
        if len(rows) >= wanted:
            break
    for one in sent:
        one.get(timeout=60)
    ended = time.time()
    producer.close()
    return Surge(rows, dossiers, len(rows) / (ended - began), began, ended)


def at_any_desk(lives: Sequence[Life]) -> list[Life]:
    """The same lives, all decided where they are handed in, all by Kafka: no order holds between two topics."""
    desks = agencies()[1::2]
    found = []
    for number, life in enumerate(lives):
        desk = desks[number % len(desks)]
        code = f"{desk}-{life.code.rsplit('-', 2)[1]}-{900_000 + number // len(desks)}"
        found.append(replace(life, agency=desk, competent=desk, code=code, channel="COUNTER"))
    return found


def _facts(life: Life) -> Sequence[str]:
    return BY_POST if life.return_mode == "POST" else AT_COUNTER


def _fact(life: Life, number: int, place: int, fact: str) -> tuple[dict[str, Any], bytes]:
    at = time.time()
    id = f"{life.code}-{place}-{fact}"
    data = data_of(fact, life, Known(number), SAYS[fact])
    sent = Sent(id, fact, life.agency, "kafka", life.code, "accepted", aware(at), aware(at), at, at)
    return sent.shown(), envelope(source_of(life.agency), id, fact, life.code, aware(at), data)
