"""The door to requests: what comes back, and what is in doubt."""

import socket
import threading
import time

import pytest

from connectors.transport import MOST_BYTES, Call, Reply, send
from connectors.verdicts import TryLater
from tests.connectors.carriers.post_double import a_post, hangs_up, no_answer, on, says


def test_a_reply_comes_back_whatever_its_status() -> None:
    with a_post() as post:
        post.before.append(on("/x", says(418, {"tea": True}, Retry_After="7")))

        reply = send(post.url, Call("POST", "/x", json={"a": 1}))

    assert (reply.status, reply.body, reply.retry_after_seconds) == (418, b'{"tea": true}', 7.0)


def test_a_redirect_is_a_reply_like_another() -> None:
    with a_post() as post:
        post.before.append(on("/x", says(302, Location=f"{post.url}/y")))

        assert send(post.url, Call("GET", "/x")).status == 302
        post.wait_for("/x")
        assert post.calls == ["/x"]


def test_no_answer_in_time_is_in_doubt() -> None:
    with a_post() as post:
        post.before.append(on("/x", no_answer))

        with pytest.raises(TryLater) as later:
            send(post.url, Call("POST", "/x"), timeout_seconds=0.2)

    assert later.value.in_doubt


def test_a_line_that_is_cut_is_in_doubt() -> None:
    with a_post() as post:
        post.before.append(on("/x", hangs_up))

        with pytest.raises(TryLater) as later:
            send(post.url, Call("POST", "/x"))

    assert later.value.in_doubt


def test_a_partner_that_is_not_there_took_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(TryLater) as refused:
        send(f"http://127.0.0.1:{port}", Call("POST", "/x"))
    with pytest.raises(TryLater) as nameless:
        send("http://nobody.invalid", Call("POST", "/x"))

    assert (refused.value.in_doubt, nameless.value.in_doubt) == (False, False)


def test_an_endless_reply_is_cut_off() -> None:
    with a_post() as post:
        post.before.append(on("/x", says(200, "x" * (MOST_BYTES + 1))))

        with pytest.raises(TryLater) as later:
            send(post.url, Call("GET", "/x"))

    assert later.value.in_doubt


def test_a_dripping_reply_holds_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            line, _ = server.accept()
            with line:
                line.recv(4096)
                line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not stop.wait(0.05):
                    try:
                        line.sendall(b"1\r\nx\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = time.monotonic()

        with pytest.raises(TryLater):
            send(f"http://127.0.0.1:{server.getsockname()[1]}", Call("GET", "/"), timeout_seconds=0.2)

        assert time.monotonic() - began < 5
        stop.set()
        thread.join(5)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("120", 120.0),
        ("Tue, 24 Nov 2026 10:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 09:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_by_the_partners_own_clock(said: str, seconds: float | None) -> None:
    reply = Reply(503, {"retry-after": said, "date": "Tue, 24 Nov 2026 10:00:00 GMT"}, b"")

    assert reply.retry_after_seconds == seconds
