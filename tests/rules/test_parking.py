"""A fact that cannot be folded parks its dossier, not the city: later facts wait in order until an operator's word."""

import json
from typing import Any

import pytest

from rules import parking
from rules.dossier import evolve
from rules.kept import Kept
from rules.parking import advance, due_of
from schemas.event import Event
from schemas.ops import EventSkipped, Retried
from tests.builders import CODE, REFERENCE, VERSION, a_fact, as_read, fold, received, result_ready


@pytest.fixture
def a_bad_release(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Rules that stumble over one kind of fact, until they are mended."""
    fault = {"type": "vn.hoso.dossier.supplement_requested.v1"}
    sound = evolve

    def stumbling(before: Any, event: Event, reference: Any) -> Any:
        if event.type == fault["type"]:
            raise KeyError("stage")
        return sound(before, event, reference)

    monkeypatch.setattr(parking, "evolve", stumbling)
    return fault


def went(kept: Kept, *events: Event) -> tuple[Kept, list[Event]]:
    said: list[Event] = []
    for event in events:
        kept, facts = advance(kept, event, event.encode(), event.ref, REFERENCE)
        said += (as_read(fact) for fact in facts)
    return kept, said


def a_word(kind: type[Retried] | type[EventSkipped], what: str) -> Event:
    opening = received()
    said = {
        "id": f"op-{kind.__name__}",
        "source": "/operators/an",
        "subject": CODE,
        "time": opening.time,
        "recordedtime": opening.recordedtime,
        "refversion": VERSION,
        "data": {"what": what, "why": "mended", "by": "an"},
    }
    return kind.model_validate(said)


LIFE = [
    received(),
    a_fact("supplement_requested", "2026-11-04 10:00", stage="APPRAISAL", documents=["Bản sao"], reason="x"),
    a_fact("supplement_received", "2026-11-06 14:00", complete=True),
    result_ready("2026-11-09 09:00"),
]


def test_the_fact_that_failed_and_those_after_it_wait_in_order(a_bad_release: dict[str, Any]) -> None:
    kept, said = went(Kept(), *LIFE)

    assert [one.ref for one in kept.parked] == [event.ref for event in LIFE[1:]]
    assert said[-1].data.parked.facts == 3
    assert "KeyError" in kept.why


def test_a_retry_after_a_fix_replays_them_and_ends_like_a_dossier_that_was_never_parked(
    a_bad_release: dict[str, Any],
) -> None:
    kept, _ = went(Kept(), *LIFE)
    a_bad_release["type"] = "none"

    mended, said = went(kept, a_word(Retried, CODE))

    straight, _ = fold(LIFE)
    assert mended.dossier is not None and mended.parked == ()
    assert (mended.dossier.life, mended.dossier.clock, mended.dossier.status) == (
        straight.life,
        straight.clock,
        straight.status,
    )
    assert said[-1].data.parked is None


def test_a_retry_before_the_fix_leaves_them_waiting(a_bad_release: dict[str, Any]) -> None:
    kept, _ = went(Kept(), *LIFE)

    again, _ = went(kept, a_word(Retried, CODE))

    assert [one.ref for one in again.parked] == [event.ref for event in LIFE[1:]]


def test_a_skip_leaves_out_the_fact_at_fault_and_folds_the_rest(a_bad_release: dict[str, Any]) -> None:
    kept, _ = went(Kept(), *LIFE)

    after, _ = went(kept, a_word(EventSkipped, LIFE[1].ref))

    assert after.parked == () and after.dossier is not None
    assert [fact.kind for fact in after.dossier.life] == ["received", "supplement_received", "result_ready"]


def test_a_skip_of_another_fact_changes_nothing(a_bad_release: dict[str, Any]) -> None:
    kept, _ = went(Kept(), *LIFE)

    assert went(kept, a_word(EventSkipped, LIFE[3].ref)) == (kept, [])


def test_after_a_skip_the_state_names_the_next_fact_that_fails(a_bad_release: dict[str, Any]) -> None:
    again = a_fact("supplement_requested", "2026-11-04 15:00", stage="APPRAISAL", documents=["Bản sao"], reason="x")
    kept, _ = went(Kept(), LIFE[0], LIFE[1], again, LIFE[3])

    after, said = went(kept, a_word(EventSkipped, LIFE[1].ref))

    assert [one.ref for one in after.parked] == [again.ref, LIFE[3].ref]
    assert (said[-1].data.parked.what, said[-1].data.parked.facts) == (again.ref, 2)


def test_a_fact_whose_name_is_longer_than_the_state_shows_is_skipped_by_what_is_shown(
    a_bad_release: dict[str, Any],
) -> None:
    long = LIFE[1].model_copy(update={"id": "x" * 200})
    kept, said = went(Kept(), LIFE[0], long)

    after, _ = went(kept, a_word(EventSkipped, said[-1].data.parked.what))

    assert len(long.ref) > 200 and after.parked == ()


def newer(**said: Any) -> tuple[bytes, str]:
    """A fact of a type that a later release has, and what names it."""
    envelope = {"specversion": "1.0", "type": "vn.hoso.dossier.blessed.v1", "source": "/agencies/H29.12", "id": "n-1"}
    return json.dumps(envelope | said).encode(), "/agencies/H29.12 n-1"


def test_a_type_of_a_newer_release_parks_and_is_kept_as_it_came() -> None:
    kept, _ = went(Kept(), LIFE[0])
    raw, ref = newer()

    parked, said = advance(kept, None, raw, ref, REFERENCE)

    assert parked.parked[0].raw == raw and parked.dossier is not None and said == []
    assert parked.dossier.clock.due_on == kept.dossier.clock.due_on  # type: ignore[union-attr]  # it was folded


def test_a_type_of_a_newer_release_says_at_once_that_its_dossier_is_parked() -> None:
    kept, _ = went(Kept(), LIFE[0])
    raw, ref = newer(subject=CODE, time="2026-11-04T10:00:00+07:00", data={"by": "nobody here knows"})

    _, [said] = advance(kept, None, raw, ref, REFERENCE)

    state = as_read(said).data
    assert (state.parked.what, state.parked.facts) == (ref, 1)
    assert state.parked.why == "this release does not know its type"


def test_somebody_is_told_one_working_day_before_a_parked_dossiers_due_date(a_bad_release: dict[str, Any]) -> None:
    kept, _ = went(Kept(), *LIFE[:2])
    assert kept.alarm_at is not None and kept.alarm_at.date().isoformat() == "2026-11-04"

    fired = due_of(kept, VERSION, kept.alarm_at)
    after, said = went(kept, *fired)

    assert [fact.data.kind for fact in said] == ["clock_failed"]
    assert due_of(after, VERSION, kept.alarm_at) == []
