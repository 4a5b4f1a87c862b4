"""When a receipt is owed, and what it says."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.receipts.statement import Said, is_owed, statement, to_sign
from schemas.receipts import FORM

CODE, CAUSE, DAY = "H29.12-261102-0001", "/hoso/streams s-1", date(2026, 11, 30)
AT = datetime(2026, 11, 30, 2, 15, tzinfo=UTC)
BACK: dict[str, Any] = {
    "mode": "COUNTER",
    "at": "2026-11-06T08:30:00+07:00",
    "result_no": "KQ-1",
    "receiver": {"named": True},
    "evidence": {"returned": "/agencies/H29.12 back"},
}
hand_overs = st.sampled_from([None, BACK, BACK | {"result_no": "KQ-2"}, BACK | {"evidence": {"returned": "other"}}])


def said(handed_over: dict[str, Any] | None, number: int = 1) -> Said:
    return Said(number, f"r-{number}", handed_over)


@pytest.mark.parametrize(
    ("last", "now", "owed"),
    [
        (None, None, False),
        (None, BACK, True),
        (said(BACK), BACK, False),
        (said(BACK), BACK | {"evidence": {"returned": "/agencies/H29.12 again"}}, False),
        (said(BACK), BACK | {"result_no": "KQ-2"}, True),
        (said(BACK), BACK | {"at": "2026-11-06T08:31:00+07:00"}, True),
        (said(BACK), BACK | {"receiver": {"named": True, "relation": "con"}}, True),
        (said(BACK), None, True),
        (said(None, 2), None, False),
        (said(None, 2), BACK, True),
    ],
)
def test_a_receipt_is_owed_where_the_last_one_no_longer_says_what_is_so(
    last: Said | None, now: dict[str, Any] | None, owed: bool
) -> None:
    assert is_owed(last, now) is owed


@given(st.lists(hand_overs, max_size=12))
def test_after_any_history_the_last_statement_says_what_is_so_and_is_not_owed_again(history: list[Any]) -> None:
    last: Said | None = None
    for number, now in enumerate(history):
        if is_owed(last, now):
            made = statement(CODE, f"{CAUSE}{number}", last, now, AT, DAY)
            assert made.get("supersedes") == (last.id if last else None)
            last = Said(made["number"], made["id"], made.get("handed_over"))
        assert not is_owed(last, now)
        assert (last is not None and last.handed_over is not None) is (now is not None)


def test_the_first_receipt_supersedes_none() -> None:
    assert statement(CODE, CAUSE, None, BACK, AT, DAY) == {
        "form": FORM,
        "id": statement(CODE, CAUSE, None, BACK, AT, DAY)["id"],
        "dossier": CODE,
        "number": 1,
        "handed_over": BACK,
        "made_at": "2026-11-30T09:15:00+07:00",
        "day": "2026-11-30",
    }


def test_a_hand_over_that_was_taken_back_is_superseded_by_a_statement_without_one() -> None:
    made = statement(CODE, CAUSE, said(BACK), None, AT, DAY)

    assert (made["number"], made["supersedes"], made["taken_back"]) == (2, "r-1", True)
    assert "handed_over" not in made


def test_the_same_cause_gives_the_same_id_and_another_gives_another() -> None:
    ids = [statement(CODE, cause, None, BACK, AT, DAY)["id"] for cause in (CAUSE, CAUSE, "/hoso/streams s-2")]

    assert ids[0] == ids[1] != ids[2]


def test_what_is_signed_begins_with_what_the_document_is() -> None:
    signed = to_sign({"form": FORM, "b": 1, "a": "Mẫu"})

    assert signed == f'{FORM}\n{{"a":"Mẫu","b":1,"form":"{FORM}"}}'.encode()
