"""One order, one parcel: whatever the carrier, the line or the process does in between."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.carrier_settings import Myvnpost
from connectors.dispatch import Dispatch
from connectors.holds import Holds
from connectors.settings import REPOSITORY, Settings
from connectors.store import mending, open_store
from connectors.store.queue import Owed, Queue
from connectors.verdicts import TryLater
from schemas import instant
from schemas.event import Event
from schemas.ops import DeadLetterKept
from schemas.postal import (
    CancelRefused,
    Certainty,
    ItemMoved,
    OrderAccepted,
    OrderCancelled,
    OrderRefused,
    ParcelStatus,
)
from schemas.sealed import SealedText
from tests.connectors.carriers.post_double import Fault, Post, a_post, hangs_up, no_answer, on, says
from tests.connectors.carrying import AT, DOSSIER, Board, Known, a_cancel, a_message, a_request, settings_in
from tests.waiting import until

SPEED = 100.0
"""Driven seconds in a real one: retries come quickly, what is in doubt stays so in real time."""


@pytest.fixture(autouse=True)
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), SPEED, time.time()),)))


CREATE, ASK, CANCEL = "/CreateOrder", "/getOrder", "/orderCancel"
REFERENCE = f"{DOSSIER}/D1"


class Desk:
    """A dispatch with a post office, without a broker."""

    def __init__(self, settings: Settings, post: Post, holds: Holds | None = None) -> None:
        self.settings, self.post, self.board = settings, post, Board()
        self.stop = threading.Event()
        self.dispatch = Dispatch(settings, self.stop, self.board, Known(), holds)

    def takes(self, *events: Event) -> None:
        self.dispatch.handle([a_message(event, offset) for offset, event in enumerate(events)])

    def waits_for(self, kind: type[Event], seconds: float = 60) -> list[Any]:
        """The facts of this kind, once there is one and nothing is owed any more."""
        self.until(lambda: bool(self.board.events(kind)) and not self.owes(), seconds)
        return list(self.board.events(kind))

    def until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        until(
            happened,
            seconds,
            there_is=lambda: (self.post.calls, [row[0] for row in self.board.said], self.owes()),
        )

    def owes(self) -> int:
        return sum(Queue(open_store(self.settings.database_url), "dispatch").counts().values())


@contextmanager
def a_desk(
    tmp_path: Path,
    *,
    before: list[Fault] | None = None,
    after: list[Fault] | None = None,
    holds: Holds | None = None,
    **contract: Any,
) -> Iterator[Desk]:
    with a_post() as post:
        post.before, post.after = before or [], after or []
        myvnpost = Myvnpost(url=post.url, rate_per_second=1000, **contract)
        desk = Desk(settings_in(tmp_path, post.url, myvnpost=myvnpost), post, holds)
        desk.dispatch.open_lanes()
        try:
            yield desk
        finally:
            post.let_go.set()
            desk.dispatch.close_lanes()
            desk.dispatch.close()


def test_a_request_becomes_a_parcel_and_its_receipt_a_fact(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        request = a_request(desk.settings, cash_on_delivery=20000)
        desk.takes(request)

        (fact,) = desk.waits_for(OrderAccepted)

    (parcel,) = desk.post.parcels
    assert (parcel.reference, parcel.order["informationOrder"]["receiverName"]) == (REFERENCE, "Nguyễn Văn Mẫu")
    assert parcel.order["informationOrder"]["receiverProvinceCode"] == "70"
    assert parcel.order["informationOrder"]["contentNote"] == "Tài liệu"
    assert (fact.data.item_code, fact.data.fee, fact.data.duplicate) == (parcel.item, 31900, False)
    assert (fact.source, fact.subject, fact.causationid) == ("/hoso/dispatch", DOSSIER, request.ref)
    assert (fact.recordedtime, fact.refversion) == (request.recordedtime, request.refversion)


def test_the_same_request_again_is_one_parcel_and_one_fact(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        request = a_request(desk.settings)
        desk.takes(request, request)
        desk.waits_for(OrderAccepted)
        desk.takes(request)
        desk.until(lambda: not desk.owes())

    assert (len(desk.post.parcels), len(desk.board.events(OrderAccepted))) == (1, 1)


def test_an_answer_that_the_log_lost_with_its_request_is_said_once_more_when_the_request_is(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        request, store = a_request(desk.settings), open_store(desk.settings.database_url)
        desk.takes(request)
        (fact,) = desk.waits_for(OrderAccepted)
        with store.begin() as conn:
            mending.unsay(conn, "dispatch", [request.ref], when_asked=True)
        desk.dispatch.publish_the_rest()
        unasked = len(desk.board.events(OrderAccepted))

        desk.takes(request)
        desk.takes(request)

    assert unasked == 1
    assert desk.board.events(OrderAccepted) == [fact, fact]
    assert len(desk.post.parcels) == 1


def test_an_order_put_aside_since_the_log_lost_its_cause_is_sent_when_the_request_comes_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    request, store = a_request(settings), open_store(settings.database_url)
    with store.begin() as conn:
        Queue(store, "dispatch").put(conn, [Owed(request.ref, "myvnpost", REFERENCE, 1, request.encode())])
        mending.put_aside(conn, "dispatch", [request.ref])
    with a_desk(tmp_path) as desk:
        desk.takes(a_cancel("R1"))
        desk.until(lambda: not desk.owes())
        untouched = list(desk.post.parcels)

        desk.takes(request)
        desk.waits_for(OrderAccepted)

    assert untouched == []
    assert len(desk.post.of(REFERENCE)) == 1


@pytest.mark.parametrize("fault", [no_answer, hangs_up, says(500), says(502), says(200, "no receipt")])
def test_an_order_that_was_taken_without_an_answer_is_one_parcel(tmp_path: Path, fault: Any) -> None:
    with a_desk(tmp_path, after=[on(CREATE, fault)]) as desk:
        desk.takes(a_request(desk.settings))

        (fact,) = desk.waits_for(OrderAccepted)

    assert len(desk.post.of(REFERENCE)) == 1
    assert (fact.data.item_code, fact.data.duplicate) == (desk.post.parcels[0].item, True)
    assert desk.post.calls.count(ASK) >= 1


@pytest.mark.parametrize("fault", [no_answer, hangs_up, says(503, Retry_After="1"), says(429), says(401)])
def test_an_order_that_was_not_taken_is_sent_again_and_is_one_parcel(tmp_path: Path, fault: Any) -> None:
    with a_desk(tmp_path, before=[on(CREATE, fault)]) as desk:
        desk.takes(a_request(desk.settings))

        desk.waits_for(OrderAccepted)

    assert len(desk.post.of(REFERENCE)) == 1


def test_an_order_that_lands_late_is_one_parcel(tmp_path: Path) -> None:
    """The answer times out; only then does the post write the order down; asked before, it knew nothing."""
    knows_nothing_yet = on(ASK, says(200, {"results": []}))
    with a_desk(tmp_path, before=[knows_nothing_yet], after=[on(CREATE, hangs_up)]) as desk:
        desk.takes(a_request(desk.settings))

        desk.waits_for(OrderAccepted)

    assert len(desk.post.of(REFERENCE)) == 1


def test_a_refusal_is_a_fact_with_the_field_and_the_words_sealed(tmp_path: Path) -> None:
    refusal = {"status": 400, "message": "Sai số của Nguyễn Văn Mẫu", "description": "receiverPhone"}
    with a_desk(tmp_path, before=[on(CREATE, says(400, refusal))]) as desk:
        desk.takes(a_request(desk.settings))

        (fact,) = desk.waits_for(OrderRefused)

    assert (fact.data.verdict, fact.data.field, fact.data.carrier_code) == ("refused", "receiverPhone", "400")
    assert isinstance(fact.data.carrier_words, SealedText)
    assert desk.post.parcels == []


def test_a_carrier_nobody_has_refuses(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_request(desk.settings, carrier="pigeon"))

        (fact,) = desk.waits_for(OrderRefused)

    assert fact.data.verdict == "no_carrier"


def test_a_sender_nobody_knows_refuses(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_request(desk.settings, sender_agency="H29.98"))

        (fact,) = desk.waits_for(OrderRefused)

    assert (fact.data.carrier_code, fact.data.field) == ("no_party", "sender")


def test_one_bad_order_delays_none(tmp_path: Path) -> None:
    with a_desk(tmp_path, before=[on(CREATE, no_answer)]) as desk:
        desk.takes(a_request(desk.settings))
        desk.post.let_go.clear()
        others = [a_request(desk.settings, dossier=f"H29.12-261102-{number:04d}") for number in range(2, 8)]
        desk.takes(*others)

        desk.until(lambda: len(desk.board.events(OrderAccepted)) == 6)

        desk.post.let_go.set()
        desk.until(lambda: len(desk.board.events(OrderAccepted)) == 7)

    assert len(desk.post.parcels) == 7


def test_an_old_token_is_renewed_and_the_call_repeated_once(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_request(desk.settings))
        desk.waits_for(OrderAccepted)
        desk.post.old_tokens = {"token-1"}
        desk.takes(a_request(desk.settings, leg="D2"))
        desk.until(lambda: len(desk.board.events(OrderAccepted)) == 2)

    assert (desk.post.tokens, len(desk.post.parcels)) == (2, 2)


def a_move(status: ParcelStatus = ParcelStatus.PICKED_UP, item: str = "EA1") -> ItemMoved:
    data = ItemMoved.Data(
        leg="D1",
        carrier="myvnpost",
        item_code=item,
        status=status,
        at=AT,
        certainty=Certainty.REPORTED,
        carrier_code="6",
        table_version="t",
        evidence="e",
    )
    return ItemMoved(id="moved", source="/carriers/myvnpost", subject=DOSSIER, time=AT, data=data)


def test_an_order_without_an_answer_is_settled_by_its_first_movement(tmp_path: Path) -> None:
    faults = [on(CREATE, hangs_up), *(on(ASK, says(503)) for _ in range(40))]
    with a_desk(tmp_path, before=faults[1:], after=faults[:1]) as desk:
        desk.takes(a_request(desk.settings))
        desk.post.wait_for(ASK)
        queue = Queue(open_store(desk.settings.database_url), "dispatch")

        def moved() -> bool:
            desk.takes(a_move())
            return not queue.counts()

        desk.until(moved)
        (fact,) = desk.waits_for(OrderAccepted)

    assert (fact.data.item_code, fact.data.duplicate) == ("EA1", True)
    assert len(desk.post.parcels) == 1


def test_an_order_never_sent_is_withdrawn_here(tmp_path: Path) -> None:
    with a_desk(tmp_path, before=[on("/GetAccessToken", says(503)) for _ in range(40)]) as desk:
        desk.takes(a_request(desk.settings))
        desk.post.wait_for("/GetAccessToken")
        desk.until(lambda: _attempts(desk.settings) > 0)

        desk.takes(a_cancel())

        assert len(desk.waits_for(OrderCancelled)) == 1

    assert (desk.post.parcels, desk.board.events(OrderAccepted)) == ([], [])


def _attempts(settings: Settings) -> int:
    queue = Queue(open_store(settings.database_url), "dispatch")
    with queue.store.begin() as conn:
        return sum(row.attempts for row in queue.waiting(conn, REFERENCE) if row.state == "OWED")


def test_a_cancellation_waits_for_the_carriers_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.ordering.FIRST_LOOK_SECONDS", 0.1)
    with a_desk(tmp_path) as desk:
        desk.takes(a_request(desk.settings))
        desk.waits_for(OrderAccepted)
        desk.takes(a_cancel())
        desk.post.wait_for(CANCEL)
        undecided = list(desk.board.events(OrderCancelled))
        desk.post.parcels[0].status = 9

        (fact,) = desk.waits_for(OrderCancelled)

    assert undecided == []
    assert desk.post.cancelled == [f"ORG-{desk.post.parcels[0].item}"]
    assert fact.data.reason == "the carrier let it go"


def test_a_cancellation_that_comes_too_late_is_refused(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_request(desk.settings))
        desk.waits_for(OrderAccepted)
        desk.post.parcels[0].status = 6
        desk.takes(a_cancel())

        assert len(desk.waits_for(CancelRefused)) == 1

    assert desk.post.cancelled == []


def test_bytes_that_are_no_request_go_to_the_dead_letters(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        good = a_message(a_request(desk.settings))
        bad = type(good)(good.topic, 3, 7, b"key", b"\xff not json")
        stray = type(good)(good.topic, 3, 8, b"key", a_move().encode())
        desk.dispatch.handle([bad, stray, good])
        desk.waits_for(OrderAccepted)

    letters = [letter.data for letter in desk.board.events(DeadLetterKept)]
    assert [(one.topic, one.partition, one.offset) for one in letters] == [
        ("postal.requests", 3, 7),
        ("postal.requests", 3, 8),
    ]


PROCESS = """
import signal, sys, threading
from pathlib import Path
from tests.connectors.carrying import Board, Known, settings_in
from connectors.dispatch import Dispatch
settings = settings_in(
    Path(sys.argv[1]), sys.argv[2], in_doubt_seconds=float(sys.argv[3]), instance=sys.argv[4], lease_seconds=2.0
)
dispatch = Dispatch(settings, threading.Event(), Board(), Known())
dispatch.open_lanes()
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
stop.wait(60)
dispatch.close_lanes()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_killed_between_the_sending_and_the_answer_makes_one_parcel(tmp_path: Path, when: str) -> None:
    """Before the post wrote the order down, or after: the next process asks first, and waits for what may land."""
    with a_post() as post:
        (post.before if when == "before" else post.after).append(on(CREATE, no_answer))
        settings = settings_in(tmp_path, post.url, in_doubt_seconds=2.0)
        desk = Desk(settings, post)
        desk.takes(a_request(settings))
        first = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), post.url, "2", "test"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "HOSO_CLOCK": instant.clock().segments[0].line()},
        )
        queue = Queue(open_store(settings.database_url), "dispatch")

        def is_sent() -> bool:
            with queue.store.begin() as conn:
                rows = queue.waiting(conn, REFERENCE)
            return bool(rows and rows[0].in_doubt) and (when == "before" or bool(post.parcels))

        desk.until(is_sent)
        first.send_signal(signal.SIGKILL)
        first.wait(10)

        desk.dispatch.open_lanes()
        (fact,) = desk.waits_for(OrderAccepted)
        desk.dispatch.close_lanes()
        desk.dispatch.close()

        assert len(post.of(REFERENCE)) == 1
        assert fact.data.duplicate is (when == "after")
        assert json.loads(fact.encode())["data"]["item_code"] == post.parcels[0].item


