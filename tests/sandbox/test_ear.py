"""One agency's callback alone: it verifies both signatures, tells of every call, and fails when it is told to."""

import json
import os
import queue
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks.webhooks import Webhook

from sandbox.ear import Call, Ear, Failing, Outcome, callback_url, heard
from sandbox.signature import Forged, Verifier
from tests.sandbox.stage import SECRET
from tests.saying import says

OTHER = "whsec_" + "B" * 32
SIGNING = Ed25519PrivateKey.generate()
LATE_SECONDS = 6 * 60


class Heard:
    """A running ear: where it is, and what it told of."""

    def __init__(self, ear: Ear, url: str, calls: "queue.Queue[Call]") -> None:
        self.ear, self.url, self.calls = ear, url, calls

    def next(self) -> Call:
        return self.calls.get(timeout=60)

    def ask(self, path: str, **query: str | int) -> requests.Response:
        return requests.post(self.url.replace("/callback", path), params=query, timeout=60)


@contextmanager
def an_ear(verifier: Verifier | None = None, slow_seconds: float = 0.3) -> Iterator[Heard]:
    calls: queue.Queue[Call] = queue.Queue()
    ear, listening = Ear(verifier or Verifier([SECRET]), calls.put, slow_seconds), create_server(("127.0.0.1", 0))
    with heard(ear, listening) as url:
        yield Heard(ear, url, calls)


@pytest.fixture
def ear() -> Iterator[Heard]:
    with an_ear() as found:
        yield found


def a_notice(number: int = 1, kind: str = "deadline_set") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"notice-{number}",
        "source": "/hoso/streams",
        "type": f"vn.hoso.notice.{kind}.v1",
        "subject": "H29.12-261102-0001",
        "time": "2026-11-02T08:15:00+07:00",
        "data": {"kind": kind, "sequence": number, "text": {"vi": "Hẹn trả 05/11/2026.", "en": "Due on 2026-11-05."}},
    }


def signed(
    notice: dict[str, Any], secret: str = SECRET, signing: Ed25519PrivateKey | None = None, ago: float = 0
) -> tuple[bytes, dict[str, str]]:
    body, at = json.dumps(notice).encode(), int(time.time() - ago)
    first = Webhook(secret).sign(notice["id"], datetime.fromtimestamp(at, UTC), body.decode())
    stamp = f"{notice['id']}.{at}.".encode()
    second = f" v1a,{b64encode(signing.sign(stamp + body)).decode()}" if signing else ""
    headers = {"webhook-id": notice["id"], "webhook-timestamp": str(at), "webhook-signature": first + second}
    return body, headers


def tell(url: str, notice: dict[str, Any], **how: Any) -> requests.Response:
    body, headers = signed(notice, **how)
    return requests.post(url, data=body, headers=headers, timeout=60)


# ---------------------------------------------------------------- what is verified


def test_a_signed_notice_is_taken_once_and_told_of_each_time(ear: Heard) -> None:
    answers = [tell(ear.url, a_notice()).status_code for _ in range(2)]

    first, again = ear.next(), ear.next()
    assert answers == [200, 200]
    assert (first.outcome, again.outcome) == (Outcome.TAKEN, Outcome.AGAIN)
    assert (first.kind, first.dossier, first.sequence, first.signatures) == (
        "deadline_set", "H29.12-261102-0001", 1, ("v1",),
    )  # fmt: skip
    assert first.document()["event"] == a_notice()


def test_a_challenge_is_answered_with_its_word(ear: Heard) -> None:
    challenge = a_notice() | {"type": "vn.hoso.endpoint.challenge.v1", "data": {"challenge": "a word"}}

    answer = tell(ear.url, challenge)

    assert (answer.status_code, answer.json()) == (200, {"challenge": "a word"})
    assert ear.next().outcome is Outcome.CHALLENGE


