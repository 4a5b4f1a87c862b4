"""Whose turn it is with a dossier."""

import pytest

from rules.awaited import Awaited, awaited
from schemas.dossier import DossierStatus, ReturnMode


@pytest.mark.parametrize("status", list(DossierStatus))
def test_every_status_waits_for_something_or_for_nothing(status: DossierStatus) -> None:
    assert awaited(status) in Awaited


def test_a_parked_dossier_waits_for_an_operator_whatever_its_status() -> None:
    assert {awaited(status, is_parked=True) for status in DossierStatus} == {Awaited.OPERATOR}


def test_a_dossier_that_the_post_fetches_waits_for_the_post() -> None:
    assert awaited(DossierStatus.SUBMITTED, is_fetched=True) is Awaited.COLLECTION
    assert awaited(DossierStatus.SUBMITTED) is Awaited.RECEPTION


@pytest.mark.parametrize(
    ("mode", "waits_for"),
    [
        (ReturnMode.COUNTER, Awaited.AT_COUNTER),
        (ReturnMode.POST, Awaited.BY_POST),
        (ReturnMode.ELECTRONIC, Awaited.ELECTRONIC),
        (None, Awaited.AT_COUNTER),
    ],
)
def test_a_result_waits_for_its_way_out(mode: ReturnMode | None, waits_for: Awaited) -> None:
    assert awaited(DossierStatus.RESULT_READY, mode) is waits_for


def test_a_result_that_came_back_waits_for_an_address_until_it_is_sent_again() -> None:
    came_back = awaited(DossierStatus.RESULT_READY, ReturnMode.POST, is_undelivered=True)
    sent_again = awaited(DossierStatus.RESULT_READY, ReturnMode.POST, is_undelivered=True, is_sent=True)

    assert (came_back, sent_again) == (Awaited.ADDRESS, Awaited.BY_POST)
