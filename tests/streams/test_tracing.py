"""A worker that tells of what it folds says, byte for byte, what one says that does not."""

from schemas import trace
from schemas.event import Event
from schemas.instant import aware
from streams.codec import decode
from streams.engine import Record
from streams.fold import Firing, Fold
from streams.holds import Holds
from streams.tracing import traced
from tests.builders import CODE, REFERENCE, admitted, sample
from tests.collector import told
from tests.streams.test_holds import WAS, the_library

THEIRS = f"00-{'a' * 32}-{'b' * 16}-01"


def a_record(traceparent: str | None) -> Record:
    fact = admitted(sample(2)).model_copy(update={"traceparent": traceparent})
    return Record(CODE.encode(), fact.encode(), 0, 0, 1_762_045_200_000)


def test_a_fold_is_told_and_changes_no_byte_of_what_is_said() -> None:
    record = a_record(THEIRS)
    plain = Fold(REFERENCE).step(None, record)

    with told() as kept:
        stepped = traced(Fold(REFERENCE).step)(None, record)

    (said,) = kept.said
    assert stepped == plain
    assert (said.row.name, said.trace, said.parent) == ("fold", "a" * 32, "b" * 16)
    assert said.tells == {"type": "vn.hoso.dossier.received.v1"}
    facts = [Event.decode(value) for _, value in stepped.outputs]
    assert {fact.traceparent for fact in facts} == {THEIRS}
    assert {trace.fold_of(THEIRS, fact.causationid or "") for fact in facts} == {said.span}


def test_a_fact_without_a_trace_or_in_one_that_is_not_sampled_is_folded_unheard() -> None:
    with told() as kept:
        for context in (None, f"{THEIRS[:-2]}00"):
            assert traced(Fold(REFERENCE).step)(None, a_record(context)).state is not None

    assert kept.said == []


def test_what_time_sets_in_motion_begins_a_trace_of_its_own() -> None:
    state = Fold(REFERENCE).step(None, a_record(THEIRS)).state
    assert state is not None
    dossier = decode(state).dossier
    assert dossier is not None
    due = dossier.ladder[0].at.timestamp() + 1

    with told() as kept:
        raw = Firing(the_library(WAS), Holds()).fire(CODE.encode(), state, due)
        traced(Fold(REFERENCE).step)(state, Record(CODE.encode(), raw[0], 1, 0, 1_762_045_200_000))

    (timer, *_), (folded,) = kept.named("timer"), kept.named("fold")
    fact = Event.decode(raw[0])
    assert fact.traceparent == f"00-{timer.trace}-{timer.span}-01"
    assert timer.parent is None and timer.trace != "a" * 32
    assert (folded.trace, folded.parent) == (timer.trace, timer.span)
    assert fact.time <= aware(due)
