"""The comparison with a pure fold can fail: what is missing, added, altered or stale is found and named."""

from connectors.broker import Message
from hoso.refolding import differences
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import NOTICES
from schemas.postal import REQUESTS
from schemas.state import STATE
from tests.builders import CODE, REFERENCE, a_move, a_postal_fact, fold, received, result_ready

FACTS = [
    received("2026-11-02 09:05", return_mode="POST"),
    result_ready("2026-11-03 15:30"),
    a_postal_fact("order_accepted", "2026-11-03 15:40", leg="D1", item_code="EA000000011VN", reference=f"{CODE}/D1"),
    a_move("DELIVERED", "2026-11-04 10:00"),
]


def the_topics(log: list[Event] = FACTS) -> dict[str, list[Message]]:
    """What honest workers would have written of this log."""
    _, said = fold(log)
    found: dict[str, list[Message]] = {}
    for event in [*log, *said]:
        topic = type(event).topic
        records = found.setdefault(topic, [])
        value = event.model_copy(update={"codeversion": "0.1.0"}).encode()
        records.append(Message(topic, 0, len(records), event.subject.encode(), value))
    return found


def differing(topics: dict[str, list[Message]]) -> list[str]:
    return differences(topics, REFERENCE)


def test_honest_workers_differ_in_nothing() -> None:
    assert differing(the_topics()) == []


def test_a_fact_said_twice_is_said_once() -> None:
    topics = the_topics()
    topics[NOTICES].append(topics[NOTICES][0])
    topics[LOG].append(topics[LOG][0])

    assert differing(topics) == []


def test_a_request_that_was_never_said_is_missed() -> None:
    topics = the_topics()
    topics[REQUESTS].pop()

    [line] = differing(topics)

    assert "postal.requests: never said" in line and CODE in line


def test_a_notice_of_a_fact_that_is_not_on_the_log_is_found() -> None:
    topics = the_topics()
    topics[LOG].pop()

    assert any("agency.notices: said, and the log gives no such" in line for line in differing(topics))


def test_a_state_that_stayed_behind_is_found() -> None:
    topics = the_topics()
    topics[STATE].pop()

    assert any(line.startswith(f"{CODE}: legs was said as") for line in differing(topics))


def test_one_id_with_two_contents_is_found() -> None:
    topics = the_topics()
    [first, *_] = topics[NOTICES]
    other = Event.decode(first.value or b"").model_copy(update={"subject": "H29.12-261102-0002"})
    topics[NOTICES].append(Message(NOTICES, 0, 99, first.key, other.encode()))

    found = differing(topics)

    assert any("with two contents" in line for line in found)
    assert any("other content than the log gives" in line for line in found)
