"""The kinds of dossiers a city sees: how many of each, when they may begin, and the steps each takes."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sandbox import procedures
from sandbox.steps import After, Due, On, Step, When, Who

Steps = tuple[Step, ...]
FIRST_TRY, ABSENT_ONCE, NEVER, REFUSED, UNANSWERED, UNHEARD, ORDINARY = (f"090000090{n}" for n in range(1, 8))
"""The post's magic numbers."""


@dataclass(frozen=True)
class Kind:
    """A kind of dossier. `share` is its weight; it begins on one of the working days `first_day` to `last_day`."""

    name: str
    share: int
    codes: tuple[str, ...]
    channel: str
    return_mode: str
    steps: Callable[[Random], Steps]
    first_day: int = 0
    last_day: int = 6
    phone: str | None = None
    latest_hour: float = 15.5


# ---------------------------------------------------------------- pieces


def received(when: When | None = None) -> Step:
    """The officer's act of reception."""
    return Step("received", when or After(0))


def at_desk(dice: Random) -> Step:
    """An officer is named."""
    return Step("assigned", After(dice.uniform(12, 50)), Who.COMPETENT)


def decided(when: When, *, physical: bool = True, outcome: str = "APPROVED", fee: int = 0) -> Step:
    """The agency has decided."""
    return Step("result_ready", when, Who.COMPETENT, says={"physical": physical, "outcome": outcome, "fee": fee})


def over_the_counter(dice: Random, when: When | None = None) -> Step:
    """The citizen takes the result at the counter."""
    return Step("result_returned", when or After(dice.uniform(8, 90)), says={"mode": "COUNTER"})


def electronic(dice: Random) -> Step:
    """The result goes out by wire."""
    return Step("result_returned", After(dice.uniform(2, 12)), says={"mode": "ELECTRONIC"})


def handed_to_post(leg: str, instead: dict[str, Steps] | None = None) -> Step:
    """A postman walks in and signs for the envelope."""
    return Step(
        "handover_signed",
        awaits=f"{leg}:PICKED_UP",
        says={"leg": leg, "direction": "AGENCY_TO_POST"},
        instead=instead or {},
    )


def by_post(dice: Random, leg: str = "D1") -> Steps:
    """Handed to the post and delivered; what comes back, or was never taken, is fetched at the counter."""
    at_counter = (over_the_counter(dice, On(1, _minute(dice, 8.2, 11))),)
    return (
        handed_to_post(leg, {f"{leg}:refused": at_counter}),
        Step(None, awaits=f"{leg}:DELIVERED", instead={f"{leg}:RETURNED_TO_SENDER": at_counter}),
    )


def from_the_post(dice: Random) -> Steps:
    """A postman walks in with a collected dossier; both count and sign, then it is received."""
    return (
        Step("handover_signed", awaits="C1:DELIVERED", says={"leg": "C1", "direction": "POST_TO_AGENCY"}),
        received(After(dice.uniform(8, 40))),
    )


def _minute(dice: Random, low: float, high: float) -> int:
    """A minute of the day between two hours."""
    return int(dice.uniform(low, high) * 60)


def _early(dice: Random) -> When:
    return Due(-dice.choice((1, 1, 2)), _minute(dice, 8, 16))


def _fee(dice: Random) -> int:
    """What the postman is to collect, in dong."""
    return dice.choice((0, 0, 0, 20_000, 35_000))


# ---------------------------------------------------------------- whole lives


def _counter_same_day(dice: Random) -> Steps:
    return received(), decided(After(dice.uniform(15, 70))), over_the_counter(dice, After(dice.uniform(5, 20)))


def _counter(dice: Random) -> Steps:
    return received(), at_desk(dice), decided(_early(dice)), over_the_counter(dice)


def _online(dice: Random) -> Steps:
    return Step("submitted"), received(After(dice.uniform(10, 120))), at_desk(dice)


def _online_electronic(dice: Random) -> Steps:
    return *_online(dice), decided(_early(dice), physical=False), electronic(dice)


def _online_post(dice: Random) -> Steps:
    return *_online(dice), decided(_early(dice), fee=_fee(dice)), *by_post(dice)


def _counter_post(dice: Random) -> Steps:
    return received(), at_desk(dice), decided(_early(dice), fee=_fee(dice)), *by_post(dice)


def _collected(dice: Random) -> Steps:
    return Step("collection_registered"), *from_the_post(dice)


