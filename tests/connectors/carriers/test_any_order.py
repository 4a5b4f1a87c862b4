"""The state of a leg is the same for every order and repetition of its updates, whichever carrier speaks.

Each carrier's own vocabulary: every status that its table, its flags or its words lead to.
"""

import importlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.carriers import carriers
from rules.post.contradiction import contradictions
from rules.post.leg import Leg, Update, with_confirmed, with_update
from schemas.instant import VIETNAM
from schemas.postal import Certainty, FailureReason, FaultParty, ParcelStatus

BEGINS = datetime(2026, 11, 2, 7, 30, tzinfo=VIETNAM)
NEW = Leg("D1", "myvnpost", "H29.12-261102-0001/D1", "the designated enterprise")


def vocabulary(carrier: str) -> list[ParcelStatus]:
    """Every status in any of the carrier's tables, of codes or of words; UNKNOWN is everybody's."""
    module = importlib.import_module(f"connectors.carriers.{carrier}")
    tables = [value for name, value in vars(module).items() if name.isupper()]
    return sorted({ParcelStatus.UNKNOWN, *statuses_in(tables)})


def statuses_in(value: Any) -> Iterator[ParcelStatus]:
    match value:
        case ParcelStatus():
            yield value
        case dict():
            yield from statuses_in(list(value.values()))
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from statuses_in(one)


def updates(statuses: list[ParcelStatus]) -> st.SearchStrategy[Update]:
    """Updates that often meet: few times, few reasons, both certainties. Evidence follows from what is said."""
    return st.builds(
        said,
        st.sampled_from(statuses),
        st.one_of(st.none(), st.integers(0, 12)),
        st.sampled_from(list(Certainty)),
        st.sampled_from([None, *FailureReason]),
        st.sampled_from([None, *FaultParty]),
        st.sampled_from([None, "Bưu cục Mẫu, Hà Nội", "Bưu cục Mẫu, Huế"]),
        st.integers(0, 2),
    )


def said(
    status: ParcelStatus, hours: int | None, certainty: Certainty, reason: Any, fault: Any, place: Any, copy: int
) -> Update:
    at = None if hours is None else BEGINS + timedelta(hours=6 * hours)
    evidence = f"{status} {hours} {certainty} {reason} {fault} {place} {copy}"
    return Update(status, at, certainty, evidence, "EA1", reason, fault, None, place)


def heard(order: list[Update], confirmed: ParcelStatus | None) -> Leg:
    leg = NEW
    for number, update in enumerate(order):
        leg = with_update(leg, update)
        if confirmed is not None and number == len(order) // 2:
            leg = with_confirmed(leg, confirmed)
    return leg


@pytest.mark.parametrize("carrier", sorted(carriers()))
@given(data=st.data())
@settings(max_examples=150)
def test_any_order_and_any_repetition_leave_the_same_leg(carrier: str, data: st.DataObject) -> None:
    statuses = vocabulary(carrier)
    one = data.draw(st.lists(updates(statuses), min_size=1, max_size=7))
    other = [*data.draw(st.permutations(one)), *data.draw(st.lists(st.sampled_from(one), max_size=4))]
    confirmed = data.draw(st.one_of(st.none(), st.sampled_from(statuses)))

    first, second = heard(one, confirmed), heard(other, confirmed)

    assert first == second
    assert contradictions(first.heard) == contradictions(second.heard)


@pytest.mark.parametrize("carrier", sorted(carriers()))
def test_every_carrier_can_say_that_an_item_was_taken_tried_delivered_and_returned(carrier: str) -> None:
    assert {
        ParcelStatus.PICKED_UP,
        ParcelStatus.DELIVERY_FAILED,
        ParcelStatus.DELIVERED,
        ParcelStatus.RETURNED_TO_SENDER,
    } <= set(vocabulary(carrier))
