"""How much a dossier may come to: what goes beyond it parks it, and nobody else's view of it differs for that."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rules import bounds
from rules.bounds import MOST_FACTS, MOST_STATE_BYTES, encode
from rules.dossier import Dossier
from rules.kept import Kept
from rules.parking import advance, due_of, told
from schemas.event import Event
from schemas.ops import EventSkipped, Retried
from streams.engine import MAX_RECORD_BYTES
from tests.builders import CODE, REFERENCE, VERSION, a_fact, as_read, received, result_ready
from tests.rules.test_laws import MOVES, OPENED
from tests.rules.test_parking import a_word, went

FULL = {f"{number:08}".encode(): b"" for number in range(MOST_FACTS)}


def a_large_one(number: int, kilobytes: int = 110, code: str = CODE) -> Event:
    """A fact whose manifest is so large and is kept."""
    line = {"name": "Giấy tờ", "kind": "COPY", "copies": 1, "uri": "x" * 472}
    documents = [line] * 100 if kilobytes == 110 else [line] * kilobytes
    long = [one | {"name": "ệ" * 200} for one in documents]
    return a_fact(
        "submitted", f"2026-11-02 08:{number:02}", id=f"large-{number}", code=code, **A_SUBMISSION, documents=long
    )


A_SUBMISSION: dict[str, Any] = {"procedure_code": "1.004873", "channel": "ONLINE", "receiving_agency": "H29.12"}


def a_full_dossier() -> Kept:
    kept, _ = went(Kept(), received())
    assert kept.dossier is not None
    return replace(kept, dossier=replace(kept.dossier, seen=FULL))


def test_a_new_fact_parks_a_dossier_that_has_folded_as_many_as_it_may() -> None:
    kept, said = went(a_full_dossier(), ready := result_ready("2026-11-03 15:30"))

    assert [one.ref for one in kept.parked] == [ready.ref]
    assert said[-1].data.parked.why == kept.why == "it has 2,000 facts, and no dossier may have more"


def test_a_repetition_and_a_timer_park_no_dossier_that_is_full() -> None:
    again = received(id="again")
    kept, _ = went(Kept(), received(), again)
    assert kept.dossier is not None
    full = replace(kept, dossier=replace(kept.dossier, seen=FULL | dict(kept.dossier.seen)))
    due_at = kept.dossier.ladder[0].at

    repeated, _ = went(full, again)
    reached, said = went(full, *due_of(full, VERSION, due_at))

    assert repeated == full
    assert reached.parked == () and said[-1].data.kind == "near_due"


def test_a_full_dossier_goes_on_without_the_fact_that_parked_it() -> None:
    kept, _ = went(a_full_dossier(), ready := result_ready("2026-11-03 15:30"))

    skipped, said = went(kept, a_word(EventSkipped, ready.ref))

    assert skipped.parked == () and said[-1].data.parked is None


def test_a_fact_that_would_make_the_state_too_large_parks_it_and_one_that_does_not_is_folded() -> None:
    kept, _ = went(Kept(), received(), a_large_one(1), a_large_one(2))
    assert kept.parked == () and len(encode(kept)) < MOST_STATE_BYTES

    after, said = went(kept, a_large_one(3))

    assert said[-1].data.parked.why == after.why == "its state would be larger than 256 KiB"
    assert after.dossier is not None and len(after.dossier.life) == 3


def test_a_state_of_a_release_that_did_not_count_is_measured_at_its_next_fact() -> None:
    kept, _ = went(Kept(), received(), a_large_one(1), a_large_one(2))

    after, _ = went(replace(kept, bound=0), a_fact("withdrawn", "2026-11-03 09:00", reason="x"))
    parked, _ = went(replace(kept, bound=0), a_large_one(3))

    assert after.bound == len(encode(after)) and parked.parked


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*OPENED, *MOVES, a_large_one(5, 9), a_large_one(6, 3)]), max_size=40))
def test_what_a_dossier_takes_is_never_more_than_its_bound(log: list[Event]) -> None:
    kept = Kept()
    for number, event in enumerate(log):
        event = event.model_copy(update={"id": f"{event.id} {number}"})
        kept, _ = advance(kept, event, event.encode(), event.ref, REFERENCE)
        assert kept.parked or len(encode(kept)) <= max(kept.bound, 300)


def filled(kept: Kept) -> Kept:
    """A parked dossier with as many large facts waiting as there is room for; one more was left out."""
    for number in range(10, 60):
        if kept.lettered:
            break
        kept, _ = went(kept, a_large_one(number))
    return kept


def a_parked_one() -> Kept:
    return went(Kept(), received(), a_large_one(1), a_large_one(2), a_large_one(3))[0]


def test_what_waits_may_be_more_than_a_state_and_never_more_than_a_record() -> None:
    kept = filled(a_parked_one())

    assert MOST_STATE_BYTES < len(encode(kept)) <= bounds.MOST_KEPT_BYTES < MAX_RECORD_BYTES - 1_000
    assert kept.lettered == 1


def test_behind_a_fact_that_was_left_out_no_smaller_one_waits_and_folds_with_a_hole() -> None:
    kept = filled(a_parked_one())

    small, said = went(kept, a_fact("withdrawn", "2026-11-03 09:00", reason="x"))

    assert small == replace(kept, lettered=2) and said == []


def test_a_retry_that_fails_again_leaves_later_facts_out_and_one_that_succeeds_ends_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = filled(a_parked_one())

    again, _ = went(kept, a_word(Retried, CODE))
    monkeypatch.setattr("rules.bounds.MOST_STATE_BYTES", 10**9)
    mended, _ = went(again, a_word(Retried, CODE))

    assert again.parked == kept.parked and again.lettered == kept.lettered
    assert mended.parked == () and mended.lettered == 0


def test_a_fact_that_no_record_holds_beside_its_dossier_is_left_out_alone() -> None:
    raw = b'{"specversion": "1.0", "type": "vn.hoso.dossier.blessed.v9", "text": "%s"}' % (
        b"x" * bounds.MOST_KEPT_BYTES
    )
    kept, _ = went(Kept(), received())

    after, said = advance(kept, None, raw, "/agencies/H29.12 x", REFERENCE)

    assert (after, said) == (replace(kept, lettered=1), [])
    assert went(after, result_ready("2026-11-03 15:30"))[0].lettered == 0


def unsayable_with(monkeypatch: pytest.MonkeyPatch, facts: int) -> None:
    """Rules that cannot draw the public state of a dossier with so many facts."""
    from rules import shown

    sound = shown.shown

    def fails(dossier: Dossier, view: Any) -> dict[str, Any]:
        if len(dossier.life) >= facts:
            raise OverflowError("no such day")
        return sound(dossier, view)

    for module in ("reactions", "parking"):
        monkeypatch.setattr(f"rules.{module}.shown", fails)


def test_a_fact_whose_public_state_cannot_be_drawn_parks_its_dossier_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unsayable_with(monkeypatch, facts=2)
    kept, _ = went(Kept(), received())
    ready = result_ready("2026-11-03 15:30")

    after, said = told(kept, ready, ready.encode(), ready.ref, REFERENCE)

    assert [one.ref for one in after.parked] == [ready.ref]
    [(topic, raw)] = said
    assert (topic, Event.decode(raw).data.parked.why) == ("dossier.state", "Unsayable: OverflowError: no such day")


def test_a_retry_waits_at_the_fact_that_still_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    unsayable_with(monkeypatch, facts=2)
    kept, _ = went(Kept(), received())
    ready, later = result_ready("2026-11-03 15:30"), a_fact("withdrawn", "2026-11-04 09:00", reason="x")
    for event in (ready, later):
        kept, _ = told(kept, event, event.encode(), event.ref, REFERENCE)

    word = a_word(Retried, CODE)
    again, said = advance(kept, word, word.encode(), word.ref, REFERENCE)

    assert [one.ref for one in again.parked] == [ready.ref, later.ref]
    assert as_read(said[-1]).data.parked.facts == 2


def test_a_dossier_of_which_nothing_can_be_drawn_parks_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = went(Kept(), received())
    unsayable_with(monkeypatch, facts=0)
    ready = result_ready("2026-11-03 15:30")

    after, said = told(kept, ready, ready.encode(), ready.ref, REFERENCE)

    assert [one.ref for one in after.parked] == [ready.ref] and said == []
