"""What dispatch keeps back: under a hold, after the cut-off, beyond a run; and what it does not."""

import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.dispatch import Dispatch, concerns
from connectors.holding import Holding
from connectors.store import held, open_store
from connectors.store.queue import Owed, OwedState, Queue
from connectors.store.tables import OWED
from schemas import instant
from schemas.instant import VIETNAM, aware
from schemas.ops import Brake, HoldSet
from schemas.postal import OrderAccepted, OrderCancelled, OrderRefused
from tests.connectors.carriers.post_double import no_answer, on, says
from tests.connectors.carrying import AT, Known, a_cancel, a_request, settings_in
from tests.connectors.doubles import Said
from tests.connectors.notify.ear import DrivenClock
from tests.connectors.test_dispatch import ASK, CANCEL, CREATE, REFERENCE, Desk, a_desk
from tests.holding import a_hold, a_lift

OTHER = "H29.12-261102-0002"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    """14:33 on a Monday; it moves when told."""
    driven = DrivenClock(AT.timestamp())
    monkeypatch.setattr(instant, "_clock", driven)
    return driven


def rows(desk: Desk) -> list[Owed]:
    """What is owed, in order."""
    queue = Queue(open_store(desk.settings.database_url), "dispatch")
    with queue.store.read() as connection:
        ids = list(connection.execute(select(OWED.c.sequence_key).order_by(OWED.c.order_no)).scalars())
    with queue.store.begin() as connection:
        return [row for key in dict.fromkeys(ids) for row in queue.waiting(connection, key)]


def is_held(desk: Desk) -> bool:
    found = rows(desk)
    return bool(found) and all((row.last_error or "").startswith(held.HELD) for row in found)


def test_a_held_order_stays_owed_without_a_try_and_goes_once_its_hold_is_lifted(tmp_path: Path) -> None:
    holds = Said(a_hold())
    with a_desk(tmp_path, holds=holds) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: is_held(desk))
        [kept], calls = rows(desk), list(desk.post.calls)

        holds.say(a_lift())
        desk.dispatch.between()
        desk.waits_for(OrderAccepted)

    assert calls == []
    assert (kept.attempts, kept.in_doubt, kept.last_error) == (0, False, "held: post, by truc-ban: the road is flooded")
    assert len(desk.post.parcels) == 1


@pytest.mark.parametrize(
    "named",
    [
        {"carrier": "myvnpost"},
        {"agency": "H29.12"},
        {"procedure": "1.004873"},
        {"carrier": "myvnpost", "agency": "H29.12", "procedure": "1.004873"},
    ],
)
def test_a_hold_keeps_the_orders_of_its_scope_and_lets_the_others_go(tmp_path: Path, named: dict[str, Any]) -> None:
    with a_desk(tmp_path, holds=Said(a_hold(**named))) as desk:
        others = {"sender_agency": "H29.07", "procedure_code": "1.001193"}
        desk.takes(a_request(desk.settings, procedure_code="1.004873"))
        desk.until(lambda: is_held(desk))
        desk.takes(a_request(desk.settings, dossier=OTHER, **others))
        if named == {"carrier": "myvnpost"}:
            desk.until(lambda: len(rows(desk)) == 2 and is_held(desk))
        else:
            desk.until(lambda: len(desk.board.events(OrderAccepted)) == 1)

    assert desk.post.of(REFERENCE) == []


def test_a_hold_on_an_agency_that_was_merged_away_keeps_what_its_heir_sends(tmp_path: Path) -> None:
    holds = Said(a_hold(agency="000.00.12.H29"), resolve=Known().edition().resolve)
    with a_desk(tmp_path, holds=holds) as desk:
        desk.takes(a_request(desk.settings))

        desk.until(lambda: is_held(desk))

    assert desk.post.calls == []


def test_a_cancellation_is_not_held(tmp_path: Path) -> None:
    holds = Said()
    with a_desk(tmp_path, holds=holds) as desk:
        desk.takes(a_request(desk.settings))
        desk.waits_for(OrderAccepted)
        holds.say(a_hold())

        desk.takes(a_cancel())
        desk.post.wait_for(CANCEL)

    assert len(desk.post.cancelled) == 1


def test_a_held_order_is_withdrawn_here(tmp_path: Path) -> None:
    with a_desk(tmp_path, holds=Said(a_hold())) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: is_held(desk))

        desk.takes(a_cancel())
        (fact,) = desk.waits_for(OrderCancelled)

    assert (fact.data.reason, desk.post.calls) == ("it was never sent", [])


