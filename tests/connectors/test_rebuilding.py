"""The log folded again: the same public state as the worker's, whatever it parked; one dossier's fault is one line."""

from collections.abc import Iterable

import pytest

from connectors.broker import Message
from connectors.rebuilding import compare, folded
from hoso.refolding import differences
from rules.kept import Kept
from rules.parking import shown_of
from schemas.dossier import LOG
from schemas.event import Event
from schemas.ops import EventSkipped, Retried
from schemas.state import STATE, DossierStateChanged
from streams.codec import decode
from streams.engine import Record
from streams.fold import Fold
from tests.builders import CODE, REFERENCE, a_fact, received, result_ready
from tests.rules.test_archiving import AT_THE_COUNTER, archived, went
from tests.rules.test_bounds import a_large_one, unsayable_with
from tests.rules.test_parking import a_word

OTHER = "H29.12-261102-0002"
States = dict[str, DossierStateChanged.Data]


class Worker:
    """A worker's fold of a log: what it keeps and has said, and what it left to the dead letters."""

    def __init__(self) -> None:
        self._fold, self._states = Fold(REFERENCE), dict[str, bytes]()
        self.said: dict[str, list[Message]] = {}
        self.letters = 0

    def hears(self, log: Iterable[Event]) -> None:
        for offset, event in enumerate(log):
            key = event.subject
            record = Record(key.encode(), event.encode(), offset, 0, 0)
            stepped = self._fold.step(self._states.get(key), record)
            if stepped.state is not None:
                self._states[key] = stepped.state
            self.letters += len(stepped.letters)
            for topic, raw in stepped.outputs:
                records = self.said.setdefault(topic, [])
                records.append(Message(topic, 0, len(records), key.encode(), raw))

    @property
    def kept(self) -> dict[str, Kept]:
        return {code: decode(state) for code, state in self._states.items()}

    @property
    def states(self) -> States:
        events = [DossierStateChanged.decode(one.value or b"") for one in self.said[STATE]]
        return {event.subject: event.data for event in events}


def rebuilt(log: Iterable[Event]) -> dict[str, Kept]:
    kept = dict[str, Kept]()
    for _ in folded(messages(log), REFERENCE, kept):
        pass
    return kept


def messages(log: Iterable[Event]) -> list[Message]:
    return [Message(LOG, 0, at, event.subject.encode(), event.encode()) for at, event in enumerate(log)]


TOO_LARGE = [received(), a_large_one(1), a_large_one(2), a_large_one(3), result_ready("2026-11-03 15:30")]
SKIPPED = a_word(EventSkipped, TOO_LARGE[3].ref)
OVERFLOWING = [
    *TOO_LARGE,
    *(a_large_one(number) for number in range(10, 20)),
    a_fact("withdrawn", "2026-11-03 16:00", reason="x"),
]


@pytest.mark.parametrize(
    ("log", "is_parked", "letters"),
    [
        (TOO_LARGE, True, 0),
        ([*TOO_LARGE, a_word(Retried, CODE)], True, 0),
        ([*TOO_LARGE, SKIPPED], False, 0),
        ([*TOO_LARGE, a_word(Retried, CODE), SKIPPED, a_large_one(4)], True, 0),
        (OVERFLOWING, True, 7),
        ([*OVERFLOWING, a_word(Retried, CODE)], True, 7),
    ],
    ids=["parked", "retried", "skipped", "parked_again", "overflowing", "overflowing_retried"],
)
def test_a_dossier_that_is_parked_by_its_size_is_folded_again_to_the_same(
    log: list[Event], is_parked: bool, letters: int
) -> None:
    worker = Worker()
    worker.hears(log)

    kept = rebuilt(log)

    assert compare(kept, worker.states) == []
    assert differences({LOG: messages(log)} | worker.said, REFERENCE) == []
    assert (bool(kept[CODE].parked), kept[CODE].lettered, worker.letters) == (is_parked, letters, letters)
    assert shown_of(kept[CODE]) == shown_of(worker.kept[CODE])


def test_what_is_said_of_a_parked_dossier_is_compared() -> None:
    worker = Worker()
    worker.hears(TOO_LARGE)
    states = worker.states

    [line] = compare(rebuilt(TOO_LARGE), {CODE: states[CODE].model_copy(update={"parked": None})})

    assert line.startswith(f"{CODE}: parked was said as None, the log gives")


def test_a_dossier_that_cannot_be_drawn_is_one_difference_and_the_others_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = [received(), result_ready("2026-11-03 15:30"), received(code=OTHER)]
    unsayable_with(monkeypatch, facts=2)
    worker = Worker()
    worker.hears(log)
    states = worker.states
    states[OTHER] = states[OTHER].model_copy(update={"channel": "COUNTER"})

    lines = compare(rebuilt(log), states)

    assert lines == [
        f"{CODE}: its state cannot be drawn from the log: OverflowError: no such day",
        f"{OTHER}: channel was said as 'COUNTER', the log gives 'ONLINE'",
    ]
    assert differences({LOG: messages(log)} | worker.said, REFERENCE) == []


def test_of_an_archived_dossier_that_it_is_archived_is_compared() -> None:
    stub, fact = archived(*AT_THE_COUNTER)
    _, said = went(went(Kept(), *AT_THE_COUNTER)[0], fact)
    state = said[-1].data

    assert compare({CODE: stub}, {CODE: state}) == []
    assert compare({CODE: stub}, {}) == [f"{CODE}: the log has it archived, no state was said"]
    [line] = compare({CODE: stub}, {CODE: state.model_copy(update={"archived_at": None})})
    assert line.startswith(f"{CODE}: it was said to be RESULT_RETURNED, archived None; the log gives RESULT_RETURNED")