def test_of_what_was_refused_the_fault_is_told(ear: Heard) -> None:
    errors = [{"field": "data.channel", "problem": "It is required and is not there."}]
    refused = a_notice() | {"type": "vn.hoso.gate.event_rejected.v1", "data": {"id": "my-first", "errors": errors}}

    tell(ear.url, refused)

    call = ear.next()
    assert (call.kind, call.sequence) == ("gate.event_rejected", None)
    assert call.text == "my-first: data.channel: It is required and is not there."


@pytest.mark.parametrize("how", [{"secret": OTHER}, {"ago": LATE_SECONDS}, {"ago": -LATE_SECONDS}])
def test_what_is_forged_or_old_is_refused_and_said(ear: Heard, how: dict[str, Any]) -> None:
    answer = tell(ear.url, a_notice(), **how)

    call = ear.next()
    assert (answer.status_code, call.outcome, call.status) == (401, Outcome.FORGED, 401)
    assert call.why


def test_headers_that_are_none_are_refused(ear: Heard) -> None:
    body, headers = signed(a_notice())
    for wrong in ({}, headers | {"webhook-signature": "v1"}, headers | {"webhook-signature": "v1,%%"}):
        assert requests.post(ear.url, data=body, headers=wrong, timeout=60).status_code == 401


def test_signed_bytes_that_are_no_notice_are_told_so(ear: Heard) -> None:
    answer = tell(ear.url, a_notice() | {"id": "x"})
    body = b"[1]"
    headers = {"webhook-id": "x", "webhook-timestamp": str(int(time.time()))}
    headers["webhook-signature"] = Webhook(SECRET).sign("x", datetime.now(UTC), body.decode())

    unread = requests.post(ear.url, data=body, headers=headers, timeout=60)

    assert (answer.status_code, unread.status_code) == (200, 400)
    assert [ear.next().outcome, ear.next().outcome] == [Outcome.TAKEN, Outcome.UNREADABLE]


def test_of_two_secrets_one_is_enough() -> None:
    with an_ear(Verifier([OTHER, SECRET])) as ear:
        assert tell(ear.url, a_notice()).status_code == 200


def test_with_a_public_key_v1a_must_hold_too() -> None:
    verifier = Verifier([SECRET], SIGNING.public_key())
    body, headers = signed(a_notice(), signing=SIGNING)
    foreign = signed(a_notice(), signing=Ed25519PrivateKey.generate())
    missing = signed(a_notice())

    assert verifier.verify(body, headers) == ("v1", "v1a")
    with pytest.raises(Forged, match="v1a is not of this public key"):
        verifier.verify(*foreign)
    with pytest.raises(Forged, match="there is no v1a"):
        verifier.verify(*missing)
    with pytest.raises(Forged):
        verifier.verify(body + b" ", headers)


def test_a_secret_that_is_none_is_said_at_once() -> None:
    for wrong in ("whsec_", "whsec_é"):
        with pytest.raises(ValueError, match=r"empty|ASCII"):
            Verifier([wrong])


# ---------------------------------------------------------------- how it fails


@pytest.mark.parametrize("how", [one for one in Failing if one.isdecimal()])
def test_it_answers_badly_as_often_as_it_is_told_and_takes_nothing(ear: Heard, how: Failing) -> None:
    assert ear.ask("/fail", how=how.value, times=2).json() == {"calls": {}, "failing": how, "times": 2}

    answers = [tell(ear.url, a_notice()) for _ in range(3)]

    assert [one.status_code for one in answers] == [int(how), int(how), 200]
    assert ("retry-after" in answers[0].headers) == (how in (Failing.BUSY, Failing.AWAY))
    assert [ear.next().outcome for _ in range(3)] == [Outcome.FAILED, Outcome.FAILED, Outcome.TAKEN]


def test_it_hangs_up(ear: Heard) -> None:
    ear.ask("/fail", how="hangup")

    with pytest.raises(requests.ConnectionError):
        tell(ear.url, a_notice())

    assert (call := ear.next()).outcome is Outcome.FAILED
    assert call.status is None


