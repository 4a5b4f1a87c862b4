"""Items that nobody has heard of in time, and the word to wait no longer."""

from datetime import datetime, timedelta

import pytest

from connectors.silent import NotOpen, OpenLeg, aged_out, open_legs, unheard
from schemas.dossier import DossierStatus
from schemas.instant import VIETNAM
from schemas.postal import ParcelStatus
from schemas.state import ClockShown, DossierStateChanged, LegShown

CODE, OTHER = "H29.12-261102-0001", "H29.12-261102-0002"
DELIVERED = ParcelStatus.DELIVERED
BY = datetime(2026, 11, 6, 23, 59, tzinfo=VIETNAM)


def a_state(*legs: LegShown) -> DossierStateChanged.Data:
    status, clock = DossierStatus.RESULT_READY, ClockShown(state="STOPPED")
    return DossierStateChanged.Data(sequence=1, status=status, clock=clock, legs=legs)


def a_leg(name: str = "D1", by: datetime | None = BY, expected: ParcelStatus | None = DELIVERED) -> LegShown:
    return LegShown(
        leg=name, carrier="ems", reference=f"{CODE}/{name}", order="ACCEPTED", expected=expected, expected_by=by
    )


def known() -> list[OpenLeg]:
    return open_legs({
        CODE: a_state(a_leg("C1", expected=None), a_leg()),
        OTHER: a_state(a_leg(by=BY - timedelta(days=1)), a_leg("R1", by=None)),
    })  # fmt: skip


def test_only_a_leg_that_something_is_expected_of_is_open() -> None:
    assert [(one.dossier, one.leg) for one in known()] == [(CODE, "D1"), (OTHER, "D1"), (OTHER, "R1")]


def test_the_longest_silence_comes_first_and_nobody_is_silent_before_its_time() -> None:
    late = unheard(known(), BY + timedelta(seconds=1))

    assert [(one.dossier, one.leg) for one in late] == [(OTHER, "D1"), (CODE, "D1")]
    assert unheard(known(), BY - timedelta(days=2)) == []


def test_the_word_to_wait_no_longer_stands_with_name_and_reason() -> None:
    word = aged_out(known(), CODE, "D1", "Trần Thị Mẫu", "test-1", "not found")

    assert (word.subject, word.data.leg, word.data.by, word.data.why) == (CODE, "D1", "Trần Thị Mẫu", "not found")
    assert (word.source, word.refversion) == ("/operators/tran.thi.mau", "test-1")


def test_of_a_leg_that_is_not_open_nothing_is_said() -> None:
    with pytest.raises(NotOpen, match="open are: D1"):
        aged_out(known(), CODE, "C1", "one", "test-1", "x")
