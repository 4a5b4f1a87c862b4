"""Papers are counted at every hand-over: a line that is not as it should be is an event at once, whoever was first."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from schemas.event import Event
from tests.builders import a_fact, fold, notices, of, received, result_ready

FORM = {"name": "Tờ khai mẫu", "kind": "ORIGINAL", "copies": 1}
ID_COPY = {"name": "Bản sao giấy tờ mẫu", "kind": "COPY", "copies": 2}


def papers(*lines: dict[str, Any], **changed: Any) -> list[dict[str, Any]]:
    return [line | changed for line in lines]


def registered(documents: Sequence[dict[str, Any]] = (FORM, ID_COPY)) -> Event:
    return a_fact(
        "collection_registered",
        "2026-11-02 08:00",
        contact={"name": "x"},
        documents=list(documents),
        procedure_code="1.004873",
        receiving_agency="H29.12",
    )


def handed(time: str, leg: str, direction: str, documents: Sequence[dict[str, Any]], **more: Any) -> Event:
    said = {"leg": leg, "direction": direction, "minutes_no": "BB-1", "documents": list(documents)} | more
    return a_fact("handover_signed", time, **said)


def arrived(documents: Sequence[dict[str, Any]], **more: Any) -> Event:
    return handed("2026-11-03 10:00", "C1", "POST_TO_AGENCY", documents, **more)


def found(said: list[Event]) -> list[tuple[str, str, str]]:
    return [(one.data.leg, one.data.expected, one.data.seen) for one in of(said, "custody.discrepancy_found")]


CASES = {
    "all there": ([FORM, ID_COPY], []),
    "in another order and spelling": ([ID_COPY, FORM | {"name": " tờ  KHAI mẫu"}], []),
    "one copy short": ([FORM, ID_COPY | {"copies": 1}], [("2 COPY", "1 COPY")]),
    "a copy for an original": ([FORM | {"kind": "COPY"}, ID_COPY], [("nothing", "1 COPY"), ("1 ORIGINAL", "nothing")]),
    "one missing": ([ID_COPY], [("1 ORIGINAL", "nothing")]),
    "one that nobody registered": ([FORM, ID_COPY, FORM | {"name": "Ảnh"}], [("nothing", "1 ORIGINAL")]),
}  # fmt: skip


@pytest.mark.parametrize(("passed", "differences"), CASES.values(), ids=CASES.keys())
def test_what_the_agency_gets_is_what_the_citizen_gave(
    passed: list[dict[str, Any]], differences: list[tuple[str, str]]
) -> None:
    _, said = fold([registered(), arrived(passed)])

    assert sorted((" ".join(e.split()[:2]), " ".join(s.split()[:2])) for _, e, s in found(said)) == sorted(
        (" ".join(e.split()[:2]), " ".join(s.split()[:2])) for e, s in differences
    )
    assert notices(said).count("custody_discrepancy") == bool(differences)


def test_what_the_minutes_state_themselves_is_a_difference_too() -> None:
    _, said = fold([registered(), arrived([FORM, ID_COPY], discrepancies=["phong bì rách"])])

    assert found(said) == [("C1", "as listed", "phong bì rách")]


def test_minutes_and_manifest_may_come_in_any_order_and_twice() -> None:
    facts = [registered(), arrived([FORM])]

    for order in permutations(facts):
        _, said = fold([*order, *order])
        assert found(said) == [("C1", "2 COPY Bản sao giấy tờ mẫu", "nothing")]


def test_minutes_without_a_manifest_differ_from_nothing() -> None:
    _, said = fold([arrived([FORM], procedure_code="1.004873", receiving_agency="H29.12")])

    assert found(said) == []


def test_the_result_that_goes_out_is_the_result_and_the_one_that_comes_back_is_the_one_that_went() -> None:
    result = [{"name": "Giấy chứng nhận mẫu", "kind": "ORIGINAL", "copies": 1}]
    begun = [received(return_mode="POST"), result_ready("2026-11-05 09:00", documents=result)]
    out = handed("2026-11-05 15:00", "D1", "AGENCY_TO_POST", result)
    back = handed("2026-11-12 15:00", "D1", "POST_TO_AGENCY", papers(*result, copies=2))

    _, said = fold([*begun, out, back])

    assert found(said) == [("D1", "1 ORIGINAL Giấy chứng nhận mẫu", "2 ORIGINAL Giấy chứng nhận mẫu")]


def test_papers_that_go_home_are_those_that_came() -> None:
    home = handed("2026-11-06 15:00", "R1", "AGENCY_TO_POST", [FORM])

    _, said = fold([registered(), arrived([FORM, ID_COPY]), home])

    assert found(said) == [("R1", "2 COPY Bản sao giấy tờ mẫu", "nothing")]
