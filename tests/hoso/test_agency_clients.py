"""The clients in docs/clients do what docs/agencies.md says of them: Python as it is, Java compiled by javac 17."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.notify.trying import try_out
from connectors.settings import REPOSITORY
from hoso.ports import free_port
from schemas.reference import Agency, Callback
from tests.builders import an_agency
from tests.listening import Heard, Listener, Said

CLIENTS = REPOSITORY / "docs" / "clients"
AGENCY = Agency.model_validate(an_agency("H29.12"))
NEW, OLD = b"n" * 32, b"o" * 32
SECRET = f"whsec_{b64encode(OLD).decode()}"
"""The old one, as an agency has it."""

needs_java = pytest.mark.skipif(shutil.which("javac") is None, reason="there is no javac on this machine")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Agency.java, compiled without a warning."""
    folder = tmp_path_factory.mktemp("java")
    command = ["javac", "-Xlint:all", "-Werror", "--release", "17", "-d", str(folder), str(CLIENTS / "Agency.java")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder


def client(language: str, request: pytest.FixtureRequest, what: str) -> list[str]:
    """The command of a client."""
    if language == "python":
        return [sys.executable, str(CLIENTS / f"{what}.py")]
    return ["java", "-cp", str(request.getfixturevalue("compiled")), "Agency", what]


@contextmanager
def listening(command: list[str], port: int) -> Iterator["subprocess.Popen[str]"]:
    """A client that listens; it ends with the test."""
    env = os.environ | {"HOSO_SECRET": SECRET}
    with subprocess.Popen([*command, str(port)], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("listening on")
            yield process
        finally:
            process.terminate()


def told(process: "subprocess.Popen[str]") -> str:
    """What it printed since it listens; it ends with that."""
    process.terminate()
    assert process.stdout is not None
    return process.stdout.read()


BOTH = pytest.mark.parametrize("language", ["python", pytest.param("java", marks=needs_java)])


@BOTH
def test_a_client_that_listens_takes_what_one_of_two_secrets_signed(
    language: str, request: pytest.FixtureRequest
) -> None:
    port = free_port()
    callback = Callback(url=f"http://127.0.0.1:{port}/callback", development=True)

    with listening(client(language, request, "listen"), port) as process:
        signed = try_out(AGENCY, callback, [NEW, OLD])
        forged = try_out(AGENCY, callback, [NEW])
        said = told(process)

    assert [one.verdict for one in signed] == [None, None]
    assert [one.status for one in forged] == [401]
    assert said.startswith("vn.hoso.endpoint.test.v1 ")


@BOTH
def test_a_client_that_sends_comes_back_when_it_is_asked_to(
    language: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    heard: list[tuple[str, bytes]] = []

    def edge(call: Heard) -> Said:
        heard.append((call.headers["authorization"], call.body))
        said = json.dumps({"accepted": ["my-first"], "rejected": []}, separators=(",", ":")).encode()
        return Said(503 if len(heard) == 1 else 202, said, {"retry-after": "0"})

    file = tmp_path / "event.json"
    file.write_text('{"id": "my-first"}')
    with Listener(edge) as listening:
        done = subprocess.run(
            [*client(language, request, "send"), listening.address, str(file)],
            env=os.environ | {"HOSO_KEY": "hoso_x"}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert heard == [("Bearer hoso_x", file.read_bytes())] * 2
    assert "202" in done.stdout and "my-first" in done.stdout
