"""POST /v1/events says with every status what became of the events, and GET /v1/events/last where to resume."""

import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.edge import body
from connectors.edge.quota import Quotas
from schemas.dossier import LOG
from schemas.notice import REJECTIONS
from tests.builders import CODE, SAMPLES
from tests.connectors.edge.conftest import Rig


def a_sample(number: str = "01", **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(SAMPLES.glob(f"{number}-*.json")).read_bytes())
    return found | {"id": str(uuid.uuid4()), "time": "2020-11-02T08:15:00+07:00"} | changes


@pytest.fixture
def away(rig: Rig) -> Iterator[None]:
    rig.producer.away = True
    yield
    rig.producer.away = False


def test_one_event_is_taken(rig: Rig) -> None:
    said = a_sample()

    answer = rig.client.post("/v1/events", json=said, headers=rig.auth())

    assert (answer.status_code, answer.json()) == (202, {"accepted": [said["id"]], "rejected": []})
    assert said["id"] in {fact.id for fact in rig.producer.on(LOG)}


def test_of_a_batch_each_event_has_its_own_answer(rig: Rig) -> None:
    good, bad = a_sample(), a_sample("32", time="2020-11-02T09:05:00+07:00")

    answer = rig.client.post("/v1/events", json=[good, bad, 7], headers=rig.auth())

    assert answer.status_code == 202
    assert answer.json()["accepted"] == [good["id"]]
    first, second = answer.json()["rejected"]
    assert first["id"] == bad["id"]
    assert {one["field"] for one in first["errors"]} == {"data.procedure_code", "data.channel", "data.contact"}
    assert second == {"id": None, "errors": second["errors"]}
    assert bad["id"] in {one.data.id for one in rig.producer.on(REJECTIONS)}


def test_a_repetition_is_taken_again(rig: Rig) -> None:
    said = a_sample()

    answers = [rig.client.post("/v1/events", json=said, headers=rig.auth()) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()


def test_the_binary_form_is_taken(rig: Rig) -> None:
    said = a_sample()
    attributes = {f"ce-{name}": value for name, value in said.items() if isinstance(value, str)}

    answer = rig.client.post("/v1/events", json=said["data"], headers=rig.auth() | attributes)

    assert (answer.status_code, answer.json()["accepted"]) == (202, [said["id"]])


def is_a_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["detail"].endswith(".")
    return said


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"a": NaN}', b"[1,", b"[" * 100_000])
def test_400_what_is_not_json(rig: Rig, raw: bytes) -> None:
    is_a_problem(rig.client.post("/v1/events", content=raw, headers=rig.auth()), 400)


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer hoso_wrong"}, {"authorization": "Basic x"}])
def test_401_without_a_good_key(rig: Rig, header: dict[str, str]) -> None:
    answer = rig.client.post("/v1/events", json=a_sample(), headers=header)

    is_a_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_403_for_another_agencys_events(rig: Rig) -> None:
    before = len(rig.producer.on(LOG))

    said = is_a_problem(rig.client.post("/v1/events", json=a_sample(), headers=rig.auth("H29.99")), 403)

    assert "source" in {error["field"] for error in said["rejected"][0]["errors"]}
    assert len(rig.producer.on(LOG)) == before


@pytest.mark.parametrize("source", [None, 7, ""])
def test_422_where_an_event_names_nobody_as_its_source(rig: Rig, source: object) -> None:
    event = {**a_sample(), "source": source}
    if source is None:
        del event["source"]

    said = is_a_problem(rig.client.post("/v1/events", json=event, headers=rig.auth()), 422)

    assert "source" in {error["field"] for error in said["rejected"][0]["errors"]}


def test_403_for_an_agency_that_is_no_more(rig: Rig) -> None:
    is_a_problem(rig.client.post("/v1/events", json=a_sample(), headers=rig.auth("H29.55")), 403)


def test_409_for_an_id_used_for_something_else(rig: Rig) -> None:
    said = a_sample()
    rig.client.post("/v1/events", json=said, headers=rig.auth())

    other = said | {"data": said["data"] | {"channel": "COUNTER"}}
    problem = is_a_problem(rig.client.post("/v1/events", json=other, headers=rig.auth()), 409)

    assert problem["rejected"][0]["errors"][0]["field"] == "id"


