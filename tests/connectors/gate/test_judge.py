"""What the gate lets in, and what it says of what it does not."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.gate.judge import Admitted, Rejection, judge
from schemas.event import MOST_BYTES
from schemas.instant import VIETNAM
from schemas.notice import EventRejected
from tests.builders import CODE, CONTACT, SAMPLES, a_bundle, an_agency

BUNDLE = a_bundle()
NOW = datetime(2026, 12, 1, 8, 0, tzinfo=VIETNAM)
GOOD = ("01", "02", "03", "04", "05", "06", "07", "08", "21", "22", "23", "24")


def a_sample(number: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(SAMPLES.glob(f"{number}-*.json")).read_bytes())
    return found


def judged(said: dict[str, Any], caller: str = "H29.12", now: datetime = NOW) -> Admitted | Rejection:
    return judge(json.dumps(said).encode(), caller, BUNDLE, now)


def faulty(said: dict[str, Any], caller: str = "H29.12") -> set[str]:
    found = judged(said, caller)
    assert isinstance(found, Rejection), "it was let in"
    return set(found.fields)


@pytest.mark.parametrize("number", GOOD)
def test_the_samples_are_let_in(number: str) -> None:
    assert isinstance(judged(a_sample(number)), Admitted)


def test_a_time_without_a_zone_is_named() -> None:
    assert "time" in faulty(a_sample("31"))


def test_every_faulty_field_is_named_at_once() -> None:
    found = judged(a_sample("32"))

    assert isinstance(found, Rejection)
    assert found.fields == {"data.procedure_code", "data.channel", "data.contact"}
    assert (found.id, found.subject) == ("sample-32-bad-fields", CODE)


def test_what_only_the_fold_can_refuse_passes() -> None:
    assert isinstance(judged(a_sample("33"), "H29.99"), Admitted)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time": "2026-12-01T08:06:00+07:00"}, "time"),
        ({"time": "1700006400"}, "time"),
        ({"time": 1700006400}, "time"),
        ({"time": "not a time"}, "time"),
        ({"source": "/agencies/H29.99"}, "source"),
        ({"source": "/carriers/myvnpost"}, "source"),
        ({"subject": "H29.12-260231-0001"}, "subject"),
        ({"subject": "nonsense"}, "subject"),
        ({"subject": "H29.99-261102-0001"}, "subject"),
        ({"type": "vn.hoso.dossier.rated.v1"}, "type"),
        ({"type": "vn.hoso.postal.item_moved.v1"}, "type"),
        ({"type": "vn.hoso.dossier.invented.v1"}, "type"),
        ({"type": None}, "type"),
        ({"id": "a\nb"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"specversion": "0.3"}, "specversion"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": "text"}, "data"),
        ({"data": None}, "data"),
    ],
)
def test_a_faulty_envelope_is_named(change: dict[str, Any], field: str) -> None:
    assert field in faulty(a_sample("01") | change)


@pytest.mark.parametrize(
    ("number", "change", "field"),
    [
        ("01", {"procedure_code": "9.999999"}, "data.procedure_code"),
        ("01", {"receiving_agency": "H29.77"}, "data.receiving_agency"),
        ("01", {"invented": 1}, "data.invented"),
        ("02", {"promised_due_on": "1700006400"}, "data.promised_due_on"),
        ("02", {"promised_due_on": 1700006400}, "data.promised_due_on"),
        ("02", {"fee": 1.5}, "data.fee"),
        ("02", {"fee": 200.0}, "data.fee"),
        ("02", {"contact": CONTACT}, "data.contact"),
        ("02", {"contact": {"name": "A"}}, "data.contact.phone"),
        ("02", {"documents": [{"name": "a", "kind": "COPY", "copies": 1, "x": 1}]}, "data.documents.0.x"),
        ("05", {"reason": {"sealed": {"key_id": "k", "box": "b"}}}, "data.reason"),
        ("05", {"reason": "a\u0000b"}, "data.reason"),
        ("06", {"new_due_on": "2026-02-30"}, "data.new_due_on"),
    ],
)
def test_a_faulty_field_of_the_data_is_named(number: str, change: dict[str, Any], field: str) -> None:
    sample = a_sample(number)

    assert field in faulty(sample | {"data": sample["data"] | change})


def test_unknown_attributes_of_the_envelope_are_let_fall() -> None:
    assert isinstance(judged(a_sample("01") | {"partitionkey": "x", "recordedtime": "never"}), Admitted)


def test_an_alias_speaks_for_its_agency() -> None:
    said = a_sample("01") | {"source": "/agencies/000.00.12.H29", "subject": "000.00.12.H29-261102-0001"}

    assert isinstance(judged(said), Admitted)
    assert isinstance(judged(said, "000.00.12.H29"), Admitted)


def test_an_agency_without_the_role_cannot_state_the_fact() -> None:
    bundle = a_bundle(agencies=[an_agency("H29.12", roles=["competent"])])

    found = judge(a_sample("03"), "H29.12", bundle, NOW)
    refused = judge(a_sample("01"), "H29.12", bundle, NOW)

    assert isinstance(found, Admitted), "the competent may ask for papers"
    assert isinstance(refused, Rejection)
    assert refused.fields == {"type"}


def test_five_minutes_ahead_are_forgiven() -> None:
    assert isinstance(judged(a_sample("01") | {"time": (NOW + timedelta(minutes=5)).isoformat()}), Admitted)


def test_an_event_too_large_is_refused_whole() -> None:
    assert faulty(a_sample("01") | {"padding": "x" * MOST_BYTES}) == {"event"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"1", b"\xff\xfe", b"null", b'{"a":' * 5000, b'"\\ud800"'])
def test_bytes_that_are_no_event_are_refused_whole(raw: bytes) -> None:
    found = judge(raw, "H29.12", BUNDLE, NOW)

    assert isinstance(found, Rejection)
    assert found.fields


def test_a_problem_never_repeats_what_it_complains_of() -> None:
    sample = a_sample("02")
    contact = sample["data"]["contact"] | {"phone": "Canary 0901", "name": ["Canary"]}

    found = judged(sample | {"data": sample["data"] | {"contact": contact}})

    assert isinstance(found, Rejection)
    assert "Canary" not in str(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["sealed", "H29.12", CODE]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.data())
def test_no_input_crashes_the_gate_and_every_rejection_names_a_field(data: st.DataObject) -> None:
    said = a_sample(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.sampled_from(["envelope", "data"]))
        part = said if where == "envelope" else said["data"]
        if isinstance(part, dict):
            names = st.sampled_from([*sorted(part), "invented"]) | st.text(max_size=12)
            part[data.draw(names)] = data.draw(JSON)

    found = judge(said, data.draw(st.sampled_from(["H29.12", "H29.99", "H29.77", ""])), BUNDLE, NOW)

    if isinstance(found, Rejection):
        assert found.errors
        assert all(error.field and error.problem.endswith(".") for error in found.errors)
        rejected = EventRejected.Data(id=found.id, subject=found.subject, errors=found.errors)
        assert EventRejected.Data.model_validate_json(rejected.model_dump_json()) == rejected


@settings(max_examples=150)
@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_crash_the_gate(raw: bytes) -> None:
    found = judge(raw, "H29.12", BUNDLE, NOW)

    assert isinstance(found, Rejection)
    assert found.errors
