"""Which effects a hold stops, and what stands after several words about one scope."""

from datetime import timedelta
from typing import Any

import pytest

from rules.holds import Brakes, Concern, covers, order_concerns, sentence, timer_concerns, word_concern
from schemas.notice import EventRejected, FieldProblem, Notice
from schemas.ops import Brake, HoldLifted, HoldSet
from schemas.postal import Request, TransferRequested
from tests.builders import CODE, fold, received, result_ready
from tests.holding import SET_AT, a_hold, a_lift, a_scope

POST, NOTICES, TIMERS = Brake.POST, Brake.NOTICES, Brake.TIMERS
LATER = SET_AT + timedelta(hours=1)
AN_ORDER = Concern(carrier="myvnpost", agency="H29.12", procedure="1.004873")

COVERED = {
    "a hold without names stops all of its kind": (a_scope(POST), POST, AN_ORDER, True),
    "another kind is not stopped": (a_scope(NOTICES), POST, AN_ORDER, False),
    "its carrier": (a_scope(POST, carrier="myvnpost"), POST, AN_ORDER, True),
    "another carrier": (a_scope(POST, carrier="ems"), POST, AN_ORDER, False),
    "its agency": (a_scope(POST, agency="H29.12"), POST, AN_ORDER, True),
    "its agency by an old code": (a_scope(POST, agency="000.00.12.H29"), POST, AN_ORDER, True),
    "another agency": (a_scope(POST, agency="H29.99"), POST, AN_ORDER, False),
    "its procedure": (a_scope(POST, procedure="1.004873"), POST, AN_ORDER, True),
    "another procedure": (a_scope(POST, procedure="1.004874"), POST, AN_ORDER, False),
    "a local variant of the procedure held": (
        a_scope(TIMERS, procedure="1.004873"),
        TIMERS,
        Concern(procedure="1.004873.000.00.00.H29"),
        True,
    ),
    "the procedure of a variant held": (
        a_scope(TIMERS, procedure="1.004873.000.00.00.H29"),
        TIMERS,
        Concern(procedure="1.004873"),
        False,
    ),
    "all that is named must fit": (a_scope(POST, carrier="myvnpost", agency="H29.99"), POST, AN_ORDER, False),
    "what is not known is held by no name": (a_scope(POST, procedure="1.004873"), POST, Concern("myvnpost"), False),
}


def today(code: str) -> str:
    return {"000.00.12.H29": "H29.12"}.get(code, code)


@pytest.mark.parametrize("case", COVERED)
def test_a_hold_stops_what_lies_in_its_scope(case: str) -> None:
    scope, what, concern, covered = COVERED[case]

    assert covers(scope, what, concern, today) is covered


STANDING: dict[str, tuple[list[HoldSet | HoldLifted], str | None]] = {
    "nothing was said": ([], None),
    "set": ([a_hold()], "post"),
    "lifted": ([a_hold(), a_lift()], None),
    "set again": ([a_hold(), a_lift(), a_hold(at=LATER)], "post"),
    "a part is lifted, the whole is held": (
        [a_hold(), a_hold(carrier="myvnpost"), a_lift(carrier="myvnpost")],
        "post",
    ),
    "the whole is lifted, a part is held": (
        [a_hold(), a_hold(carrier="myvnpost"), a_lift()],
        "post carrier=myvnpost",
    ),
    "of two the older is named": ([a_hold(at=LATER), a_hold(agency="H29.12")], "post agency=H29.12"),
}


@pytest.mark.parametrize("case", STANDING)
def test_the_last_word_on_a_scope_stands(case: str) -> None:
    said, scope = STANDING[case]

    brakes = Brakes()
    for event in said:
        brakes = brakes.after(event)
    hold = brakes.over(POST, AN_ORDER)

    assert (hold.data.scope.text if hold else None) == scope


def test_it_is_known_since_when_an_effect_is_free_again() -> None:
    brakes = Brakes().after(a_lift(at=SET_AT)).after(a_lift(carrier="myvnpost", at=LATER)).after(a_lift(carrier="ems"))

    assert brakes.lifted_at(POST, AN_ORDER) == LATER
    assert brakes.lifted_at(POST, Concern("ghn")) == SET_AT
    assert brakes.lifted_at(TIMERS, AN_ORDER) is None


def test_holds_are_listed_the_oldest_first_and_said_in_one_line() -> None:
    brakes = Brakes().after(a_hold(at=LATER)).after(a_lift(TIMERS)).after(a_hold(NOTICES, agency="H29.12"))

    assert [sentence(one) for one in brakes.on()] == [
        "notices agency=H29.12, by truc-ban: the road is flooded",
        "post, by truc-ban: the road is flooded",
    ]


def an_order(**ends: Any) -> Request:
    data = Request.Data(leg="T1", reference=f"{CODE}/T1", carrier="ems", because="x", procedure_code="1.004873", **ends)
    return TransferRequested(id="1", source="/hoso/streams", subject=CODE, time=SET_AT, data=data)


ENDS: dict[str, tuple[dict[str, str], set[str | None]]] = {
    "a result": ({"sender_agency": "H29.12"}, {"H29.12"}),
    "papers between agencies": ({"sender_agency": "H29.12", "receiver_agency": "H29.99"}, {"H29.12", "H29.99"}),
    "no agency at all": ({}, {None}),
}


@pytest.mark.parametrize("case", ENDS)
def test_an_order_concerns_the_agencies_at_both_its_ends(case: str) -> None:
    ends, agencies = ENDS[case]

    concerns = order_concerns(an_order(**ends))

    assert {one.agency for one in concerns} == agencies
    assert {(one.carrier, one.procedure) for one in concerns} == {("ems", "1.004873")}


def test_what_the_workers_ask_and_say_names_the_procedure_that_a_hold_may_name() -> None:
    dossier, facts = fold([received(return_mode="POST"), result_ready("2026-11-03 09:05")])

    [order] = [one for one in facts if isinstance(one, Request)]
    words = [one for one in facts if isinstance(one, Notice)]
    assert order_concerns(order) == [Concern("myvnpost", "H29.12", "1.004873")]
    assert {word_concern(word, "H29.12") for word in words} == {Concern(agency="H29.12", procedure="1.004873")}
    assert Concern(agency="H29.12", procedure="1.004873") in timer_concerns(dossier)


def test_what_the_gate_refused_concerns_its_agency_alone() -> None:
    problem = FieldProblem(field="time", problem="It has no zone.")
    rejected = EventRejected(
        id="1", source="/hoso/gate", subject="H29.12", time=SET_AT, data=EventRejected.Data(errors=(problem,))
    )

    assert word_concern(rejected, "H29.12") == Concern(agency="H29.12")