def _collected_post(dice: Random) -> Steps:
    return *_collected(dice), decided(After(dice.uniform(20, 90)), fee=_fee(dice)), *by_post(dice)


def _collected_counter(dice: Random) -> Steps:
    return *_collected(dice), decided(After(dice.uniform(20, 90))), over_the_counter(dice, On(1, _minute(dice, 8, 11)))


def _supplement(dice: Random) -> Steps:
    missing = {"stage": "APPRAISAL", "documents": ["Bản sao căn cước"]}
    return (
        *_online(dice),
        Step("supplement_requested", On(1, _minute(dice, 8, 11)), Who.COMPETENT, says=missing),
        Step("supplement_received", On(dice.choice((0, 1)), _minute(dice, 13.2, 16)), says={"complete": True}),
        decided(_early(dice), physical=False),
        electronic(dice),
    )


def _reception_refused(dice: Random) -> Steps:
    return Step("submitted"), Step("reception_refused", After(dice.uniform(20, 150)))


def _refused(dice: Random) -> Steps:
    return received(), at_desk(dice), decided(_early(dice), outcome="REFUSED"), over_the_counter(dice)


def _withdrawn(dice: Random) -> Steps:
    return received(), at_desk(dice), Step("withdrawn", On(1, _minute(dice, 8, 16)))


def _collected_withdrawn(dice: Random) -> Steps:
    return (
        *_collected(dice),
        Step("withdrawn", On(1, _minute(dice, 8, 10))),
        handed_to_post("R1"),
        Step(None, awaits="R1:DELIVERED", instead={"R1:RETURNED_TO_SENDER": ()}),
    )


def _extended(dice: Random) -> Steps:
    return (
        received(),
        at_desk(dice),
        Step("apology_issued", Due(-1, _minute(dice, 8, 10)), Who.COMPETENT),
        Step("extended", After(5), Who.COMPETENT),
        decided(Due(-dice.choice((0, 1)), _minute(dice, 8, 15))),
        over_the_counter(dice),
    )


def _on_the_day(dice: Random) -> Steps:
    return received(), at_desk(dice), decided(Due(0, _minute(dice, 9, 15.5))), over_the_counter(dice)


def _missed(dice: Random) -> Steps:
    return received(), at_desk(dice), decided(Due(dice.choice((1, 2)), _minute(dice, 9, 15))), over_the_counter(dice)


def _forwarded(dice: Random) -> Steps:
    return received(), Step("forwarded", After(dice.uniform(8, 30))), at_desk(dice)


def _department(dice: Random) -> Steps:
    return *_forwarded(dice), decided(_early(dice)), over_the_counter(dice)


def _department_post(dice: Random) -> Steps:
    return *_forwarded(dice), decided(On(dice.choice((2, 3)), _minute(dice, 8, 15))), *by_post(dice)


def _ahead(dice: Random) -> Steps:
    """The department's word overtakes the ward's."""
    return (
        decided(After(dice.uniform(30, 60)), outcome="APPROVED"),
        Step("received", After(1), behind=True),
        over_the_counter(dice),
    )


def _undeliverable(dice: Random) -> Steps:
    """Twice invited, then back; the citizen asks for another try, or comes to the counter."""
    asks_again = Step("return_registered", After(dice.uniform(20, 60)), says={"phone": FIRST_TRY})
    again = (asks_again, *by_post(dice, "D2"))
    life = (received(), decided(After(dice.uniform(15, 60))), *by_post(dice))
    if dice.random() < 0.6:
        return life
    return *life[:-1], Step(None, awaits="D1:DELIVERED", instead={"D1:RETURNED_TO_SENDER": again})


def _post_same_day(dice: Random) -> Steps:
    return received(), decided(After(dice.uniform(15, 60))), *by_post(dice)


def _collection_cancelled(dice: Random) -> Steps:
    walks_in = Step("received", After(dice.uniform(30, 120)), says={"channel": "COUNTER"})
    goes_on = (decided(After(dice.uniform(20, 60))), over_the_counter(dice))
    return (
        Step("collection_registered"),
        Step("collection_cancelled", After(25)),
        Step(
            None,
            awaits="C1:CANCELLED",
            patience=On(1, _minute(dice, 9, 10)),
            instead={"C1:PICKED_UP": (*from_the_post(dice), *goes_on), "C1:refused": (walks_in, *goes_on)},
        ),
        walks_in,
        *goes_on,
    )