def test_413_for_a_body_too_long_before_it_is_read(rig: Rig) -> None:
    answer = rig.client.post("/v1/events", content=b" " * (1024 * 1024 + 1), headers=rig.auth())

    is_a_problem(answer, 413)


def test_413_for_a_body_too_long_that_does_not_say_so(rig: Rig) -> None:
    def drops() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 32 * 1024

    is_a_problem(rig.client.post("/v1/events", content=drops(), headers=rig.auth()), 413)


def test_413_for_too_many_events(rig: Rig) -> None:
    is_a_problem(rig.client.post("/v1/events", json=[1] * 501, headers=rig.auth()), 413)


def test_422_when_nothing_is_let_in(rig: Rig) -> None:
    said = is_a_problem(
        rig.client.post("/v1/events", json=[a_sample("31", time="2020-11-02T08:15:00")], headers=rig.auth()), 422
    )

    assert "time" in {error["field"] for error in said["rejected"][0]["errors"]}


def test_422_for_an_empty_array(rig: Rig) -> None:
    is_a_problem(rig.client.post("/v1/events", json=[], headers=rig.auth()), 422)


def test_422_for_an_event_too_large(rig: Rig) -> None:
    said = is_a_problem(rig.client.post("/v1/events", json=a_sample(padding="x" * 140_000), headers=rig.auth()), 422)

    assert said["rejected"][0]["errors"][0]["field"] == "event"


def test_429_beyond_an_agencys_quota(rig: Rig) -> None:
    events = [1, 2]
    first = rig.client.post("/v1/events", json=events, headers=rig.auth("H29.05"))

    second = rig.client.post("/v1/events", json=events, headers=rig.auth("H29.05"))

    assert first.status_code == 422
    is_a_problem(second, 429)
    assert 0 < int(second.headers["retry-after"]) <= 61


@pytest.mark.usefixtures("away")
def test_503_while_it_cannot_be_made_durable(rig: Rig) -> None:
    answer = rig.client.post("/v1/events", json=a_sample(), headers=rig.auth())

    is_a_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


def test_what_was_not_durable_is_taken_when_it_comes_again(rig: Rig) -> None:
    said = a_sample()
    rig.producer.away = True
    refused = rig.client.post("/v1/events", json=said, headers=rig.auth())
    rig.producer.away = False

    taken = rig.client.post("/v1/events", json=said, headers=rig.auth())

    assert (refused.status_code, taken.status_code) == (503, 202)


def test_404_and_405_are_problems_too(rig: Rig) -> None:
    is_a_problem(rig.client.get("/nowhere"), 404)
    is_a_problem(rig.client.delete("/v1/events"), 405)


def test_the_last_event_of_a_source_is_known(rig: Rig) -> None:
    said = a_sample()
    rig.client.post("/v1/events", json=said, headers=rig.auth())

    answer = rig.client.get("/v1/events/last", headers=rig.auth())

    (last,) = answer.json()["last"]
    assert (last["source"], last["id"]) == ("/agencies/H29.12", said["id"])


def test_keys_of_no_agency_read_nothing(rig: Rig) -> None:
    for path in ("/v1/events/last", "/v1/feed", f"/v1/dossiers/{CODE}"):
        is_a_problem(rig.client.get(path), 401)


def test_408_for_a_body_that_never_ends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "PATIENCE_SECONDS", 0.2)
    key = rig.auth()["authorization"]
    url = rig.client.base_url

    with socket.create_connection((url.host, url.port or 80), timeout=10) as slow:
        slow.sendall(
            f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: {key}\r\ncontent-length: 9\r\n\r\n[".encode()
        )
        answer = slow.recv(4096).decode()

    assert answer.startswith("HTTP/1.1 408")


def test_a_bucket_holds_a_minutes_worth_and_fills_evenly() -> None:
    at = [0.0]
    quotas = Quotas(lambda: at[0])

    assert quotas.take("A", 60, 60) == 0
    assert quotas.take("A", 1, 60) == 1
    assert quotas.take("B", 1, 60) == 0
    at[0] = 30
    assert quotas.take("A", 30, 60) == 0
    at[0] = 120
    assert quotas.take("A", 500, 60) == 0, "a batch above a minute's worth passes a full bucket"
    assert quotas.take("A", 1, 60) > 400