def test_two_dispatchers_of_which_one_stands_still_before_its_call_make_one_parcel(tmp_path: Path) -> None:
    """Frozen while it waits for its token, longer than its lease; thawed when the other has sent the order."""
    with a_post() as post:
        post.before.append(on("/GetAccessToken", no_answer_then_a_token))
        settings = settings_in(tmp_path, post.url, in_doubt_seconds=2.0)
        desk = Desk(settings, post)
        desk.takes(a_request(settings))
        frozen = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), post.url, "20", "frozen"],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "HOSO_CLOCK": instant.clock().segments[0].line()},
        )
        try:
            desk.until(lambda: not post.before)
            frozen.send_signal(signal.SIGSTOP)
            desk.dispatch.open_lanes()
            desk.waits_for(OrderAccepted)
            post.let_go.set()
            post.wait_for("/GetAccessToken", times=2)
            frozen.send_signal(signal.SIGCONT)
            queue = Queue(open_store(settings.database_url), "dispatch")
            desk.takes(a_request(settings, leg="D2"))
            desk.until(lambda: not queue.counts())
            # Whatever the thawed one meant to do it has done once it lets go of everything in order.
            frozen.send_signal(signal.SIGTERM)
            frozen.wait(20)
        finally:
            frozen.kill()
            frozen.wait(10)
            desk.dispatch.close_lanes()
            desk.dispatch.close()

    assert len(post.of(REFERENCE)) == 1


