"""A word that is lost, doubled or out of its order in a feed or on a topic of results spoils a storm."""

from collections.abc import Sequence

import pytest

from connectors.broker import Message
from hoso import pulling, verdict
from hoso.pulling import Feed
from hoso.reckoning import Ledgers
from hoso.watching import Seen
from schemas.event import Event
from schemas.notice import NOTICES, REJECTIONS, EventRejected
from schemas.topics import results_topic
from tests.builders import CODE, fold
from tests.hoso.test_reckoning import LOG

AGENCY = "H29.12"
RESULTS = results_topic(AGENCY)
_, SAID = fold(LOG)
REFUSED = EventRejected.model_validate(
    {"id": "r-1", "source": "/hoso/edge", "subject": AGENCY, "time": "2026-11-02T09:05:00+07:00"}
    | {"data": {"id": "e-1", "errors": [{"field": "data", "problem": "is missing"}]}}
)
OWED = [*(fact for fact in SAID if type(fact).topic == NOTICES), REFUSED]
FIRST, SECOND = OWED[:2]


def found(feed: Feed, results: Sequence[Event]) -> list[str]:
    """The lines of books in which an agency was owed these words and found those."""
    topics = {NOTICES: OWED[:-1], REJECTIONS: OWED[-1:], RESULTS: results}
    seen = {topic: [Seen(topic, 0, event) for event in events] for topic, events in topics.items()}
    return pulling.lines(seen, {AGENCY: feed})


def on_the_topic(*words: Event) -> dict[str, list[Message]]:
    """The topic of results as it is read."""
    return {RESULTS: [Message(RESULTS, 0, number, b"", word.encode()) for number, word in enumerate(words)]}


def books(*fed: Event) -> Ledgers:
    """An agency's feed, and nothing else."""
    return Ledgers({}, {"parcels": []}, {AGENCY: {"notices": [], "repetitions": 0}}, {AGENCY: fed})


def test_what_is_whole_in_the_feed_and_on_the_topic_adds_up() -> None:
    assert FIRST.subject == SECOND.subject == CODE
    assert found(OWED, OWED) == []


def test_what_stands_again_on_the_topic_later_is_no_word_out_of_order() -> None:
    assert found(OWED, [*OWED, FIRST]) == []


@pytest.mark.parametrize("lost", [FIRST, SECOND, REFUSED], ids=["first", "second", "refused"])
def test_a_word_that_never_came_is_lost(lost: Event) -> None:
    rest = [one for one in OWED if one is not lost]

    for lines in (found(rest, OWED), found(OWED, rest)):
        assert [lost.id in line and line.startswith(verdict.LOST) for line in lines] == [True]


def test_a_word_that_nobody_owed_is_found() -> None:
    invented = [*OWED, FIRST.model_copy(update={"id": "n-9"})]

    for lines in (found(invented, OWED), found(OWED, invented)):
        assert any("nobody owed: n-9" in line for line in lines)


def test_a_dossiers_words_out_of_their_order_are_found() -> None:
    swapped = [SECOND, FIRST, *OWED[2:]]

    for lines in (found(swapped, OWED), found(OWED, swapped)):
        assert any("came after" in line for line in lines)


def test_a_feed_that_does_not_answer_is_said() -> None:
    assert found(None, OWED) == [f"the feed of {AGENCY} did not answer"]


def test_twice_in_the_feed_is_twice_in_effect() -> None:
    assert verdict.twice({}, books(FIRST, SECOND)) == 0
    assert verdict.twice({}, books(FIRST, SECOND, FIRST)) == 1


def test_the_same_again_on_the_topic_of_results_is_counted_as_repeated_and_another_content_as_twice() -> None:
    other = FIRST.model_copy(update={"subject": f"{CODE}0"})

    again, differing = on_the_topic(FIRST, SECOND, FIRST), on_the_topic(FIRST, SECOND, other)

    assert (verdict.twice(again, books()), verdict.repeated(again, books())) == (0, {RESULTS: 1})
    assert verdict.twice(differing, books()) == 1
