"""An order under an item code of the province's pool: one code for a leg, the same in every try, whatever dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.carrier_settings import VnpostHcc
from connectors.lane import OPEN
from connectors.pool import Pool
from connectors.settings import REPOSITORY, Settings
from connectors.store import Store, item_codes, open_store
from connectors.store.queue import Owed, OwedState, Queue
from schemas import instant
from schemas.postal import OrderAccepted, OrderRefused, PostalFact, Request
from tests.connectors.carriers.one_parcel import REFERENCE, Counter, Desk, a_counter, a_desk, a_move
from tests.connectors.carrying import AT, a_request, settings_in

HCC = "vnpost_hcc"
CODES = ("RX000000014VN", "RX000000028VN", "RX000000031VN")
TAKEN, TAKEN_BEFORE = {"Status": "100", "Message": "OK"}, {"Status": "101", "Message": "OK"}
NO = {"Status": "199", "Message": "Thiếu địa chỉ người nhận"}


@pytest.fixture(autouse=True)
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), 100.0, time.time()),)))


def the_platform(order: Any) -> Any:
    """Takes whatever comes."""
    return TAKEN


@contextmanager
def a_province(
    home: Path, serves: Callable[[Any], Any] = the_platform, *, codes: Sequence[str] = (), lost: int = 0, **given: Any
) -> Iterator[tuple[Settings, Counter, Store]]:
    """Its settings, its platform and its database, with these codes in the pool."""
    with a_counter(serves, lost) as counter:
        settings = settings_in(home, vnpost_hcc=VnpostHcc(url=counter.url, rate_per_second=1000, **given))
        store = open_store(settings.database_url)
        adds(store, *codes)
        yield settings, counter, store


def adds(store: Store, *codes: str) -> None:
    with store.begin() as connection:
        item_codes.add(connection, HCC, codes)


def stands(store: Store) -> item_codes.Pool:
    with store.read() as connection:
        (found,) = item_codes.pools(connection)
    return found


def asked(settings: Settings, leg: str = "D1") -> Request:
    return a_request(settings, leg=leg, carrier=HCC)


def hears(desk: Desk, kind: type[PostalFact], times: int = 1) -> list[Any]:
    desk.until(lambda: len(desk.board.events(kind)) >= times and not desk.queue.counts())
    return list(desk.board.events(kind))


def test_an_order_goes_under_the_next_code_and_its_receipt_names_it(tmp_path: Path) -> None:
    with a_province(tmp_path, codes=CODES) as (settings, counter, store), a_desk(settings) as desk:
        desk.takes(asked(settings), asked(settings, "D2"))
        facts = hears(desk, OrderAccepted, 2)

    sent = {order["OrderNumber"]: order["ItemCode"] for order in counter.calls}
    assert sorted(sent.values()) == list(CODES[:2])
    assert {fact.data.reference: fact.data.item_code for fact in facts} == sent
    assert {fact.data.duplicate for fact in facts} == {False}
    assert stands(store) == item_codes.Pool(HCC, 1, 2, 0)


def test_without_a_pool_an_order_goes_without_a_code(tmp_path: Path) -> None:
    with a_province(tmp_path) as (settings, counter, _), a_desk(settings) as desk:
        desk.takes(asked(settings))
        (fact,) = hears(desk, OrderAccepted)

    assert "ItemCode" not in counter.calls[0]
    assert fact.data.item_code is None


def test_an_order_whose_answer_was_lost_is_sent_again_under_the_same_code(tmp_path: Path) -> None:
    parcels: set[str] = set()

    def serves(order: Any) -> Any:
        known = order["OrderNumber"] in parcels
        parcels.add(order["OrderNumber"])
        return TAKEN_BEFORE if known else TAKEN

    with (
        a_province(tmp_path, serves, codes=CODES, lost=1) as (settings, counter, store),
        a_desk(settings) as desk,
    ):
        desk.takes(asked(settings))
        (fact,) = hears(desk, OrderAccepted)

    assert [order["ItemCode"] for order in counter.calls] == [CODES[0], CODES[0]]
    assert (fact.data.item_code, fact.data.duplicate) == (CODES[0], True)
    assert stands(store) == item_codes.Pool(HCC, 2, 1, 0)


def test_with_an_empty_pool_an_order_waits_and_goes_once_there_are_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_province(tmp_path, codes=CODES[:1]) as (settings, counter, store), a_desk(settings) as desk:
        desk.takes(asked(settings))
        hears(desk, OrderAccepted)

        desk.takes(asked(settings, "D2"))
        desk.until(lambda: [row.last_error for row in waiting(desk, "D2")] == [f"no item code is left: {ADD}"])
        (row,) = waiting(desk, "D2")
        sent = len(counter.calls)
        adds(store, CODES[1])
        hears(desk, OrderAccepted, 2)

    assert (row.in_doubt, row.attempts, sent) == (False, 0, 1)
    assert counter.calls[1]["ItemCode"] == CODES[1]
    assert desk.board.events(OrderRefused) == []
    assert capsys.readouterr().out.count("pool.empty") == 1


ADD = f"`hoso carrier pool {HCC} add`"


def waiting(desk: Desk, leg: str) -> list[Owed]:
    with desk.queue.store.begin() as connection:
        rows = desk.queue.waiting(connection, REFERENCE.replace("D1", leg))
    return [row for row in rows if row.state is OwedState.OWED]


def test_the_time_without_a_code_is_no_time_in_which_an_order_was_tried(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    store = open_store(settings.database_url)
    queue = Queue(store, "dispatch")
    row = Owed("a", HCC, REFERENCE, 1, b"", created_at=AT.timestamp() - 400_000)
    before = Pool(queue, OPEN).open_since(row)
    adds(store, *CODES)
    with store.begin() as connection:
        item_codes.bind(connection, HCC, REFERENCE)

    assert before == row.created_at
    assert Pool(queue, OPEN).open_since(row) >= AT.timestamp()


def test_a_code_whose_order_is_refused_is_spent_and_the_next_order_takes_another(tmp_path: Path) -> None:
    def serves(order: Any) -> Any:
        return NO if order["OrderNumber"].endswith("/D1") else TAKEN

    with a_province(tmp_path, serves, codes=CODES) as (settings, counter, store), a_desk(settings) as desk:
        desk.takes(asked(settings))
        (refused,) = hears(desk, OrderRefused)
        desk.takes(asked(settings, "D2"))
        hears(desk, OrderAccepted)

    assert (refused.data.verdict, refused.data.carrier_code) == ("refused", "199")
    assert [order["ItemCode"] for order in counter.calls] == list(CODES[:2])
    assert stands(store) == item_codes.Pool(HCC, 1, 1, 1)


def test_a_fresh_code_that_the_platform_says_it_has_is_an_operators_item(tmp_path: Path) -> None:
    with (
        a_province(tmp_path, lambda _: TAKEN_BEFORE, codes=CODES) as (settings, counter, store),
        a_desk(settings) as desk,
    ):
        desk.takes(asked(settings))
        (fact,) = hears(desk, OrderRefused)

    assert (fact.data.verdict, len(counter.calls)) == ("in_doubt", 1)
    assert desk.board.events(OrderAccepted) == []
    assert stands(store) == item_codes.Pool(HCC, 2, 0, 1)


def test_an_order_that_may_have_gone_without_a_code_is_sent_again_without_one(tmp_path: Path) -> None:
    """The pool was set up while its answer was on the way."""
    filled: list[Store] = []

    def serves(order: Any) -> Any:
        while filled:
            adds(filled.pop(), *CODES)
            return TAKEN
        return TAKEN_BEFORE

    with a_province(tmp_path, serves, lost=1) as (settings, counter, store), a_desk(settings) as desk:
        filled.append(store)
        desk.takes(asked(settings))
        (fact,) = hears(desk, OrderAccepted)

    assert ["ItemCode" in order for order in counter.calls] == [False, False]
    assert fact.data.item_code is None
    assert stands(store) == item_codes.Pool(HCC, 3, 0, 0)


def test_what_is_refused_before_it_is_sent_takes_no_code(tmp_path: Path) -> None:
    with a_province(tmp_path, codes=CODES) as (settings, counter, store), a_desk(settings) as desk:
        desk.takes(a_request(settings, leg="C1", carrier=HCC, receiver_agency="H29.12"))
        (fact,) = hears(desk, OrderRefused)

    assert (fact.data.carrier_code, counter.calls) == ("not_offered", [])
    assert stands(store) == item_codes.Pool(HCC, 3, 0, 0)


def test_an_order_settled_by_its_first_movement_has_its_code_although_the_relay_names_none(tmp_path: Path) -> None:
    with (
        a_province(tmp_path, codes=CODES, lost=1_000_000) as (settings, _, _store),
        a_desk(settings) as desk,
    ):
        desk.takes(asked(settings))

        def moved() -> bool:
            said = a_move(HCC, "any")
            desk.takes(said.model_copy(update={"data": said.data.model_copy(update={"item_code": None})}))
            return bool(desk.board.events(OrderAccepted))

        desk.until(moved)
        (fact,) = hears(desk, OrderAccepted)

    assert (fact.data.item_code, fact.data.duplicate) == (CODES[0], True)


PROCESS = """
import sys, threading
from pathlib import Path
from tests.connectors.carrying import Board, Known, settings_in
from connectors.dispatch import Dispatch
dispatch = Dispatch(settings_in(Path(sys.argv[1])), threading.Event(), Board(), Known())
dispatch.open_lanes()
threading.Event().wait(120)
"""


@pytest.mark.parametrize("when", ["before it was sent", "before its answer"])
def test_a_process_killed_after_it_bound_a_code_leaves_it_to_the_next_which_sends_it(tmp_path: Path, when: str) -> None:
    """Killed while it waits for its token, or for the platform's answer."""
    reached, let_go, hangs = threading.Event(), threading.Event(), [True]
    at_the_token = when == "before it was sent"

    def serves(said: Any) -> Any:
        if hangs and ("username" in said) == at_the_token:
            hangs.clear()
            reached.set()
            let_go.wait(60)
        return {"access_token": "t1"} if "username" in said else TAKEN

    contract: dict[str, Any] = {"token_path": "/token", "username": "hcc", "password": SecretStr("sample-password")}
    with a_province(tmp_path, serves, codes=CODES, **contract) as (settings, counter, store):
        env = {"URL": counter.url, "TOKEN_PATH": "/token", "USERNAME": "hcc", "PASSWORD": "sample-password"}
        ours = {f"HOSO_VNPOST_HCC_{name}": value for name, value in env.items()}
        first = Queue(store, "dispatch")
        request = asked(settings)
        with store.begin() as connection:
            first.put(connection, [Owed(request.ref, HCC, REFERENCE, 0, request.encode())])
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path)],
            env=os.environ | ours | {"PYTHONPATH": str(REPOSITORY), "HOSO_CLOCK": instant.clock().segments[0].line()},
        )
        try:
            assert reached.wait(60)
            bound = stands(store)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            let_go.set()
        with a_desk(settings) as desk:
            (fact,) = hears(desk, OrderAccepted)

    sent = [call["ItemCode"] for call in counter.calls if "ItemCode" in call]
    assert bound == item_codes.Pool(HCC, 2, 1, 0)
    assert sent == [CODES[0]] * (1 if at_the_token else 2)
    assert fact.data.item_code == CODES[0]
    assert stands(store) == item_codes.Pool(HCC, 2, 1, 0)
