"""What a broker says last is read over TLS, although it hangs up right behind it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
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
