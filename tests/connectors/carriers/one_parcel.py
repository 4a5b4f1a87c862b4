"""A partner on a loopback port that loses answers, and a dispatch that orders from it: for "one order, one parcel"."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connectors.dispatch import Dispatch
from connectors.settings import Settings
from connectors.store import open_store
from connectors.store.queue import Owed, Queue
from schemas.postal import Certainty, ItemMoved, OrderAccepted, ParcelStatus
from tests.connectors.carrying import AT, DOSSIER, Board, Known, a_message
from tests.listening import END_SECONDS
from tests.waiting import until

REFERENCE = f"{DOSSIER}/D1"


@dataclass
class Counter:
    """A post office's counter: `serves` answers a call's body, `lost` is how many of its answers never arrive."""

    serves: Callable[[Any], Any]
    lost: int = 0
    url: str = ""
    calls: list[Any] = field(default_factory=list)


@contextmanager
def a_counter(serves: Callable[[Any], Any], lost: int = 0) -> Iterator[Counter]:
    """A counter for the length of a block. What it serves is done, whether or not its answer arrives."""
    counter = Counter(serves, lost)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            raw = json.dumps(counter.serves(asked)).encode()
            counter.calls.append(asked)
            if counter.lost:
                counter.lost -= 1
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    counter.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": END_SECONDS}, daemon=True)
    thread.start()
    try:
        yield counter
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass(frozen=True)
class Desk:
    """A dispatch without a broker."""

    dispatch: Dispatch
    board: Board
    queue: Queue

    def takes(self, *events: Any) -> None:
        self.dispatch.handle([a_message(event, offset) for offset, event in enumerate(events)])

    def waits(self) -> list[Owed]:
        """What is owed for the leg."""
        with self.queue.store.begin() as conn:
            return self.queue.waiting(conn, REFERENCE)

    def accepted(self) -> OrderAccepted:
        """The one receipt, once nothing is owed any more."""
        self.until(lambda: bool(self.board.events(OrderAccepted)) and not self.waits())
        (fact,) = self.board.events(OrderAccepted)
        return fact

    def until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        until(happened, seconds, there_is=lambda: (self.waits(), [row[0] for row in self.board.said]))


@contextmanager
def a_desk(settings: Settings) -> Iterator[Desk]:
    """A dispatch with open lanes for the length of a block."""
    board = Board()
    dispatch = Dispatch(settings, threading.Event(), board, Known())
    dispatch.open_lanes()
    try:
        yield Desk(dispatch, board, Queue(open_store(settings.database_url), "dispatch"))
    finally:
        dispatch.close_lanes()
        dispatch.close()


def a_move(carrier: str, item: str) -> ItemMoved:
    """The leg's item moves, as its carrier's first webhook tells."""
    data = ItemMoved.Data(
        leg="D1",
        carrier=carrier,
        item_code=item,
        status=ParcelStatus.REQUESTED,
        at=AT,
        certainty=Certainty.REPORTED,
        carrier_code="1",
        table_version="t",
        evidence="e",
    )
    return ItemMoved(id="moved", source=f"/carriers/{carrier}", subject=DOSSIER, time=AT, data=data)
