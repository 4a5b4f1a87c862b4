"""A small city's whole life against a pipeline of forty lines: all it says is valid, everything comes to an end."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from sandbox.agency import Told
from sandbox.app import Rehearsal
from schemas.dossier import DossierFact
from schemas.event import Event, NotAnEvent
from schemas.instant import now
from schemas.topics import TOPICS
from tests.sandbox.stage import (
    MONDAY,
    Customer,
    Desk,
    a_clock,
    a_clock_of_days,
    a_desk,
    on_stage,
    some_agencies,
    some_settings,
)

DOORS = "H29.07:http,H29.12:http,H29.21:http,H29.64:http"
DOSSIERS = 52
assert TOPICS


@dataclass
class Pipeline:
    """Lets valid events in and orders from the post what they ask for: each leg once."""

    customer: Customer
    bodies: list[dict[str, Any]] = field(default_factory=list)
    by_post: dict[str, str] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    orders: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, _path: str, body: bytes) -> tuple[int, bytes]:
        """POST /v1/events."""
        accepted, rejected = [], []
        with self.lock:
            for raw in msgspec.json.decode(body):
                try:
                    event = Event.decode(msgspec.json.encode(raw))
                except NotAnEvent as error:
                    rejected.append({"id": raw["id"], "errors": [{"field": "?", "problem": str(error)}]})
                    continue
                assert isinstance(event, DossierFact)
                accepted.append(event.id)
                self.bodies.append(raw)
                self.act(raw["type"].split(".")[3], raw["subject"], raw["data"])
        return (202 if accepted else 422), msgspec.json.encode({"accepted": accepted, "rejected": rejected})

    def act(self, fact: str, dossier: str, data: dict[str, Any]) -> None:
        """What the fact asks of the post."""
        match fact:
            case "received" if data["return_mode"] == "POST":
                self.by_post[dossier] = data["contact"]["phone"]
            case "collection_registered":
                self.order(f"{dossier}/C1", data["contact"]["phone"])
            case "collection_cancelled" | "return_cancelled":
                self.by_post.pop(dossier, None)
                self.cancel(f"{dossier}/{'C1' if fact.startswith('coll') else 'D1'}")
            case "handover_signed" if data["leg"] == "C1":
                self.collected.add(dossier)
            case "withdrawn" if dossier in self.collected:
                self.order(f"{dossier}/R1", "0900000901")
            case "result_ready" if data["physical"] and dossier in self.by_post:
                self.order(f"{dossier}/D1", self.by_post[dossier])
            case "return_registered":
                self.order(f"{dossier}/D2", data["contact"]["phone"])

    def order(self, reference: str, phone: str) -> None:
        """Order once; a call that is not answered is taken for good, as the post says it should be."""
        if reference in self.orders:
            return
        self.orders[reference] = ""
        try:
            answer = self.customer.create(reference, phone)
        except requests.ConnectionError:
            return
        self.orders[reference] = answer.json().get("originalID", "")

    def cancel(self, reference: str) -> None:
        """Ask to cancel."""
        if original_id := self.orders.get(reference):
            self.customer.cancel(original_id)


@dataclass
class Lived:
    """A city after its two weeks."""

    stage: Rehearsal
    pipeline: Pipeline
    ledger: dict[str, Any]
    post: dict[str, Any]
    progress: dict[str, Any]


def refuse(stage: Rehearsal, pipeline: Pipeline) -> None:
    """Tell agencies of refused orders, as the pipeline would."""
    for running in list(stage.city.running.values()):
        reference = f"{running.life.code}/D1"
        if (
            running.waits_for == "D1:PICKED_UP"
            and pipeline.orders.get(reference) == ""
            and not stage.post.find("2", reference)
        ):
            stage.city._signal(running.life.code, "D1:refused", now().timestamp())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder: Path = tmp_path_factory.mktemp("city")
    some_agencies(folder, "H29.07", "H29.12", "H29.21", "H29.64")
    desk: Desk
    with a_desk() as desk:
        settings = some_settings(
            folder,
            edge_url=desk.address,
            webhook_url=f"{desk.address}/v1/webhooks/myvnpost",
            city_agencies=DOORS,
            city_dossiers=DOSSIERS,
            sandbox_token_seconds=600,
        )
        with on_stage(settings, a_clock()) as (stage, address):
            pipeline = Pipeline(Customer(address))
            desk.answers = lambda path, body: pipeline.take(path, body) if path == "/v1/events" else (200, b"{}")
            # Only now do the days fly: however long the stage took to set, the city begins on the Monday.
            stage.timers.clock.segments = a_clock_of_days().segments
            assert requests.post(f"{address}/city", timeout=60).status_code == 202

            def over() -> bool:
                refuse(stage, pipeline)
                return bool(stage.city.progress()["nothing_left_to_send"])

            assert desk.wait_for(over, 60), stage.city.progress()
            progress = requests.get(f"{address}/progress", timeout=60).json()
            yield Lived(stage, pipeline, stage.city.ledger(), stage.post.ledger(), progress)


def test_every_dossier_comes_to_its_end(lived: Lived) -> None:
    assert lived.progress["dossiers"] == {
        "planned": DOSSIERS,
        "known": DOSSIERS,
        "begun": DOSSIERS,
        "finished": DOSSIERS,
    }
    assert lived.progress["waiting_for_the_post"] == {}


def test_every_event_that_ought_to_be_let_in_was_and_no_other(lived: Lived) -> None:
    verdicts = Counter((one["expects"], one["verdict"]) for one in lived.ledger["events"])

    assert verdicts["accepted", "rejected"] == 0
    assert verdicts["accepted", "accepted"] > 3 * DOSSIERS
    assert verdicts["rejected", "rejected"] >= 2
    assert verdicts["repetition", "accepted"] > 0
    assert verdicts["conflict", "accepted"] == 1


def test_an_event_is_never_sent_before_its_time(lived: Lived) -> None:
    assert all(one["time"] <= one["sent_driven"] for one in lived.ledger["events"])


def test_a_dossier_s_agencies_sign_when_the_postman_walks_in(lived: Lived) -> None:
    handed = {one["data"]["leg"][0] for one in lived.pipeline.bodies if "handover_signed" in one["type"]}
    picked_up = {one["reference"]: one["scans"] for one in lived.post["parcels"] if one["leg"][0] == "D"}

    assert handed == {"C", "D", "R"}
    for raw in lived.pipeline.bodies:
        if "handover_signed" in raw["type"] and raw["data"]["leg"].startswith("D"):
            scans = picked_up[f"{raw['subject']}/{raw['data']['leg']}"]
            assert [scan["at"] for scan in scans if scan["status"] == 6] <= [raw["time"]]


def test_a_collected_dossier_is_received_after_the_minutes(lived: Lived) -> None:
    for dossier in lived.ledger["dossiers"]:
        if dossier["kind"] == "collected_post":
            assert dossier["facts"][:3] == ["collection_registered", "handover_signed", "received"]


def test_what_came_back_goes_out_again_or_is_fetched_at_the_counter(lived: Lived) -> None:
    back = {one["dossier"] for one in lived.post["parcels"] if one["final"] == 19 and one["leg"] == "D1"}

    assert back
    assert {one["returned"] for one in lived.ledger["dossiers"] if one["code"] in back} <= {"COUNTER", "D2"}


def test_a_late_result_comes_after_its_due_date_and_an_extended_one_before(lived: Lived) -> None:
    by_kind = {one["kind"]: one for one in lived.ledger["dossiers"]}

    assert by_kind["missed"]["result_ready_at"][:10] > by_kind["missed"]["due_on"]
    assert by_kind["extended"]["result_ready_at"][:10] <= by_kind["extended"]["due_on"]
    assert by_kind["on_the_day"]["result_ready_at"][:10] == by_kind["on_the_day"]["due_on"]


def test_the_department_s_word_may_overtake_the_ward_s(lived: Lived) -> None:
    ahead = next(one["code"] for one in lived.ledger["dossiers"] if one["kind"] == "ahead")

    said = [one for one in lived.ledger["events"] if one["dossier"] == ahead and one["expects"] == "accepted"]

    assert [one["fact"] for one in said][:2] == ["result_ready", "received"]
    assert said[1]["time"] < said[0]["time"]
    assert said[0]["agency"] == "H29.64" != said[1]["agency"]


def test_no_reference_has_two_parcels_where_nobody_sends_twice(lived: Lived) -> None:
    assert lived.post["duplicates"] == {}


def test_one_agency_was_away_for_a_working_day(lived: Lived) -> None:
    away = lived.stage.agencies.get("H29.12")

    assert away is not None
    ((since, until),) = away.away
    assert until - since == pytest.approx(86_400)


def test_a_story_is_one_named_dossier_told_once(tmp_path: Path) -> None:
    some_agencies(tmp_path, "H29.07", "H29.12")
    with a_desk() as desk:
        settings = some_settings(tmp_path, edge_url=desk.address, city_agencies="H29.07:http,H29.12:http")
        with on_stage(settings, a_clock(MONDAY)) as (stage, address):
            pipeline = Pipeline(Customer(address))
            desk.answers = pipeline.take
            code = requests.post(f"{address}/story", timeout=60).json()["dossier"]
            again = requests.post(f"{address}/story", timeout=60)
            stage.timers.clock.segments = a_clock(MONDAY, 40_000).segments
            assert desk.wait_for(lambda: stage.city.running[code].finished)
            told = requests.get(f"{address}/story/{code}", timeout=60).json()

    assert code == "H29.12-261102-0001"
    assert again.status_code == 409
    assert told["facts"] == ["submitted", "received", "assigned", "result_ready", "handover_signed"]


def a_word(kind: str, dossier: str, payload: dict[str, Any]) -> Told:
    return Told(f"notice-{kind}", kind, dossier, 1, f"vn.hoso.notice.{kind}.v1", "", 0, 0, {"payload": payload})


def test_an_event_that_came_too_early_to_count_is_said_once_more_by_its_agency(lived: Lived) -> None:
    before = next(one for one in lived.ledger["events"] if one["fact"] == "assigned")
    rejected = a_word("rejected", before["dossier"], {"id": before["id"], "reason": "NO_STANDING"})
    conflict = a_word("rejected", before["dossier"], {"id": before["id"], "reason": "CONFLICT"})

    lived.stage.city.on_notice(before["agency"], conflict)
    lived.stage.city.on_notice("H29.99", rejected)
    lived.stage.city.on_notice(before["agency"], rejected)
    lived.stage.city.on_notice(before["agency"], rejected)

    again = [one.id for one in lived.stage.city.events if one.id.startswith(before["id"]) and one.again]
    assert again == [before["id"], f"{before['id']}-again"]


def test_a_heap_is_sent_at_once_and_its_repetitions_are_the_same_bytes(tmp_path: Path) -> None:
    some_agencies(tmp_path, "H29.07", "H29.12")
    with a_desk() as desk:
        settings = some_settings(tmp_path, edge_url=desk.address, city_agencies="H29.07:http,H29.12:http")
        with on_stage(settings, a_clock(MONDAY + timedelta(hours=1))) as (stage, address):
            first = requests.post(f"{address}/heap", json={"nth": 1, "dossiers": 4, "repeated": 9}, timeout=60).json()
            assert desk.wait_for(
                lambda: len(stage.city.events) == 12 and stage.city.progress()["events"]["unanswered"] == 0
            )
            said = {event["id"]: event for _, body, _ in desk.bodies for event in msgspec.json.decode(body)}
            second = requests.post(f"{address}/heap", json={"nth": 2, "dossiers": 0, "repeated": 9}, timeout=60).json()
            assert desk.wait_for(lambda: stage.city.progress()["events"]["accepted"] == 21)

    again = [event for _, body, _ in desk.bodies for event in msgspec.json.decode(body)][12:]
    assert (first, second) == ({"sent": 4}, {"sent": 9})
    assert {event["type"].split(".")[3] for event in said.values()} == {"received", "assigned", "result_ready"}
    assert [event for event in again if event["id"] in said] == [
        said[event["id"]] for event in again if event["id"] in said
    ]
    assert len([event for event in again if event["id"] in said]) == 9
