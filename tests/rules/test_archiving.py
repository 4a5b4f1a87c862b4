"""A finished dossier becomes a stub after 90 days, refuses what comes later, and is opened again by its own log."""

from datetime import datetime, timedelta

import pytest

from rules.archiving import FORGOTTEN_AFTER, STUB_AFTER, Stub
from rules.kept import Kept
from rules.parking import advance, due_of
from schemas.deadline import Archived
from schemas.event import Event, NotAnEvent
from schemas.instant import VIETNAM
from schemas.ops import Reopened, packed
from streams.codec import decode, encode
from tests.builders import CODE, REFERENCE, VERSION, a_fact, a_move, as_read, of, received, result_ready
from tests.rules.test_laws import MOVES, OPENED

AT_THE_COUNTER = [
    received(),
    result_ready("2026-11-09 09:00"),
    a_fact("result_returned", "2026-11-10 09:00", mode="COUNTER", receiver="Nguyễn Văn Mẫu"),
]
LATER = a_fact("extended", "2027-04-01 09:00", new_due_on="2027-05-01", reason="x", basis="x")


def went(kept: Kept, *events: Event) -> tuple[Kept, list[Event]]:
    said: list[Event] = []
    for event in events:
        kept, facts = advance(kept, event, event.encode(), event.ref, REFERENCE)
        said += (as_read(fact) for fact in facts)
        kept = decode(encode(kept))
    return kept, said


def fired(kept: Kept) -> Event:
    """What time alone sets in motion next."""
    at = kept.next_due()
    assert at is not None
    assert due_of(kept, VERSION, at - timedelta(seconds=1)) == []
    [fact] = due_of(kept, VERSION, at)
    return fact


def archived(*life: Event) -> tuple[Kept, Event]:
    kept, _ = went(Kept(), *life)
    while kept.stub is None:
        fact = fired(kept)
        kept, _ = went(kept, fact)
    return kept, fact


def reopened(*log: Event, what: str = "x") -> Event:
    said = {
        "id": "op-reopened",
        "source": "/operators/an",
        "subject": CODE,
        "time": datetime(2027, 6, 1, 9, tzinfo=VIETNAM),
        "recordedtime": datetime(2027, 6, 1, 9, tzinfo=VIETNAM),
        "refversion": VERSION,
        "data": {"what": what, "why": "a complaint", "by": "an", "log": packed(one.encode() for one in log)},
    }
    return Reopened.model_validate(said)


def test_a_finished_dossier_becomes_a_stub_ninety_days_after_its_last_fact() -> None:
    before, _ = went(Kept(), *AT_THE_COUNTER)
    fact = fired(before)
    after, said = went(before, fact)

    assert before.dossier is not None and before.dossier.last_at is not None
    assert isinstance(fact, Archived)
    assert fact.time == AT_THE_COUNTER[-1].recorded + STUB_AFTER == before.next_due()
    assert (after.dossier, isinstance(after.stub, Stub)) == (None, True)
    assert len(encode(after)) < 200 < len(encode(before))
    [state] = said
    assert (state.data.status, state.data.archived_at, state.data.sequence) == (
        "RESULT_RETURNED",
        fact.time,
        before.dossier.sequence + 1,
    )


def test_a_dossier_by_post_waits_for_what_may_still_come() -> None:
    kept, _ = went(Kept(), *OPENED, *MOVES)
    assert kept.dossier is not None and kept.dossier.status == "RESULT_RETURNED"

    stub, fact = archived(*OPENED, *MOVES)

    assert stub.stub is not None and fact.time == max(one.recorded for one in [*OPENED, *MOVES]) + STUB_AFTER


@pytest.mark.parametrize("life", [[received()], [received(), result_ready("2026-11-09 09:00")], OPENED])
def test_an_open_dossier_is_never_archived(life: list[Event]) -> None:
    kept, _ = went(Kept(), *life)
    for _ in range(40):
        if (at := kept.next_due()) is None:
            break
        kept, _ = went(kept, *due_of(kept, VERSION, at))

    assert kept.stub is None and kept.dossier is not None