def test_an_order_in_doubt_is_asked_about_under_a_hold_but_not_sent_again(tmp_path: Path, clock: DrivenClock) -> None:
    holds = Said()
    with a_desk(tmp_path, before=[on(CREATE, no_answer)], holds=holds) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: not desk.post.before)
        holds.say(a_hold())
        desk.post.let_go.set()
        desk.until(lambda: passes(clock) and is_held(desk))
        [kept], asked, sent = rows(desk), desk.post.calls.count(ASK), desk.post.calls.count(CREATE)

        holds.say(a_lift())
        desk.dispatch.between()
        (fact,) = desk.waits_for(OrderAccepted)

    assert (kept.in_doubt, sent) == (True, 1)
    assert asked >= 1
    assert (len(desk.post.of(REFERENCE)), fact.data.duplicate) == (1, False)


def test_an_order_in_doubt_that_the_carrier_knows_is_settled_under_a_hold(tmp_path: Path, clock: DrivenClock) -> None:
    holds = Said()
    with a_desk(tmp_path, after=[on(CREATE, no_answer)], holds=holds) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: not desk.post.after)
        holds.say(a_hold())
        desk.post.let_go.set()
        desk.until(lambda: passes(clock) and bool(desk.board.events(OrderAccepted)))

    assert len(desk.post.of(REFERENCE)) == 1


def passes(clock: DrivenClock) -> bool:
    """Let driven time pass; what is in doubt stays so for a real second."""
    clock.at += 200
    return True


def test_what_was_held_when_the_process_ended_goes_after_a_start_without_the_hold(tmp_path: Path) -> None:
    with a_desk(tmp_path, holds=Said(a_hold())) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: is_held(desk))
        desk.dispatch.close_lanes()
        again = Dispatch(desk.settings, threading.Event(), desk.board, Known(), Said(a_lift()))
        again.open_lanes()

        again.between()
        desk.waits_for(OrderAccepted)
        again.close_lanes()
        again.close()


def test_the_time_under_a_hold_uses_up_no_tries(tmp_path: Path, clock: DrivenClock) -> None:
    holds = Said(a_hold())
    with a_desk(tmp_path, before=[on("/GetAccessToken", says(503))], holds=holds) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: is_held(desk))
        clock.at += timedelta(days=10).total_seconds()

        holds.say(a_lift(at=aware(clock.at)))
        desk.dispatch.between()
        desk.until(lambda: passes(clock) and bool(desk.board.events(OrderAccepted)))

    assert desk.board.events(OrderRefused) == []


def test_a_row_whose_hold_is_lifted_while_it_is_put_off_is_not_forgotten(tmp_path: Path) -> None:
    """The lane saw the hold; it was lifted, and what was held let go; only then the lane writes that it is held."""
    settings, holds = settings_in(tmp_path), Said(a_hold())
    queue = Slow(open_store(settings.database_url), "dispatch")
    holding = Holding(queue, holds, Brake.POST, concerns)
    request = a_request(settings)
    row = Owed(request.ref, "myvnpost", REFERENCE, 1, request.encode(), next_at=instant.clock().seconds())
    with queue.store.begin() as connection:
        queue.put(connection, [row])

    def meanwhile() -> None:
        holds.say(a_lift())
        assert holding.let_go() == set()

    queue.meanwhile = meanwhile
    stopped = holding.stops(queue, row)

    assert stopped
    assert holding.let_go() == {"myvnpost"}
    assert [one.id for one in queue.claim("myvnpost", instant.clock().seconds(), 10).rows] == [row.id]


class Slow(Queue):
    """Something happens before it puts a row off."""

    meanwhile: Callable[[], None]

    def later(self, *given: Any, **named: Any) -> None:
        self.meanwhile()
        super().later(*given, **named)


# ---------------------------------------------------------------- a lane that holds itself


def with_a_past(desk: Desk, hours: int = 30, orders: int = 2) -> None:
    """So many hours lie behind the lane, with so many orders each."""
    queue = Queue(open_store(desk.settings.database_url), "dispatch")
    past = [
        Owed(f"{hour}-{number}", "myvnpost", f"{hour}-{number}", 1, b"", next_at=at, created_at=at)
        for hour in range(1, hours + 1)
        for number in range(orders)
        for at in [AT.timestamp() - hour * 3600]
    ]
    with queue.store.begin() as connection:
        queue.put(connection, past)
        for row in past:
            queue.end(connection, row.id, OwedState.DONE)


