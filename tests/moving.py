"""What another calendar brings: the notices of the dossiers that it moved, as the workers say them."""

from collections.abc import Sequence
from datetime import timedelta

from connectors.broker import Message
from connectors.reference import References
from rules.kept import Kept
from rules.rebasing import rebased
from rules.reference import Edition, reference_of
from schemas.notice import Notice
from schemas.reference import REFERENCE, Bundle, ReferencePublished
from tests.builders import fold, received
from tests.rules.test_rebasing import CLOSED_WEDNESDAY, PUBLISHED, WAS

WAS_IN_FORCE, IN_FORCE = Edition(WAS), Edition(CLOSED_WEDNESDAY)
BOTH = reference_of(WAS, CLOSED_WEDNESDAY)


def codes(count: int, first: int = 1) -> list[str]:
    """The codes of so many dossiers."""
    return [f"H29.12-261102-{number:04d}" for number in range(first, first + count)]


def moved(dossiers: Sequence[str], later_hours: int = 0) -> list[Notice]:
    """The `deadline_moved` of each of these, open since Monday 2 November, once a Wednesday is closed."""
    return [notice for code in dossiers for notice in _moved(code, timedelta(hours=later_hours))]


def _moved(code: str, later: timedelta) -> list[Notice]:
    dossier, _ = fold([received("2026-11-02 09:00", code=code, id=f"{code}-r")], reference=BOTH)
    fact = rebased(Kept(dossier), WAS_IN_FORCE, IN_FORCE, PUBLISHED + later, PUBLISHED)
    assert fact is not None
    _, said = fold([fact], dossier, BOTH)
    return [event for event in said if isinstance(event, Notice)]


def comes_into_force(references: References, bundle: Bundle) -> None:
    """Let this version come from its topic."""
    event = ReferencePublished(
        id=f"r-{bundle.version}", source="/hoso/reference", subject=bundle.version, time=PUBLISHED, data=bundle
    )
    references._take([Message(REFERENCE, 0, 0, b"k", event.encode())])
