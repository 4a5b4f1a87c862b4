"""MyVNPost on a loopback port: takes orders, answers questions, and fails as it is told. A double that speaks HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.listening import END_SECONDS


@dataclass
class Parcel:
    """What the post made of an order: every CreateOrder makes one, also for a reference it had before."""

    item: str
    reference: str
    order: dict[str, Any]
    status: int = 1
    updated: str = "12/10/2026 08:00:01"
    history: list[tuple[int, str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "itemCode": self.item,
            "originalID": f"ORG-{self.item}",
            "saleOrderCode": self.reference,
            "status": self.status,
            "totalFee": 31900,
            "codAmount": 20000,
            "updatedDate": self.updated,
        }


Fault = tuple[str, Callable[["Handler"], None]]
"""A path, and the bad way in which the next call to it is answered."""


@dataclass
class Post:
    """The post office: its parcels, the calls it had, the faults to come (`before` or `after` it did the work)."""

    url: str = ""
    parcels: list[Parcel] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    before: list[Fault] = field(default_factory=list)
    after: list[Fault] = field(default_factory=list)
    tokens: int = 0
    old_tokens: set[str] = field(default_factory=set)
    cancelled: list[str] = field(default_factory=list)
    called: threading.Condition = field(default_factory=threading.Condition)
    let_go: threading.Event = field(default_factory=threading.Event)

    def wait_for(self, path: str, times: int = 1, seconds: float = 60) -> None:
        """Wait until it was called there so often."""
        with self.called:
            assert self.called.wait_for(lambda: self.calls.count(path) >= times, seconds), self.calls

    def of(self, reference: str) -> list[Parcel]:
        """The parcels under a reference: more than one is a defect of ours."""
        return [parcel for parcel in self.parcels if parcel.reference == reference]


class Handler(BaseHTTPRequestHandler):
    """One call."""

    post: Post

    def do_POST(self) -> None:
        self._answer_call()

    def do_GET(self) -> None:
        self._answer_call()

    def say(self, status: int, body: Any, **headers: str) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _answer_call(self) -> None:
        path = urlsplit(self.path).path
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        try:
            if self._fails(self.post.before, path):
                return
            status, said = self._work(path, query, body)
            if not self._fails(self.post.after, path):
                self.say(status, said)
        finally:
            with self.post.called:
                self.post.calls.append(path)
                self.post.called.notify_all()

    def _fails(self, faults: list[Fault], path: str) -> bool:
        with self.post.called:
            due = next((fault for fault in faults if fault[0] == path), None)
            if due:
                faults.remove(due)
        if due:
            due[1](self)
        return due is not None

    def _work(self, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path == "/GetAccessToken":
            self.post.tokens += 1
            return 200, {"success": True, "token": f"token-{self.post.tokens}"}
        if (token := self.headers.get("token")) is None or token in self.post.old_tokens:
            return 401, {"status": 401, "message": "Unauthorized"}
        match path:
            case "/CreateOrder":
                reference = body["informationOrder"]["saleOrderCode"]
                parcel = Parcel(f"EA{len(self.post.parcels) + 1:09d}VN", reference, body)
                self.post.parcels.append(parcel)
                return 200, parcel.shown()
            case "/getOrder":
                return 200, {"results": [parcel.shown() for parcel in self._asked(query)][-1:]}
            case "/GetStatusHistoryOrder":
                return 200, {"data": [_history(parcel) for parcel in self._asked(query)]}
            case "/orderCancel":
                self.post.cancelled.append(body["OriginalId"])
                return 200, [{"type": "HUY", "message": "Đã gửi yêu cầu hủy", "originalId": body["OriginalId"]}]
        return 404, {"status": 404, "message": "nothing here"}

    def _asked(self, query: dict[str, str]) -> list[Parcel]:
        by = "item" if query["type"] == "1" else "reference"
        return [parcel for parcel in self.post.parcels if getattr(parcel, by) == query["code"]]


def _history(parcel: Parcel) -> dict[str, Any]:
    steps = [
        {"statusCode": code, "statusName": "", "createdDate": at.split()[0], "createHour": at.split()[1]}
        for code, at in parcel.history
    ]
    return {"itemCode": parcel.item, "statusHistory": steps}


# ---------------------------------------------------------------- faults


def on(path: str, fault: Callable[[Handler], None]) -> Fault:
    """A fault of one path, once."""
    return path, fault


def no_answer(handler: Handler) -> None:
    """The line goes dead: nothing is said, and it is closed when the test lets go."""
    handler.post.let_go.wait(20)
    handler.close_connection = True


def hangs_up(handler: Handler) -> None:
    """The line is cut at once."""
    handler.close_connection = True


def says(status: int, body: Any = None, **headers: str) -> Callable[[Handler], None]:
    """An answer of this kind instead of the right one."""
    return lambda handler: handler.say(status, body if body is not None else {}, **headers)


@contextmanager
def a_post() -> Iterator[Post]:
    """A post office for the length of a block."""
    post = Post()
    handler = type("Here", (Handler,), {"post": post})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    post.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": END_SECONDS}, daemon=True)
    thread.start()
    try:
        yield post
    finally:
        post.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
