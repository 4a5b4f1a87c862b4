"""The feed under a hold: it ends before the first held word, and goes on where it ended once the hold is lifted."""

from typing import Any

import pytest

from connectors.store import feed
from connectors.store.feed import Told
from schemas.notice import Notice
from schemas.ops import Brake, HoldSet
from tests.connectors.doubles import say
from tests.connectors.edge.conftest import Rig
from tests.connectors.notify.conftest import a_notice
from tests.holding import a_hold, a_lift

NOTICES = Brake.NOTICES
AGENCY = "H29.05"


def fed(rig: Rig, *notices: Notice) -> None:
    rows = [Told(AGENCY, one.id, "agency.notices", 0, n, one.encode()) for n, one in enumerate(notices)]
    with rig.door.store.begin() as transaction:
        feed.put(transaction, rows)


def of_procedure(procedure: str, number: int) -> Notice:
    notice = a_notice(number, f"H29.05-261102-{number:04d}", agency=AGENCY)
    return notice.model_copy(update={"data": notice.data.model_copy(update={"procedure_code": procedure})})


def page(rig: Rig, after: str = "0", limit: int = 100) -> dict[str, Any]:
    found: dict[str, Any] = rig.client.get(
        "/v1/feed", params={"after": after, "limit": limit}, headers=rig.auth(AGENCY)
    ).json()
    return found


CASES = {
    "all notices": (a_hold(NOTICES), 0),
    "its agency": (a_hold(NOTICES, agency=AGENCY), 0),
    "another agency": (a_hold(NOTICES, agency="H29.99"), 3),
    "the second one's procedure": (a_hold(NOTICES, procedure="1.001193"), 1),
    "the post": (a_hold(Brake.POST), 3),
}


@pytest.mark.parametrize("case", CASES)
def test_the_feed_ends_before_the_first_word_that_is_held(rig: Rig, case: str) -> None:
    hold, told = CASES[case]
    words = [of_procedure("1.004873", 1), of_procedure("1.001193", 2), of_procedure("1.004873", 3)]
    fed(rig, *words)

    first = held_page(rig, hold)
    rest = page(rig, first["next"])

    assert [one["id"] for one in first["events"]] == [one.id for one in words[:told]]
    assert first["more"] is False
    assert [one["id"] for one in first["events"] + rest["events"]] == [one.id for one in words]


def held_page(rig: Rig, hold: HoldSet) -> dict[str, Any]:
    """What the feed gives while this hold is set."""
    scope = hold.data.scope
    say(rig.door.holds, hold)
    try:
        return page(rig)
    finally:
        say(rig.door.holds, a_lift(scope.what, **scope.model_dump(exclude={"what"}, exclude_none=True)))
