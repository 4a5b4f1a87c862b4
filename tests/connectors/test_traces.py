"""A trace from door to door: taken over or begun, carried by what follows, never given to whoever has no part in it."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.asking import Question
from connectors.broker import Message
from connectors.gate.gate import Gate, Offer
from connectors.intake import handle
from connectors.letter_boxes import LetterBoxes
from connectors.settings import REPOSITORY
from connectors.transport import Call, Reply, send
from schemas import trace
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import REJECTIONS
from schemas.postal import ItemMoved, OrderAccepted, Via, WebhookReceived
from tests.builders import SAMPLES, a_bundle
from tests.collector import told
from tests.connectors.carriers.post_double import on, says
from tests.connectors.carrying import a_request
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets
from tests.connectors.test_dispatch import CREATE, a_desk
from tests.connectors.test_poll import a_desk as a_poll
from tests.connectors.test_poll import a_move
from tests.connectors.test_translate import Room, a_record

THEIRS, OTHER = (f"00-{letter * 32}-{'b' * 16}-01" for letter in "ae")


class Doors:
    """A gate and what it published."""

    def __init__(self, folder: Path, store: Any) -> None:
        secrets, self.producer = some_secrets(folder), KeptProducer()
        self.gate = Gate(secrets, store, self.producer, FixedReferences(a_bundle()))
        self.boxes = LetterBoxes(store, secrets.openers_public)

    def admit(self, said: dict[str, Any], header: str | None = None) -> None:
        self.gate.admit([Offer(json.dumps(said).encode(), "H29.12", header)], "http")

    def fact(self) -> Event:
        (fact,) = self.producer.on(LOG)
        return fact


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    with a_store(tmp_path) as store:
        yield Doors(tmp_path, store)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.translate.close()


def a_sample(number: str = "01", **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(SAMPLES.glob(f"{number}-*.json")).read_bytes())
    return found | {"time": "2020-11-02T08:15:00+07:00"} | changes


# ---------------------------------------------------------------- the gate


@pytest.mark.parametrize(
    ("own", "header", "taken"),
    [(THEIRS, OTHER, THEIRS), (None, OTHER, OTHER), ("nonsense", OTHER, OTHER)],
)
def test_an_events_own_trace_comes_before_that_of_what_brought_it(
    doors: Doors, own: str | None, header: str, taken: str
) -> None:
    doors.admit(a_sample(traceparent=own) if own else a_sample(), header)

    assert doors.fact().traceparent == taken


@pytest.mark.parametrize("header", [None, "nonsense"])
def test_without_a_trace_the_gate_makes_one(doors: Doors, header: str | None) -> None:
    with told() as kept:
        doors.admit(a_sample(), header)

    (said,) = kept.said
    assert doors.fact().traceparent == f"00-{said.trace}-{said.span}-01"
    assert (said.row.name, said.parent) == ("admit", None)


def test_a_record_on_an_agencys_topic_brings_its_trace_in_a_header(doors: Doors) -> None:
    raw, headers = json.dumps(a_sample()).encode(), (("traceparent", OTHER.encode()),)

    handle([Message("agency.events.H29.12", 0, 0, b"k", raw, headers)], doors.gate, doors.producer, doors.boxes)

    assert doors.fact().traceparent == OTHER


def test_a_fact_on_the_log_names_the_span_in_which_it_was_let_in(doors: Doors) -> None:
    with told() as kept:
        doors.admit(a_sample(), THEIRS)

    (said,) = kept.said
    assert (said.trace, said.parent) == ("a" * 32, "b" * 16)
    assert doors.fact().traceparent == f"00-{'a' * 32}-{said.span}-01"
    assert said.tells == {
        "agency": "H29.12", "door": "http", "type": "vn.hoso.dossier.submitted.v1", "outcome": "accepted"
    }  # fmt: skip


@pytest.mark.parametrize(("own", "taken"), [(THEIRS, THEIRS), (None, OTHER)])
def test_a_rejection_stays_in_its_events_trace(doors: Doors, own: str | None, taken: str) -> None:
    doors.admit(a_sample("32", **({"traceparent": own} if own else {})), OTHER)

    (rejected,) = doors.producer.on(REJECTIONS)
    assert rejected.traceparent == taken


def test_a_rejection_of_what_names_no_trace_begins_one(doors: Doors) -> None:
    doors.admit(a_sample("32", traceparent="nonsense"))

    (rejected,) = doors.producer.on(REJECTIONS)
    assert trace.known(rejected.traceparent)


# ---------------------------------------------------------------- the post


def test_what_a_carrier_answers_hangs_beneath_the_try_that_it_answers(tmp_path: Path) -> None:
    with told() as kept, a_desk(tmp_path, before=[on(CREATE, says(500))]) as desk:
        desk.takes(a_request(desk.settings).model_copy(update={"traceparent": THEIRS}))
        desk.waits_for(OrderAccepted)
        (fact,) = desk.board.events(OrderAccepted)

    failed, *_, ended = kept.named("order")
    assert (failed.parent, failed.error, failed.tells["attempt"]) == ("b" * 16, "TryLater", 1)
    assert (ended.parent, ended.error, ended.tells["carrier"]) == ("b" * 16, None, "myvnpost")
    assert fact.traceparent == f"00-{'a' * 32}-{ended.span}-01"


def test_a_carrier_is_told_nothing_of_our_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Call] = []

    def overheard(url: str, call: Call, timeout_seconds: float) -> Reply:
        calls.append(call)
        return send(url, call, timeout_seconds)

    monkeypatch.setattr("connectors.partner.send", overheard)
    with told(), a_desk(tmp_path) as desk:
        desk.takes(a_request(desk.settings).model_copy(update={"traceparent": THEIRS}))
        desk.waits_for(OrderAccepted)

    said = [f"{call.path} {dict(call.headers)} {dict(call.query)} {call.json} {call.data!r}" for call in calls]
    assert any(CREATE in one for one in said)
    assert not any("a" * 32 in one or "traceparent" in one.lower() for one in said)


def test_a_webhooks_movement_is_in_the_webhooks_trace_beneath_its_reading(room: Room) -> None:
    webhook = room.a_webhook(a_record(6)).model_copy(update={"traceparent": THEIRS})

    with told() as kept:
        room.takes(webhook)

    (said,), (moved,) = kept.named("translate"), room.moves()
    assert (said.parent, said.tells) == ("b" * 16, {"carrier": "myvnpost", "outcome": "read"})
    assert moved.traceparent == f"00-{'a' * 32}-{said.span}-01"


def test_while_nobody_is_told_a_movement_bears_its_webhooks_trace(room: Room) -> None:
    room.takes(room.a_webhook(a_record(6)).model_copy(update={"traceparent": THEIRS}))

    (moved,) = room.moves()
    assert moved.traceparent == THEIRS


def test_a_carrier_that_is_asked_for_a_movement_answers_in_that_movements_trace(tmp_path: Path) -> None:
    with told() as kept, a_poll(tmp_path) as desk:
        desk.takes(a_move().model_copy(update={"traceparent": THEIRS}))
        desk.until(lambda: bool(desk.board.events(WebhookReceived)))
        [answer, *_] = desk.board.events(WebhookReceived)
        desk.until(lambda: bool(kept.named("ask")))

    (said, *_) = kept.named("ask")
    assert answer.data.via is Via.QUERY
    assert (said.trace, said.parent) == ("a" * 32, "b" * 16)
    assert answer.traceparent == f"00-{'a' * 32}-{said.span}-01"


def test_a_question_that_an_older_release_owed_can_be_read() -> None:
    said = '{"dossier": "H29.12-261102-0001", "leg": "D1", "carrier": "myvnpost", "reference": "r"}'

    assert Question.model_validate_json(said).traceparent is None


# ---------------------------------------------------------------- what tells besides us


def test_every_app_of_ours_forbids_fastapi_to_tell_of_itself() -> None:
    calls = [
        call
        for path in (REPOSITORY / "connectors").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "FastAPI"
    ]

    said = [ast.unparse(one.value) for call in calls for one in call.keywords if one.arg == "telemetry"]

    assert calls and said == ["UNTOLD"] * len(calls)


SPEAKS = """
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from connectors.untold import UNTOLD

kept, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
for given in ({}, {"telemetry": UNTOLD}):
    app = FastAPI(**given)
    app.get("/track/{code}")(lambda code: code)
    assert TestClient(app).get("/track/ABCDEFGHJK").status_code == 200
    print(any("ABCDEFGHJK" in str(dict(span.attributes)) for span in kept.get_finished_spans()))
    kept.clear()
"""


def test_an_app_so_told_says_no_address_and_one_that_is_not_does() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKS], capture_output=True, text=True, check=False, env=dict(os.environ)
    )

    assert done.stdout.split() == ["True", "False"], done.stderr


def test_the_movements_of_one_body_are_in_one_trace(room: Room) -> None:
    records = [a_record(6), a_record(6, itemCode="EA000000022VN", saleOrderCode="H29.12-261102-0002/D1")]

    room.takes(room.a_webhook(*records).model_copy(update={"traceparent": THEIRS}))

    moves: list[ItemMoved] = room.moves()
    assert len({one.subject for one in moves}) == 2 and {one.traceparent for one in moves} == {THEIRS}
