"""Claims about one item that cannot all be true: each is found, said with both sides, and nothing is dropped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.post.contradiction import contradictions, province_of
from rules.post.leg import Update, merged
from schemas.postal import ParcelStatus
from tests.builders import a_move, a_postal_fact, fold, of, received, result_ready
from tests.rules.post.test_leg import an_update


def kinds(*updates: Update) -> list[str]:
    return [str(found.kind) for found in contradictions(merged(updates))]


CASES = {
    "delivered, then returned": (["DELIVERED 17 10:00", "RETURNED_TO_SENDER 20 08:00"], ["TWO_ENDS"]),
    "on the way after its end": (["DELIVERED 17 10:00", "RETURNING 18 10:00"], ["MOVED_AFTER_ITS_END"]),
    "delivered before it was accepted": (["DELIVERED 17 10:00", "ACCEPTED 17 12:00"], ["ENDED_BEFORE_IT_WAS_TAKEN"]),
    "delivered before it was fetched": (["DELIVERED 17 10:00", "PICKED_UP 17 12:00"], ["ENDED_BEFORE_IT_WAS_TAKEN"]),
    "delivered at two in the morning": (["DELIVERED 17 02:00"], ["DELIVERED_AT_NIGHT"]),
    "delivered in the evening": (["DELIVERED 17 21:59"], []),
    "delivered at dawn": (["DELIVERED 17 05:00"], []),
    "delivered twice": (["DELIVERED 17 10:00", "DELIVERED 17 11:00"], []),
    "a late scan of an earlier time": (["DELIVERED 17 10:00", "PICKED_UP 16 10:00"], []),
    "not delivered at all": (["PICKED_UP 16 10:00", "IN_TRANSIT 16 23:00"], []),
}


@pytest.mark.parametrize(("claims", "expected"), CASES.values(), ids=CASES.keys())
def test_what_cannot_be_is_named(claims: list[str], expected: list[str]) -> None:
    updates = [an_update(status, at, evidence=at) for status, at in (claim.split(" ", 1) for claim in claims)]

    assert kinds(*updates) == expected


@pytest.mark.parametrize(
    ("minutes", "there", "found"),
    [
        (20, "Bưu cục Mẫu, Hà Nội", True),
        (20, "Bưu cục Khác, TP. Hồ Chí Minh", False),
        (20, "Bưu cục không tên", False),
        (31, "Bưu cục Mẫu, Hà Nội", False),
    ],
)
def test_nothing_is_in_two_provinces_within_half_an_hour(minutes: int, there: str, found: bool) -> None:
    here = an_update("IN_TRANSIT", "16 10:00", evidence="a", location="Bưu cục Mẫu, Thành phố Hồ Chí Minh")
    other = an_update("FORWARDED", f"16 10:{minutes}", evidence="b", location=there)

    assert kinds(here, other) == ["TWO_PROVINCES_AT_ONCE"] * found


def test_a_place_of_one_name_has_no_province() -> None:
    assert province_of("Hà Nội") is province_of(None) is province_of(", Hà Nội") is None
    assert province_of("Bưu cục Mẫu, Tỉnh  Đồng Nai") == "đồng nai"


UPDATES = st.builds(
    an_update,
    st.sampled_from([status.value for status in ParcelStatus]),
    st.one_of(
        st.none(), st.integers(10, 28).flatmap(lambda day: st.integers(0, 23).map(lambda hour: f"{day} {hour:02}:00"))
    ),
    evidence=st.sampled_from("abcdefgh"),
    location=st.sampled_from([None, "A, Hà Nội", "B, Huế"]),
)


@given(st.lists(UPDATES, max_size=6).flatmap(lambda updates: st.tuples(st.just(updates), st.permutations(updates))))
@settings(max_examples=200)
def test_the_same_updates_in_any_order_and_repeated_have_the_same_contradictions(
    orders: tuple[list[Update], list[Update]],
) -> None:
    one, other = orders

    assert contradictions(merged(one)) == contradictions(merged([*other, *one]))


def test_both_claims_are_said_once_whichever_came_last() -> None:
    claims = [a_move("DELIVERED", "2026-11-17 10:00"), a_move("RETURNED_TO_SENDER", "2026-11-20 08:00")]
    begun = [
        received(return_mode="POST"),
        result_ready("2026-11-05 09:00"),
        a_postal_fact("order_accepted", "2026-11-05 09:01", leg="D1", item_code="EA000000011VN", reference="x"),
    ]

    for order in (claims, claims[::-1]):
        _, said = fold([*begun, *order, *order])

        [found] = of(said, "postal.contradiction_found")
        assert found.data.kind == "TWO_ENDS"
        assert (found.data.expected, found.data.seen) == ("DELIVERED", "RETURNED_TO_SENDER")
        assert (f"{found.data.by:%d %H:%M}", f"{found.data.seen_at:%d %H:%M}") == ("17 10:00", "20 08:00")
