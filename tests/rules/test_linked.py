"""Several agencies at one dossier: each is told when it is its turn, and the one-stop as each answers."""

from datetime import datetime
from typing import Any

import pytest

from rules.reference import reference_of
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import VERSION, a_bundle, a_fact, an_agency, fold, received

AGENCIES = [an_agency(code) for code in ("H29.12", "H29.30", "H29.31", "H29.99")]
REFERENCE = reference_of(a_bundle(agencies=AGENCIES))
STEPS = [
    {"step": "land", "agency": "H29.30", "due_on": "2026-11-04"},
    {"step": "tax", "agency": "H29.31", "due_on": "2026-11-05"},
]
FORWARDED = a_fact("forwarded", "2026-11-02 10:00", to_agency="H29.99", steps=STEPS)
ASKED = a_fact(
    "consultation_requested",
    "2026-11-03 09:00",
    by="H29.99",
    consultation_id="c1",
    agency="H29.31",
    limit_on="2026-11-06",
)
ANSWERED = a_fact("consultation_answered", "2026-11-04 09:00", by="H29.31", consultation_id="c1", agency="H29.31")
LINKED = {"forwarded", "consultation_requested", "consultation_answered", "step_completed", "step_missed"}


def told(*events: Event) -> list[tuple[str, str, dict[str, Any]]]:
    """Who was told which word of several agencies' work."""
    _, said = fold([received(), *events], reference=REFERENCE)
    return words_in(said)


def words_in(said: list[Event]) -> list[tuple[str, str, dict[str, Any]]]:
    words = [one.data for one in said if one.topic == "agency.notices" and one.data.kind in LINKED]
    return [(one.agency, str(one.kind), one.payload) for one in words]


def test_every_agency_that_a_dossier_is_forwarded_to_hears_of_its_own_steps_and_who_leads() -> None:
    common = {"by": "H29.12", "lead": "H29.30"}

    assert told(FORWARDED) == [
        ("H29.99", "forwarded", common),
        ("H29.30", "forwarded", common | {"steps": [{"step": "land", "due_on": "2026-11-04"}]}),
        ("H29.31", "forwarded", common | {"steps": [{"step": "tax", "due_on": "2026-11-05"}]}),
    ]


def test_the_consulted_agency_hears_the_question_and_its_limit() -> None:
    assert told(FORWARDED, ASKED)[3:] == [
        ("H29.31", "consultation_requested", {"consultation_id": "c1", "limit_on": "2026-11-06", "by": "H29.99"})
    ]


def test_the_one_stop_and_who_asked_hear_the_answer_and_who_gave_it_does_not() -> None:
    answer = {"consultation_id": "c1", "agency": "H29.31"}

    assert told(FORWARDED, ASKED, ANSWERED)[4:] == [
        ("H29.12", "consultation_answered", answer),
        ("H29.99", "consultation_answered", answer),
    ]


@pytest.mark.parametrize(("agency", "step"), [("H29.30", "land"), ("H29.31", "tax")])
def test_the_one_stop_hears_of_each_step_as_it_is_completed(agency: str, step: str) -> None:
    done = a_fact("step_completed", "2026-11-03 15:00", by=agency, step=step, agency=agency)

    assert told(FORWARDED, done)[3:] == [
        (hears, "step_completed", {"step": step, "agency": agency}) for hears in ("H29.12", "H29.99")
    ]


def test_a_step_that_is_missed_is_told_to_its_holder_too() -> None:
    dossier, _ = fold([received(), FORWARDED], reference=REFERENCE)
    fired = due(dossier, VERSION, datetime(2026, 11, 5, 0, 1, tzinfo=VIETNAM))

    _, said = fold(fired, dossier, reference=REFERENCE)

    assert [(agency, kind) for agency, kind, _ in words_in(said)] == [
        ("H29.12", "step_missed"),
        ("H29.99", "step_missed"),
        ("H29.30", "step_missed"),
    ]


MERGED = reference_of(a_bundle(agencies=[*AGENCIES[:2], an_agency("H29.31", aliases=["H29.98"]), AGENCIES[3]]))
"""The office H29.98 is part of H29.31 now, and keeps its old code as a second one."""


@pytest.mark.parametrize("by", ["H29.31", "H29.98"])
def test_an_agency_is_not_told_of_its_own_step_by_whichever_code_it_is_named(by: str) -> None:
    forwarded = a_fact("forwarded", "2026-11-02 10:00", to_agency="H29.98", steps=[STEPS[1] | {"agency": "H29.98"}])
    done = a_fact("step_completed", "2026-11-03 15:00", by=by, step="tax", agency=by)

    _, said = fold([received(), forwarded, done], reference=MERGED)

    assert [agency for agency, kind, _ in words_in(said) if kind == "step_completed"] == ["H29.12"]


def test_an_agency_that_is_named_by_two_codes_is_told_once_of_all_its_steps() -> None:
    steps = [STEPS[0] | {"agency": "H29.98"}, STEPS[1]]
    _, said = fold([received(), a_fact("forwarded", "2026-11-02 10:00", to_agency="H29.98", steps=steps)],
                   reference=MERGED)  # fmt: skip

    own = [{"step": "land", "due_on": "2026-11-04"}, {"step": "tax", "due_on": "2026-11-05"}]
    assert words_in(said) == [("H29.31", "forwarded", {"by": "H29.12", "lead": "H29.31", "steps": own})]


def test_an_agency_that_asks_itself_under_its_old_code_is_not_told() -> None:
    asked = a_fact("consultation_requested", "2026-11-03 09:00", by="H29.31", consultation_id="c2", agency="H29.98",
                   limit_on="2026-11-06")  # fmt: skip
    forwarded = a_fact("forwarded", "2026-11-02 10:00", to_agency="H29.98")

    _, said = fold([received(), forwarded, asked], reference=MERGED)

    assert [kind for _, kind, _ in words_in(said)] == ["forwarded"]


def test_a_fact_that_waited_for_its_standing_is_told_once_it_has_it() -> None:
    late = told(ASKED, FORWARDED)

    assert [(agency, kind) for agency, kind, _ in late] == [
        ("H29.99", "forwarded"),
        ("H29.30", "forwarded"),
        ("H29.31", "forwarded"),
        ("H29.31", "consultation_requested"),
    ]


def test_the_same_fact_twice_is_told_once() -> None:
    assert told(FORWARDED, FORWARDED) == told(FORWARDED)


def test_one_letter_of_apology_names_every_agency_that_is_waited_for() -> None:
    dossier, _ = fold([received(), FORWARDED, ASKED], reference=REFERENCE)
    _, said = fold(due(dossier, VERSION, datetime(2026, 11, 4, 8, tzinfo=VIETNAM)), dossier, reference=REFERENCE)

    letters = [one.data for one in said if one.topic == "agency.notices" and one.data.kind == "apology_owed"]
    assert {one.agency for one in letters} == {"H29.12", "H29.99"}
    for one in letters:
        reason = one.payload["draft"]["en"]["reason"]
        assert "(Sample agency H29.31)" in reason and "(Sample agency H29.30, Sample agency H29.31)" in reason
