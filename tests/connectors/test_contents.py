"""One id has one content: a repetition is silent, another content under its id an alarm, and the first stands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from connectors.broker import Message
from connectors.contents import differing
from connectors.store import queue as queues
from connectors.store.queue import Owed, Queue
from schemas.content import content_of
from schemas.notice import NOTICES
from tests.builders import a_fact, received
from tests.connectors.doubles import a_store
from tests.connectors.notify.conftest import a_notice
from tests.schemas.versions import a_new_one, the_next_release

NOTICE = a_notice(1)


def said(by: str = "0.1.0", **changes: Any) -> bytes:
    return NOTICE.model_copy(update={"codeversion": by} | changes).encode()


OTHERWISE = said("0.2.0", data=NOTICE.data.model_copy(update={"sequence": 2}))


def test_the_release_that_says_a_fact_is_no_part_of_it() -> None:
    first, again, other = (content_of(raw) for raw in (said("0.1.0"), said("0.2.0"), OTHERWISE))

    assert first and again and other
    assert not first.differs(again)
    assert first.differs(other) and again.differs(other)


def test_the_order_in_which_json_says_it_is_no_part_of_it() -> None:
    raw = said()
    turned = json.dumps(dict(reversed(json.loads(raw).items()))).encode()

    first, again = content_of(raw), content_of(turned)

    assert first and again and not first.differs(again)


def test_another_fact_is_no_other_content() -> None:
    one, other = content_of(received().encode()), content_of(NOTICE.encode())

    assert one and other and not one.differs(other)


def test_bytes_that_are_no_event_have_no_content() -> None:
    assert [content_of(raw) for raw in (b"\xff", b"[]", b'{"dossier": 1}', b"body")] == [None] * 4


def test_a_new_version_is_compared_in_the_words_that_both_have() -> None:
    before = a_fact("supplement_received", "2026-11-06 09:00", complete=True)
    old = content_of(before.encode())

    with the_next_release("0.2.0"):
        new, richer = (content_of(a_new_one(before, papers=papers).encode()) for papers in (1, 2))

    assert old and new and richer
    assert not old.differs(new) and not new.differs(old)
    assert new.differs(richer)


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    # A logger of this test's own, for one that was used before keeps its processors.
    monkeypatch.setattr(queues, "log", structlog.get_logger())
    with a_store(tmp_path) as store:
        yield Queue(store, "callbacks")


def put(queue: Queue, *bodies: bytes) -> int:
    rows = [Owed(NOTICE.id, "H29.12", "H29.12|d", 1, body, next_at=1.0) for body in bodies]
    with queue.store.begin() as transaction:
        return queue.put(transaction, rows)


def alarms() -> float:
    return REGISTRY.get_sample_value("hoso_content_differs_total", {"queue": "callbacks"}) or 0.0


def test_a_repetition_by_another_release_is_silent(queue: Queue) -> None:
    before = alarms()
    with capture_logs() as lines:
        assert (put(queue, said("0.1.0")), put(queue, said("0.2.0"))) == (1, 0)

    assert (lines, alarms()) == ([], before)


def test_another_content_under_a_known_id_is_an_alarm_and_the_first_stands(queue: Queue) -> None:
    before = alarms()
    put(queue, said("0.1.0"))
    with capture_logs() as lines:
        put(queue, OTHERWISE)

    [alarm] = lines
    assert (alarm["event"], alarm["log_level"], alarm["id"]) == ("content.differs", "critical", NOTICE.id)
    assert (alarm["first"], alarm["second"]) == ("0.1.0", "0.2.0")
    assert alarms() == before + 1
    assert [row.body for row in queue.claim("H29.12", 2.0, 9).rows] == [said("0.1.0")]


def test_two_contents_in_one_batch_are_an_alarm(queue: Queue) -> None:
    before = alarms()

    assert put(queue, said(), OTHERWISE) == 1

    assert alarms() == before + 1


USUAL = json.dumps({**json.loads(said()), "data": {**json.loads(said())["data"], "payload": {}}}).encode()


def test_a_field_that_one_release_leaves_out_because_it_is_as_usual_is_no_other_content(queue: Queue) -> None:
    short = json.loads(USUAL)
    del short["data"]["payload"]
    before = alarms()

    put(queue, json.dumps(short).encode())
    put(queue, USUAL)

    assert alarms() == before
    records = [Message(NOTICES, 0, n, b"k", raw) for n, raw in enumerate((USUAL, json.dumps(short).encode()))]
    assert differing(NOTICES, lambda: records) == []


def test_what_is_owed_and_is_no_event_may_be_put_otherwise(queue: Queue) -> None:
    before = alarms()

    put(queue, b'{"dossier": "d"}')
    put(queue, b'{"dossier": "d", "item": "i"}')

    assert alarms() == before


def test_a_topic_is_searched_for_one_id_with_two_contents() -> None:
    values = [said("0.1.0"), said("0.2.0"), OTHERWISE, a_notice(3).encode(), b"rubbish"]
    records = [Message(NOTICES, 2, offset, b"k", value) for offset, value in enumerate(values)]

    [line] = differing(NOTICES, lambda: records)

    assert NOTICE.id in line and "by 0.1.0 and by 0.2.0 (offset 2 of partition 2)" in line