def test_a_fact_in_time_makes_the_timer_void() -> None:
    kept, _ = went(Kept(), *AT_THE_COUNTER)
    fact = fired(kept)
    late = a_fact("apology_issued", "2026-12-01 09:00", reason="x", signed_by="x", channel="LETTER")
    kept, _ = went(kept, late)

    after, said = went(kept, fact)

    assert (after, said) == (kept, [])
    assert kept.next_due() == late.recorded + STUB_AFTER


def test_a_later_fact_is_refused_as_archived_once() -> None:
    stub, _ = archived(*AT_THE_COUNTER)

    once, said = went(stub, LATER)
    twice, again = went(once, LATER)

    [notice] = of(said, "notice.rejected")
    assert (notice.data.agency, notice.data.payload["reason"], notice.data.payload["id"]) == (
        "H29.12",
        "ARCHIVED",
        LATER.id,
    )
    assert notice.data.sequence > 1 and len(said) == 1
    assert (twice, again) == (once, [])


def test_what_is_no_agencys_has_no_effect_on_a_stub() -> None:
    stub, _ = archived(*OPENED, *MOVES)

    after, said = went(stub, a_move("RETURNED_TO_SENDER", "2027-05-01 10:00"))
    unknown, nothing = advance(stub, None, b"{}", "x y", REFERENCE)

    assert (after, said, unknown, nothing) == (stub, [], stub, [])


def test_reopened_by_its_log_it_is_what_it_was_and_goes_on() -> None:
    kept, _ = went(Kept(), *AT_THE_COUNTER)
    before = kept.dossier
    stub, _ = archived(*AT_THE_COUNTER)
    stub, _ = went(stub, LATER)
    word = reopened(*AT_THE_COUNTER)

    after, said = went(stub, word)

    assert before is not None and after.dossier is not None and after.stub is None
    assert (after.dossier.life, after.dossier.clock, after.dossier.status) == (before.life, before.clock, before.status)
    assert after.dossier.numbers["H29.12"] == before.numbers["H29.12"] + 1
    [state] = said
    assert (state.data.archived_at, state.data.sequence) == (None, before.sequence + 2)
    again, _ = went(after, LATER)
    assert again.dossier is not None and len(again.dossier.life) == len(before.life) + 1
    assert after.next_due() == word.recorded + STUB_AFTER


@pytest.mark.parametrize("log", [AT_THE_COUNTER[:-1], [*AT_THE_COUNTER, LATER], [AT_THE_COUNTER[0]]])
def test_a_log_that_is_not_all_of_it_opens_nothing(log: list[Event]) -> None:
    stub, _ = archived(*AT_THE_COUNTER)

    assert went(stub, reopened(*log)) == (stub, [])


def test_bytes_that_are_no_log_open_nothing() -> None:
    stub, _ = archived(*AT_THE_COUNTER)
    word = reopened(*AT_THE_COUNTER)
    bad = word.model_copy(update={"data": word.data.model_copy(update={"log": "AAAA"})})

    assert went(stub, bad) == (stub, [])


def test_opened_and_archived_again_it_opens_again() -> None:
    stub, _ = archived(*AT_THE_COUNTER)
    word = reopened(*AT_THE_COUNTER)
    kept, _ = went(stub, word)
    second, _ = went(kept, fired(kept))
    assert second.stub is not None

    after, _ = went(second, reopened(*AT_THE_COUNTER, word))

    assert after.dossier is not None and after.dossier.status == "RESULT_RETURNED"


def test_four_hundred_days_later_nothing_is_kept() -> None:
    stub, fact = archived(*AT_THE_COUNTER)
    last = fired(stub)

    assert last.time == fact.time + FORGOTTEN_AFTER
    assert went(stub, last) == (Kept(), [])
    # Of a dossier that was opened in between, it says nothing.
    kept, _ = went(stub, reopened(*AT_THE_COUNTER))
    assert went(kept, last) == (kept, [])


def test_a_rule_that_fails_on_a_stub_makes_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    stub, _ = archived(*AT_THE_COUNTER)
    unknown = LATER.model_copy(update={"refversion": "never published"})

    with pytest.raises(NotAnEvent, match="archived, and not refused"):
        advance(stub, unknown, unknown.encode(), unknown.ref, REFERENCE)
