"""Of a disaster only what followed from a lost fact is explained by it; everything else must still agree."""

from typing import Any

from connectors.broker import Message
from hoso.aftermath import Aftermath
from hoso.reckoning import Ledgers
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import NOTICES
from schemas.postal import REQUESTS
from schemas.topics import TOPICS
from tests.builders import fold, received

assert TOPICS
CODES = [f"H29.12-261102-000{number}" for number in (1, 2)]
KEPT, LOST = (received(code=code, id=f"{code}-received") for code in CODES)


def record(event: Event, offset: int) -> Message:
    return Message(type(event).topic, 0, offset, event.subject.encode(), event.encode())


def topics(*facts: Event) -> dict[str, list[Message]]:
    """What honest workers make of these facts."""
    found: dict[str, list[Message]] = {LOG: [], NOTICES: [], REQUESTS: []}
    for fact in facts:
        _, said = fold([fact])
        for event in [fact, *said]:
            if type(event).topic in found:
                rows = found[type(event).topic]
                rows.append(record(event, len(rows)))
    return found


def subjects(rows: list[Message]) -> list[str]:
    return [(row.key or b"").decode() for row in rows]


BEFORE = topics(KEPT, LOST)


def test_a_notice_whose_fact_did_not_come_back_was_heard_and_does_not_stand() -> None:
    aftermath = Aftermath(BEFORE, topics(KEPT), {0: 1})

    assert aftermath.touched() == {CODES[1]}
    assert subjects(aftermath.died(NOTICES)) == [CODES[1]]
    assert subjects(aftermath.heard()[NOTICES]) == CODES[::-1]
    assert subjects(aftermath.standing()[NOTICES]) == CODES[:1]


def test_a_notice_that_is_said_again_counts_once_and_stands() -> None:
    aftermath = Aftermath(BEFORE, topics(KEPT, LOST), {0: 1})

    assert aftermath.died(NOTICES) == []
    assert subjects(aftermath.standing()[NOTICES]) == CODES


def test_a_notice_of_a_fact_that_was_restored_is_excused_by_nothing() -> None:
    silent = topics(KEPT, LOST) | {NOTICES: []}

    aftermath = Aftermath(BEFORE, silent, {0: 2})

    assert aftermath.died(NOTICES) == []
    assert subjects(aftermath.standing()[NOTICES]) == CODES


def ledgers(*told: tuple[str, int]) -> Ledgers:
    notices: list[dict[str, Any]] = [{"dossier": dossier, "sequence": number} for dossier, number in told]
    return Ledgers({}, {}, {"H29.12": {"notices": notices}})


def test_a_number_may_be_used_twice_only_in_a_dossier_that_lost_facts() -> None:
    aftermath = Aftermath(BEFORE, topics(KEPT), {0: 1})

    assert aftermath.renumbered(ledgers((CODES[1], 1), (CODES[1], 1))) == 1
    assert aftermath.renumbered(ledgers((CODES[0], 1), (CODES[0], 1))) == 0
    assert aftermath.is_renumbered(f"H29.12: {CODES[1]}: notice 2 came after 3")
    assert not aftermath.is_renumbered(f"H29.12: {CODES[0]}: notice 2 came after 3")
    assert not aftermath.is_renumbered(f"H29.12 was never told: {CODES[1]} near_due")
