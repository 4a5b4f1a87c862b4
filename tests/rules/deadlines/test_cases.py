"""The worked cases: the engine agrees with all of them, and refuses what is malformed."""

import json
from typing import Any

import msgspec
import pytest

from rules.deadlines.cases import Refusal, answer
from tests.rules.deadlines.builders import CALENDAR, CASES_PATH, MALFORMED_PATH, written

A_CASE: dict[str, Any] = {
    "id": "a",
    "term": {"amount": 5, "unit": "working_days"},
    "history": [{"kind": "received", "at": "2025-03-03T09:00:00+07:00"}],
}


def answered(case: object) -> dict[str, Any]:
    """The answer to a case, as it is printed."""
    said: dict[str, Any] = json.loads(msgspec.json.encode(answer(json.dumps(case).encode(), CALENDAR)))
    return said


@pytest.mark.parametrize("case", written(CASES_PATH), ids=lambda case: case["id"])
def test_the_engine_agrees_with_the_worked_case(case: dict[str, Any]) -> None:
    assert answered(case) == {"id": case["id"], **case["expect"]}


@pytest.mark.parametrize("case", written(MALFORMED_PATH), ids=lambda case: case["id"])
def test_a_malformed_case_is_refused_by_its_id_and_the_next_is_answered(case: dict[str, Any]) -> None:
    said = answered(case)

    assert said["id"] == case["id"]
    assert bool(said.get("error")) == bool(case["expect"].get("error"))
    assert "error" in said or {"id": case["id"], **case["expect"]} == said


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"5", b'"a"', b"null", b"{}", b'{"id": null}', b"\xff\xfe", b"[" * 100_000, b'{"id": 5}'],
)
def test_a_line_without_a_readable_id_is_refused_without_one(line: bytes) -> None:
    said = answer(line, CALENDAR)

    assert isinstance(said, Refusal)
    assert said.id is None
    assert said.error


@pytest.mark.parametrize(
    "wrong",
    [
        {"term": None},
        {"term": {"amount": True, "unit": "working_days"}},
        {"term": {"amount": "5", "unit": "working_days"}},
        {"term": {"amount": -1, "unit": "same_day"}},
        {"term": {"amount": 10**30, "unit": "calendar_days"}},
        {"term": {"amount": 10**6, "unit": "working_days"}},
        {"term": {"amount": 10**6, "unit": "months"}},
        {"supplement_policy": "PAUSE"},
        {"history": None},
        {"history": [{"kind": "received"}]},
        {"history": [{"kind": "received", "at": 1741000000}]},
        {"history": [{"kind": "received", "at": "0001-01-01T00:00:00+14:00"}]},
        {"history": [{"kind": "received", "at": "2025-03-03"}]},
        {"history": [{"kind": "extended", "at": "2025-03-03T09:00:00Z", "new_due_on": "2025-02-30"}]},
        {"history": [{"kind": "extended", "at": "2025-03-03T09:00:00Z", "new_due_on": None}]},
        {"history": [{"kind": "supplement_received", "at": "2025-03-03T09:00:00Z", "complete": "yes"}]},
        {"as_of": "2025-03-03T09:00:00"},
        {"office_hours": []},
        {"office_hours": [["07:30", "07:30"]]},
        {"office_hours": [["07:30", "11:30"], ["11:00", "17:00"]]},
        {"office_hours": [["07:30", "25:00"]]},
        {"office_hours": [["07:60", "17:00"]]},
        {"office_hours": ["07:30", "17:00"]},
    ],
)
def test_what_the_readme_calls_malformed_is_refused(wrong: dict[str, Any]) -> None:
    said = answered({**A_CASE, **wrong})

    assert said["id"] == "a"
    assert said["error"]


def test_fields_with_other_names_are_ignored_even_inside_an_event() -> None:
    noisy = {
        **A_CASE,
        "supplement_days": "soon",
        "history": [{**A_CASE["history"][0], "id": 7, "complete": "no", "new_due_on": []}],
    }

    assert answered(noisy) == answered(A_CASE)


def test_an_event_after_as_of_is_unknown_but_must_still_be_readable() -> None:
    later = {"kind": "withdrawn", "at": "2025-03-05T09:00:00"}

    said = answered({**A_CASE, "as_of": "2025-03-04T00:00:00Z", "history": [*A_CASE["history"], later]})

    assert "zone" in said["error"]
