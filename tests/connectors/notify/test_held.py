"""Words under a hold: they stay owed in their order, and go in it once the hold is lifted."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.holding import Holding
from connectors.lane import LanePolicy
from connectors.notify.lane import CallbackLane
from connectors.notify.owing import concerns
from connectors.notify.results import RESULTS_QUEUE, results_lane
from connectors.store import held
from connectors.store.queue import Owed, Queue
from schemas.notice import Notice
from schemas.ops import Brake, HoldSet
from tests.builders import CODE
from tests.connectors.doubles import Said
from tests.connectors.notify.conftest import Rig, a_notice, a_rejection
from tests.holding import a_hold, a_lift
from tests.waiting import until

OTHER = "H29.12-261102-0002"
NOTICES = Brake.NOTICES


def of_procedure(procedure: str, notice: Notice) -> Notice:
    return notice.model_copy(update={"data": notice.data.model_copy(update={"procedure_code": procedure})})


def under(rig: Rig, holds: Said) -> Holding:
    """What holds keep of the rig's callbacks; its lane asks it."""
    holding = Holding(rig.queue, holds, NOTICES, concerns)
    rig.lane = CallbackLane("H29.12", replace(rig.tools, passage=holding))
    return holding


def are_held(queue: Queue, count: int) -> Callable[[], bool]:
    """Whether so many rows are kept by a hold."""

    def looked() -> bool:
        with queue.store.read() as connection:
            return len(held.held(connection, queue.name)) == count

    return looked


def test_held_words_go_in_their_order_once_the_hold_is_lifted(rig: Rig) -> None:
    holds = Said(a_hold(NOTICES, agency="H29.12"))
    holding = under(rig, holds)
    rig.owes([a_notice(number, dossier) for number in (1, 2, 3) for dossier in (CODE, OTHER)])
    rig.lane.start()
    until(are_held(rig.queue, 2))
    silent = rig.ear.hears_nothing()

    holds.say(a_lift(NOTICES, agency="H29.12"))
    freed = holding.let_go()
    rig.lane.wake()
    heard = [rig.ear.next_while(lambda: rig.passes(1)).said for _ in range(6)]

    assert (silent, freed) == (True, {"H29.12"})
    for dossier in (CODE, OTHER):
        assert [one["data"]["sequence"] for one in heard if one["subject"] == dossier] == [1, 2, 3]


def test_words_under_a_hold_lose_no_try(rig: Rig) -> None:
    under(rig, Said(a_hold(NOTICES)))
    rig.owes([a_notice(1), a_rejection()])
    rig.lane.start()
    until(are_held(rig.queue, 2))

    with rig.store.read() as connection:
        kept: list[Owed] = held.held(connection, rig.queue.name)

    assert {row.attempts for row in kept} == {0}


ELSEWHERE = (a_hold(NOTICES, agency="H29.99"), a_hold(Brake.POST), a_hold(NOTICES, procedure="1.001193"))


@pytest.mark.parametrize("hold", ELSEWHERE, ids=lambda hold: hold.subject)
def test_another_hold_keeps_nothing(rig: Rig, hold: HoldSet) -> None:
    under(rig, Said(hold))
    rig.owes([of_procedure("1.004873", a_notice(1))])
    rig.lane.start()

    assert rig.ear.next_while(lambda: rig.passes(1)).id == a_notice(1).id


def test_a_hold_on_a_procedure_keeps_its_dossiers_words_and_lets_the_others_go(rig: Rig) -> None:
    under(rig, Said(a_hold(NOTICES, procedure="1.004873")))
    rig.owes([of_procedure("1.004873", a_notice(1)), of_procedure("1.001193", a_notice(1, OTHER))])
    rig.lane.start()

    heard = rig.ear.next_while(lambda: rig.passes(1))
    until(are_held(rig.queue, 1))

    assert heard.said["subject"] == OTHER
    assert rig.ear.hears_nothing()


def test_an_agencys_own_topic_is_held_too(rig: Rig) -> None:
    holds, queue = Said(a_hold(NOTICES)), Queue(rig.store, RESULTS_QUEUE)
    holding = Holding(queue, holds, NOTICES, concerns)
    lane = results_lane("H29.12", rig.store, rig.producer, "test", rig.broken.append, LanePolicy(), holding)
    rig.owes([a_notice(1), a_notice(2)])
    lane.start()
    until(are_held(queue, 1))
    before = list(rig.producer.rows)

    holds.say(a_lift(NOTICES))
    holding.let_go()
    lane.wake()
    until(lambda: len(rig.producer.rows) == 2)
    lane.close()

    assert before == []
    assert [event.data.sequence for event in rig.producer.on("results.H29.12")] == [1, 2]