def no_answer_then_a_token(call: Any) -> None:
    """The post thinks until it is let go, then gives the token."""
    call.post.let_go.wait(30)
    call.post.tokens += 1
    call.say(200, {"success": True, "token": f"token-{call.post.tokens}"})


@pytest.mark.parametrize("step", ["end", "later", "began"])
def test_a_database_that_fails_at_any_step_makes_no_second_parcel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real, failed = getattr(Queue, step), threading.Event()

    def fails_once(*given: Any, **named: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise TryLater("the database does not answer", in_doubt=True)
        return real(*given, **named)

    monkeypatch.setattr(Queue, step, fails_once)
    with a_desk(tmp_path, after=[on(CREATE, hangs_up)] if step == "later" else []) as desk:
        desk.takes(a_request(desk.settings))

        desk.waits_for(OrderAccepted)

    assert failed.is_set()
    assert len(desk.post.of(REFERENCE)) == 1


def test_an_answer_that_could_not_be_published_is_published_later(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        queue = Queue(open_store(desk.settings.database_url), "dispatch")
        desk.takes(a_request(desk.settings))
        (fact,) = desk.waits_for(OrderAccepted)
        with queue.store.begin() as conn:
            conn.exec_driver_sql("UPDATE owed SET published_at = NULL")

        desk.board.said.clear()
        desk.dispatch.publish_the_rest()
        desk.dispatch.publish_the_rest()

        assert desk.board.events(OrderAccepted) == [fact]
        assert queue.unpublished() == []
