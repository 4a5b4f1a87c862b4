"""Timers under a hold: nothing is said of what fell due, and all of it once the hold is lifted."""

import pytest

from schemas.deadline import ReferenceChanged
from schemas.event import Event
from schemas.instant import aware
from schemas.ops import Brake, HoldSet
from schemas.reference import Bundle, ReferencePublished
from streams.codec import decode
from streams.engine import Record
from streams.fold import Firing, Fold, Rebasing
from streams.holds import Holds
from streams.reference import Library
from tests.builders import CODE, REFERENCE, a_bundle, admitted, sample
from tests.holding import SET_AT, a_hold, a_lift

KEY, TIMERS = CODE.encode(), Brake.TIMERS
WAS = a_bundle()
ALIASES = {"000.00.12.H29": "H29.12"}


def the_library(*bundles: Bundle) -> Library:
    """Reference data that came from its topic."""
    library = Library("nowhere:1")
    for bundle in bundles:
        library._take(published(bundle))
    return library


def published(bundle: Bundle) -> bytes:
    """A version as it stands on the topic."""
    said = ReferencePublished(
        id=bundle.version, source="/hoso/reference", subject=bundle.version, time=SET_AT, data=bundle
    )
    return said.encode()


def a_day_less() -> Bundle:
    """The same reference data, but Wednesday 4 November is closed."""
    calendar = WAS.calendar.model_dump(mode="json") | {"version": "test-2"}
    row = {"day": "2026-11-04", "basis": "hoán đổi mẫu", "document": "1/MAU"}
    closed = sorted([*calendar["closed"], row], key=lambda one: one["day"])
    return a_bundle("test-2", calendar=calendar | {"closed": closed})


@pytest.fixture
def state() -> bytes:
    """A dossier of H29.12 whose clock runs."""
    raw = admitted(sample(2)).encode()
    stepped = Fold(REFERENCE).step(None, Record(KEY, raw, 0, 0, 1_762_045_200_000))
    assert stepped.state is not None
    return stepped.state


def due(state: bytes) -> float:
    """A moment at which its first timers are due."""
    dossier = decode(state).dossier
    assert dossier is not None
    return dossier.ladder[0].at.timestamp() + 1


def the_holds(*events: HoldSet) -> Holds:
    holds = Holds(resolve=lambda code: ALIASES.get(code, code))
    for event in events:
        holds.hears(event.encode())
    return holds


CASES = {
    "nothing is held": ((), False),
    "all timers": ((a_hold(TIMERS),), True),
    "its agency": ((a_hold(TIMERS, agency="H29.12"),), True),
    "its agency by an old code": ((a_hold(TIMERS, agency="000.00.12.H29"),), True),
    "another agency": ((a_hold(TIMERS, agency="H29.99"),), False),
    "its procedure": ((a_hold(TIMERS, procedure="1.004873"),), True),
    "another procedure": ((a_hold(TIMERS, procedure="1.001193"),), False),
    "the post and the notices": ((a_hold(Brake.POST), a_hold(Brake.NOTICES)), False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_held_dossiers_timers_say_nothing(state: bytes, case: str) -> None:
    said, is_held = CASES[case]
    firing = Firing(the_library(WAS), the_holds(*said))

    facts = firing.fire(KEY, state, due(state))

    assert (facts == []) is is_held


def test_what_fell_due_under_a_hold_is_said_at_its_own_instant_once_the_hold_is_lifted(state: bytes) -> None:
    library, holds = the_library(WAS), the_holds(a_hold(TIMERS))
    firing, at = Firing(library, holds), due(state)
    kept = firing.fire(KEY, state, at + 3600)

    holds.hears(a_lift(TIMERS).encode())
    facts = [Event.decode(raw) for raw in firing.fire(KEY, state, at + 3600)]

    assert kept == []
    assert facts[0].time == aware(at - 1)


def test_another_calendar_moves_no_dossier_under_a_hold_and_is_looked_at_again_once_it_is_lifted(state: bytes) -> None:
    library, holds = the_library(WAS, a_day_less()), the_holds(a_hold(TIMERS))
    rebasing = Rebasing(library, holds)
    before, kept = rebasing.occasion(), rebasing.look(KEY, state, due(state))

    holds.hears(a_lift(TIMERS).encode())
    [moved] = rebasing.look(KEY, state, due(state))

    assert kept == []
    assert rebasing.occasion() != before
    assert isinstance(Event.decode(moved), ReferenceChanged)


def test_a_hold_on_the_post_is_no_reason_to_look_at_every_dossier(state: bytes) -> None:
    library, holds = the_library(WAS), the_holds()
    before = Rebasing(library, holds).occasion()

    holds.hears(a_hold(Brake.POST).encode())

    assert Rebasing(library, holds).occasion() == before


def test_a_word_that_this_release_cannot_read_changes_nothing(state: bytes) -> None:
    holds = the_holds(a_hold(TIMERS))

    holds.hears(b"\xff")
    holds.hears(a_lift(TIMERS).encode().replace(b"hold_lifted", b"hold_bent"))

    assert holds.stops(decode(state))