def _return_cancelled(dice: Random) -> Steps:
    return (
        received(),
        decided(After(dice.uniform(15, 40))),
        Step("return_cancelled", After(25)),
        Step(
            None, awaits="D1:CANCELLED", patience=On(1, _minute(dice, 9, 10)), instead={"D1:PICKED_UP": _too_late(dice)}
        ),
        over_the_counter(dice),
    )


def _too_late(dice: Random) -> Steps:
    """The postman was faster than the cancellation: he has the envelope already."""
    return (
        Step("handover_signed", After(2), says={"leg": "D1", "direction": "AGENCY_TO_POST"}),
        Step(None, awaits="D1:DELIVERED", instead={"D1:RETURNED_TO_SENDER": (over_the_counter(dice, On(1, 540)),)}),
    )


def _late_reception(dice: Random) -> Steps:
    return (
        Step("submitted"),
        received(On(2, _minute(dice, 8, 11))),
        at_desk(dice),
        decided(_early(dice), physical=False),
        electronic(dice),
    )


SAME, SAME_POST = procedures.SAME_DAY, procedures.SAME_DAY_BY_POST
THREE, THREE_POST, SEVERAL = procedures.THREE_DAYS, procedures.THREE_DAYS_BY_POST, procedures.SEVERAL_DAYS
COUNTER, ONLINE, POSTAL, POST, WIRE = "COUNTER", "ONLINE", "POSTAL", "POST", "ELECTRONIC"

KINDS = (
    Kind("counter_same_day", 92, SAME, COUNTER, COUNTER, _counter_same_day, last_day=8, latest_hour=14),
    Kind("counter", 56, SEVERAL, COUNTER, COUNTER, _counter, last_day=5),
    Kind("online_electronic", 60, THREE, ONLINE, WIRE, _online_electronic),
    Kind("online_post", 50, THREE_POST, ONLINE, POST, _online_post, last_day=5),
    Kind("counter_post", 26, THREE_POST, COUNTER, POST, _counter_post, last_day=5),
    Kind("collected_post", 24, SAME_POST, POSTAL, POST, _collected_post, last_day=5),
    Kind("collected_counter", 8, SAME_POST, POSTAL, COUNTER, _collected_counter),
    Kind("supplement", 20, THREE, ONLINE, WIRE, _supplement, last_day=4),
    Kind("reception_refused", 12, THREE, ONLINE, WIRE, _reception_refused, last_day=8),
    Kind("refused_after_appraisal", 8, THREE, COUNTER, COUNTER, _refused),
    Kind("withdrawn", 6, SEVERAL, COUNTER, COUNTER, _withdrawn, last_day=7),
    Kind("collected_withdrawn", 4, THREE_POST, POSTAL, COUNTER, _collected_withdrawn, last_day=4),
    Kind("extended", 8, THREE, COUNTER, COUNTER, _extended, last_day=4),
    Kind("on_the_day", 10, THREE, COUNTER, COUNTER, _on_the_day),
    Kind("missed", 8, THREE, COUNTER, COUNTER, _missed, last_day=4),
    Kind("department", 12, procedures.OF_THE_CITY, COUNTER, COUNTER, _department),
    Kind("department_post", 6, procedures.CRIMINAL_RECORD, COUNTER, POST, _department_post, last_day=4),
    Kind("ahead", 4, procedures.OF_THE_CITY, COUNTER, COUNTER, _ahead, latest_hour=13.5),
    Kind("absent_once", 6, SAME_POST, COUNTER, POST, _post_same_day, 0, 3, ABSENT_ONCE, 13),
    Kind("undeliverable", 5, SAME_POST, COUNTER, POST, _undeliverable, 0, 0, NEVER, 13),
    Kind("address_refused", 2, SAME_POST, COUNTER, POST, _post_same_day, 0, 5, REFUSED, 13),
    Kind("unanswered", 3, SAME_POST, COUNTER, POST, _post_same_day, 0, 4, UNANSWERED, 13),
    Kind("unheard", 3, SAME_POST, COUNTER, POST, _post_same_day, 0, 3, UNHEARD, 13),
    Kind("collection_cancelled", 3, SAME_POST, POSTAL, COUNTER, _collection_cancelled, 0, 5, None, 10),
    Kind("return_cancelled", 3, SAME_POST, COUNTER, POST, _return_cancelled, 0, 5, None, 10),
    Kind("late_reception", 4, THREE, ONLINE, WIRE, _late_reception, last_day=3),
)