def test_what_it_answers_slowly_it_has_taken(ear: Heard) -> None:
    ear.ask("/fail", how="slow", times=1)

    began = time.monotonic()
    slow = tell(ear.url, a_notice()).status_code
    took = time.monotonic() - began
    again = tell(ear.url, a_notice()).status_code

    assert (slow, again) == (200, 200)
    assert took >= ear.ear.slow_seconds
    assert [ear.next().outcome, ear.next().outcome] == [Outcome.TAKEN, Outcome.AGAIN]


def test_no_failure_is_spent_on_a_challenge_or_a_forgery(ear: Heard) -> None:
    ear.ask("/fail", how="500", times=1)
    challenge = a_notice() | {"type": "vn.hoso.endpoint.challenge.v1", "data": {"challenge": "a word"}}

    answers = [tell(ear.url, challenge), tell(ear.url, a_notice(), secret=OTHER), tell(ear.url, a_notice())]

    assert [one.status_code for one in answers] == [200, 401, 500]


def test_it_is_well_again_when_it_is_told_so(ear: Heard) -> None:
    ear.ask("/fail", how="410")
    gone = tell(ear.url, a_notice()).status_code
    ear.ask("/well")

    back = tell(ear.url, a_notice()).status_code

    assert (gone, back) == (410, 200)
    counts = requests.get(ear.url.replace("/callback", "/calls"), timeout=60).json()
    assert counts == {"calls": {"failed": 1, "taken": 1}, "failing": None, "times": None}


@pytest.mark.parametrize("query", [{"how": "418"}, {"how": "500", "times": 0}])
def test_it_fails_in_no_way_that_it_does_not_know(ear: Heard, query: dict[str, Any]) -> None:
    assert ear.ask("/fail", **query).status_code == 422
    assert tell(ear.url, a_notice()).status_code == 200


# ---------------------------------------------------------------- the command


@contextmanager
def running(*words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`hoso sandbox agency` and its address, until it is stopped in order."""
    argv = [sys.executable, "-m", "hoso.cli.main", "sandbox", "agency", "--port", "0", *words]
    env = os.environ | {"HOSO_SECRET": f"{OTHER} {SECRET}"}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield process, process.stderr.readline().split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_the_command_prints_a_line_a_call() -> None:
    with running("--fail", "503", "--times", "1") as (process, url):
        answers = [tell(url, a_notice()).status_code for _ in range(2)]
        assert process.stdout is not None
        failed, taken = process.stdout.readline(), process.stdout.readline()

    assert answers == [503, 200]
    assert " failed     503 deadline_set H29.12-261102-0001 #1 v1 (503) Hẹn trả 05/11/2026." in failed
    assert " taken      200 deadline_set H29.12-261102-0001 #1 v1 Hẹn trả 05/11/2026." in taken


def test_the_command_prints_json_lines_and_asks_for_v1a(tmp_path: Path) -> None:
    pem = tmp_path / "hoso.pem"
    pem.write_bytes(SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with running("--json", "--public-key", str(pem)) as (process, url):
        answers = [tell(url, a_notice(), signing=SIGNING).status_code, tell(url, a_notice()).status_code]
        assert process.stdout is not None
        taken, forged = (json.loads(process.stdout.readline()) for _ in range(2))

    assert answers == [200, 401]
    assert (taken["outcome"], taken["signatures"], taken["event"]) == ("taken", ["v1", "v1a"], a_notice())
    assert (forged["outcome"], forged["event"]) == ("forged", {})


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ([], 1, "hoso agency secret CODE"),
        (["--secret", "whsec_é"], 1, "is no callback secret"),
        (["--secret", SECRET, "--public-key", "nowhere.pem"], 1, "hoso certificate key"),
        (["--secret", SECRET, "--fail", "418"], 2, "--fail is one of 400, 410"),
        (["--secret", SECRET, "--times", "2"], 2, "--times goes with --fail"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, sentence: str
) -> None:
    monkeypatch.delenv("HOSO_SECRET", raising=False)

    done = says({}, "sandbox", "agency", *words)

    assert done.returncode == status
    assert sentence in done.stderr.replace("\n", " ")


def test_the_address_is_that_of_the_socket() -> None:
    with create_server(("127.0.0.1", 0)) as listening:
        assert callback_url(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}/callback"