def asks(desk: Desk) -> list[HoldSet]:
    desk.dispatch.between()
    return desk.board.events(HoldSet)


def many(desk: Desk, count: int, first: int = 1) -> list[Any]:
    return [a_request(desk.settings, dossier=f"H29.12-261102-{number:04d}") for number in range(first, first + count)]


def test_a_lane_three_times_above_its_usual_hour_holds_itself_and_asks(tmp_path: Path) -> None:
    holds = Said()
    with a_desk(tmp_path, holds=holds, holds_itself_from=5) as desk:
        with_a_past(desk)
        desk.takes(*many(desk, 6))
        usual = asks(desk)
        desk.takes(*many(desk, 1, first=7))

        (hold,) = asks(desk)

    assert usual == []
    assert (hold.subject, hold.source) == ("post carrier=myvnpost", "/hoso/dispatch")
    assert (hold.data.asks, hold.data.by) == (True, "dispatch")
    assert hold.data.why == "7 orders in one hour, and usually 2: is this right?"


def test_a_lane_that_asked_does_nothing_more_until_an_operator_releases_it_and_asks_no_more_of_that(
    tmp_path: Path,
) -> None:
    holds = Said()
    with a_desk(tmp_path, holds=holds, holds_itself_from=5) as desk:
        with_a_past(desk)
        desk.takes(*many(desk, 7))
        (hold,) = asks(desk)
        holds.say(hold)
        desk.takes(*many(desk, 2, first=8))
        desk.until(lambda: not [row for row in rows(desk) if row.next_at != held.UNTIL_LIFTED])
        waiting = len(rows(desk))

        holds.say(a_lift(carrier="myvnpost", at=instant.now()))
        again = asks(desk)
        desk.until(lambda: len(desk.post.parcels) == 9)
        desk.takes(*many(desk, 2, first=10))

        assert asks(desk) == again == [hold]

    assert waiting >= 2


def test_a_lane_told_never_to_hold_itself_does_not(tmp_path: Path) -> None:
    with a_desk(tmp_path, holds_itself_from=0) as desk:
        with_a_past(desk)
        desk.takes(*many(desk, 20))

        assert asks(desk) == []


# ---------------------------------------------------------------- a carrier's day


def test_what_is_owed_after_the_cut_off_waits_for_the_next_opening(tmp_path: Path, clock: DrivenClock) -> None:
    with a_desk(tmp_path, cut_off=time(15)) as desk:
        desk.takes(a_request(desk.settings))
        desk.waits_for(OrderAccepted)
        clock.at += 3600
        desk.takes(a_request(desk.settings, dossier=OTHER), a_cancel())
        desk.post.wait_for(CANCEL)
        [waiting] = [row for row in rows(desk) if row.sequence_key.startswith(OTHER)]
        early = desk.post.of(f"{OTHER}/D1")

        clock.at = waiting.next_at
        desk.until(lambda: bool(desk.post.of(f"{OTHER}/D1")))

    tomorrow = AT.astimezone(VIETNAM).date() + timedelta(days=1)
    assert aware(waiting.next_at) == datetime.combine(tomorrow, time(7), VIETNAM)
    assert early == []


def test_no_more_orders_go_in_a_run_than_it_takes(tmp_path: Path, clock: DrivenClock) -> None:
    with a_desk(tmp_path, batch_per_run=2) as desk:
        desk.takes(*many(desk, 5))
        desk.until(lambda: desk.owes() == 3)
        due = [aware(row.next_at) for row in rows(desk)]

        clock.at = due[0].timestamp()
        desk.until(lambda: desk.owes() == 1)
        sent = len(desk.post.parcels)

    first = AT.astimezone(VIETNAM).date()
    openings = [datetime.combine(first + timedelta(days=days), time(7), VIETNAM) for days in (1, 1, 2)]
    assert (due, sent) == (openings, 4)


def test_what_a_hold_kept_past_the_cut_off_waits_for_the_next_opening(tmp_path: Path, clock: DrivenClock) -> None:
    holds = Said(a_hold())
    with a_desk(tmp_path, holds=holds, cut_off=time(15)) as desk:
        desk.takes(a_request(desk.settings))
        desk.until(lambda: is_held(desk))
        clock.at += 3600

        holds.say(a_lift())
        desk.dispatch.between()
        [waiting] = rows(desk)

    assert aware(waiting.next_at).time() == time(7)
    assert desk.post.calls == []
