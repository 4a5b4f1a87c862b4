"""What an operator puts on record moves nothing of a dossier: a contact that was shown, keys that are destroyed."""

from rules.dossier import evolve
from rules.reactions import react
from schemas.event import Event
from schemas.ops import ContactRevealed, Erased
from tests.builders import CODE, REFERENCE, VERSION, fold, received

AT = "2026-11-03T09:00:00+07:00"


def a_word(kind: type[Event], **data: object) -> Event:
    """What an operator says of the dossier."""
    name = str(kind.model_fields["type"].default)
    return kind.model_validate(
        {
            "id": f"o-{kind.__name__}", "source": "/operators/van.hanh", "type": name, "subject": CODE, "time": AT,
            "recordedtime": AT, "refversion": VERSION, "data": {"by": "van.hanh", "why": "x", **data},
        }
    )  # fmt: skip


def test_a_reveal_and_an_erasure_move_neither_status_nor_clock_and_tell_nobody() -> None:
    before, _ = fold([received()])
    assert before is not None

    for word in (a_word(ContactRevealed, what=["x"], role="agency"), a_word(Erased, keys=2)):
        after, said = react(before, evolve(before, word, REFERENCE), word, REFERENCE)

        assert (after.status, after.clock, after.legs, after.limits) == (
            before.status, before.clock, before.legs, before.limits,
        )  # fmt: skip
        assert {fact.type for fact in said} <= {"vn.hoso.dossier.state_changed.v1"}


def test_said_again_they_are_a_repetition() -> None:
    before, _ = fold([received()])
    word = a_word(Erased, keys=2)

    once = evolve(before, word, REFERENCE)

    assert evolve(once, word, REFERENCE) is once
