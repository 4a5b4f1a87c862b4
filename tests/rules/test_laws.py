"""The laws of the fold: repetition changes nothing, arrival order changes nothing, ends stay ends, replay says
the same bytes.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.dossier import Dossier, Verdict, evolve, seen_before
from rules.kept import Kept
from rules.reactions import react
from schemas.event import Event
from streams.codec import decode, encode
from tests.builders import REFERENCE, a_fact, a_move, a_postal_fact, fold, received, result_ready

LIFE = [
    received("2026-11-02 09:05", return_mode="POST", documents=[{"name": "Tờ khai", "kind": "ORIGINAL", "copies": 1}]),
    a_fact("submitted", "2026-11-02 08:15", procedure_code="1.004873", channel="ONLINE", receiving_agency="H29.12"),
    a_fact("supplement_requested", "2026-11-04 10:00", stage="APPRAISAL", documents=["Bản sao"], reason="x"),
    a_fact("supplement_received", "2026-11-06 14:00", complete=True),
    a_fact("extended", "2026-11-10 09:05", new_due_on="2026-11-17", reason="x", basis="61/2018/NĐ-CP art. 19(9)"),
    a_fact("assigned", "2026-11-02 15:00", agency="H29.12", officer_ref="o-1"),
    result_ready("2026-11-16 15:30", fee=20000),
]
MOVES = [
    a_move("PICKED_UP", "2026-11-16 16:40"),
    a_move("OUT_FOR_DELIVERY", "2026-11-17 08:00"),
    a_move("DELIVERY_FAILED", "2026-11-17 10:00", certainty="REPORTED", reason="ABSENT", fault_party="CITIZEN"),
    a_move("DELIVERY_FAILED", "2026-11-17 10:00"),
    a_move("DELIVERED", "2026-11-19 10:00", certainty="REPORTED"),
    a_move("DELIVERED", "2026-11-19 10:00"),
    a_move("IN_TRANSIT", "2026-11-16 20:00"),
]
OPENED = [
    *LIFE,
    a_postal_fact("order_accepted", "2026-11-16 15:31", leg="D1", item_code="EA000000011VN", reference="x"),
]


def what_is_true(dossier: Dossier) -> tuple[object, ...]:
    """What of a dossier may not hang on the order in which it was heard."""
    return dossier.status, dossier.clock, dossier.life, [(leg.name, leg.known, leg.told) for leg in dossier.legs]


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=4))
@settings(max_examples=200)
def test_agencies_facts_in_any_order_and_repeated_end_in_the_same_dossier(
    order: list[Event], again: list[Event]
) -> None:
    expected, _ = fold(LIFE)

    dossier, _ = fold([*order, *again])

    assert (dossier.status, dossier.clock, dossier.life) == (expected.status, expected.clock, expected.life)


@given(st.permutations(MOVES), st.lists(st.sampled_from(MOVES), max_size=4))
@settings(max_examples=200)
def test_a_carriers_updates_in_any_order_and_repeated_end_in_the_same_leg(
    order: list[Event], again: list[Event]
) -> None:
    expected, _ = fold([*OPENED, *MOVES])

    dossier, _ = fold([*OPENED, *order, *again])

    assert what_is_true(dossier) == what_is_true(expected)


@given(st.permutations(MOVES))
@settings(max_examples=100)
def test_each_attempt_and_the_delivery_are_told_once_whatever_the_order(order: list[Event]) -> None:
    _, said = fold([*OPENED, *order, *MOVES])

    kinds = [fact.data.kind for fact in said if fact.topic == "agency.notices"]
    assert (kinds.count("delivery_failed"), kinds.count("result_delivered"), kinds.count("delivery_accepted")) == (
        1,
        1,
        1,
    )


@given(st.permutations([*OPENED, *MOVES]))
@settings(max_examples=100)
def test_folding_a_log_twice_says_the_same_facts_byte_for_byte(log: list[Event]) -> None:
    first, said = fold(log)
    second, again = fold(log)

    assert first == second
    assert [fact.encode() for fact in said] == [fact.encode() for fact in again]


@given(st.permutations([*OPENED, *MOVES]), st.integers(0, 14))
@settings(max_examples=100)
def test_a_state_kept_as_bytes_goes_on_like_one_kept_in_memory(log: list[Event], cut: int) -> None:
    whole, said = fold(log)
    half, some = fold(log[: cut + 1])

    rest, others = fold(log[cut + 1 :], decode(encode(Kept(half))).dossier)

    assert rest == whole
    assert [fact.encode() for fact in [*some, *others]] == [fact.encode() for fact in said]


def test_the_same_source_and_id_with_another_content_is_a_conflict_and_has_no_effect() -> None:
    one = result_ready("2026-11-03 09:00", id="same")
    dossier, _ = fold([received(), one])
    other = result_ready("2026-11-04 09:00", id="same").model_copy(update={"digest": "another"})

    verdict = seen_before(dossier, other)
    after = evolve(dossier, other, REFERENCE)
    _, said = react(dossier, after, other, REFERENCE)

    assert verdict is Verdict.CONFLICT
    assert (after.life, after.clock) == (dossier.life, dossier.clock)
    assert [fact.content["payload"]["reason"] for fact in said if fact.topic == "agency.notices"] == ["CONFLICT"]


def test_a_conflict_that_is_repeated_is_told_once() -> None:
    dossier, _ = fold([received(), result_ready("2026-11-03 09:00", id="same")])
    other = result_ready("2026-11-04 09:00", id="same").model_copy(update={"digest": "another"})

    _, said = fold([other, other], dossier)

    assert len([fact for fact in said if fact.topic == "agency.notices"]) == 1
