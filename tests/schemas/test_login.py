"""Over TLS: what a broker says last is read, although it hangs up right behind it; one that says nothing is left."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaConsumer
from kafka.errors import KafkaTimeoutError
from kafka.net.transport import KafkaSSLTransport

from hoso import secured
from schemas.login import LoginSettings, Security

REFUSAL = b"\x00\x00\x00\x0a\x00\x00\x00\x03\x00\x3a\x00\x00\x00\x00"
"""An answer to SaslAuthenticate with error 58, authentication failed."""


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> secured.Papers:
    return secured.make(tmp_path_factory.mktemp("papers"))


@contextmanager
def one_who_refuses_and_hangs_up(papers: secured.Papers) -> Iterator[tuple[int, threading.Event]]:
    """A port whose owner, on the first word, says the refusal and is gone; and that it has happened."""
    context, gone = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), threading.Event()
    context.load_cert_chain(papers.keystore)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with context.wrap_socket(server.accept()[0], server_side=True) as line:
                line.recv(4096)
                line.sendall(REFUSAL)
            gone.set()

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        yield server.getsockname()[1], gone
    thread.join(60)


def test_a_refusal_is_given_out_before_the_end_that_came_with_it(papers: secured.Papers) -> None:
    """Read as kafka-python does: on to a pause or the end, and what came with an end is lost."""
    context = LoginSettings(kafka_ca_file=papers.ca, kafka_security=Security.SSL).trust()
    with one_who_refuses_and_hangs_up(papers) as (port, gone):
        client = KafkaSSLTransport(
            None, socket.create_connection(("127.0.0.1", port)), host="localhost", ssl_context=context
        )
        with client._sock as line:
            line.do_handshake()
            line.sendall(b"who are you")
            line.setblocking(False)
            assert gone.wait(60)

            first, second = client._sock_recv(), client._sock_recv()

    assert first == (REFUSAL, None)
    assert (second[0], type(second[1]).__name__) == (b"", "KafkaConnectionError")


def test_who_takes_a_connection_and_says_nothing_is_given_up(
    papers: secured.Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemas.login.HANDSHAKE_SECONDS", 0.3)
    told = LoginSettings(kafka_ca_file=papers.ca, kafka_security=Security.SSL).client()
    gave_up = threading.Event()

    def come(port: int) -> None:
        with pytest.raises(KafkaTimeoutError):
            KafkaConsumer(bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=1000, **told)
        gave_up.set()

    # Its kernel answers, and nobody behind it.
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        threading.Thread(target=come, args=(frozen.getsockname()[1],), daemon=True).start()

        assert gave_up.wait(15)


def test_a_handshake_that_was_in_time_is_not_given_up_later(
    papers: secured.Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemas.login.HANDSHAKE_SECONDS", 0.3)
    context = LoginSettings(kafka_ca_file=papers.ca, kafka_security=Security.SSL).trust()
    assert context is not None
    with (
        one_who_refuses_and_hangs_up(papers) as (port, _),
        context.wrap_socket(
            socket.create_connection(("127.0.0.1", port)), server_hostname="localhost", do_handshake_on_connect=False
        ) as line,
    ):
        line.setblocking(False)
        agreed(line)
        line.setblocking(True)
        limit = getattr(line, "_limit", None)
        assert isinstance(limit, threading.Timer)
        limit.join(20)

        line.sendall(b"who are you")
        said = line.recv(4096)

    assert said == REFUSAL


def agreed(line: ssl.SSLSocket) -> None:
    """A handshake as kafka-python makes it: again whenever there is something to read."""
    while True:
        try:
            line.do_handshake()
            return
        except ssl.SSLWantReadError:
            assert select.select([line], [], [], 20)[0]
