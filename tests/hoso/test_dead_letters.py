"""`hoso dead-letters` on a real broker: what an operator reads, and what is refused with the next step."""

import json
import uuid
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Message, Producer, read_all
from connectors.letters import keep
from connectors.secrets import OPENERS, ensure_secrets
from connectors.settings import Settings
from hoso.cli.dead_letters import dead_letters
from schemas.instant import now
from schemas.postal import WEBHOOKS, WebhookReceived
from schemas.topics import agency_topic

AGENCY = agency_topic("H29.12")
RAW = b"\xff\x00" + bytes(range(256)) * 10


@pytest.fixture(autouse=True)
def here(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def reason(kafka: str) -> str:
    """Six letters that died of one reason, and one of a partition that is gone."""
    topics.apply(kafka, ["H29.12"])
    # A name, for numbers are left out of a kind of reason.
    reason = f"a reason of the test n{uuid.uuid4().hex[:8]}"
    with Producer(kafka) as producer:
        for number in range(6):
            keep(Message(WEBHOOKS, 0, 5_000_000 + number, reason.encode(), RAW), reason, producer)
        keep(Message(AGENCY, 99, 5_000_000, reason.encode(), b'{"id": "\x1b[2J"}'), reason, producer)
    return reason


def said(*words: str) -> Result:
    return CliRunner().invoke(dead_letters, words)


def test_letters_are_listed_by_topic_and_reason_and_the_first_of_them_shown(reason: str) -> None:
    listed = said("list", "--reason", reason)

    assert f"agency.events.H29.12: 1 waiting: {reason}" in listed.stdout
    assert f"postal.webhooks: 6 waiting: {reason}" in listed.stdout
    assert "postal.webhooks/0/5000004" in listed.stdout and "postal.webhooks/0/5000005" not in listed.stdout
    assert "and 1 more" in listed.stdout
    assert said("list", "--reason", "of which nothing died").stdout == "no dead letters\n"
    assert json.loads(said("list", "--reason", reason, "--state", "redriven", "--json").stdout) == []


def test_one_letter_is_shown_as_far_as_a_terminal_can_and_its_bytes_written_as_they_came(reason: str) -> None:
    shown, raw = said("show", "postal.webhooks/0/5000000"), said("show", "postal.webhooks/0/5000000", "--raw")

    assert f"died of: {reason}" in shown.stdout and "today: it would come back" in shown.stdout
    assert "ff 00 00 01" in shown.stdout and "514 bytes more" in shown.stdout
    assert raw.stdout_bytes == RAW
    # An escape in somebody's bytes is not carried out by the terminal.
    assert "\x1b" not in said("show", "agency.events.H29.12/99/5000000").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("redrive", "--why", "x"), "say which"),
        (("redrive", "--topic", WEBHOOKS), "--why is needed"),
        (("redrive", "--topic", WEBHOOKS, "--why", " "), "a reason of at most"),
        (("redrive", "--topic", WEBHOOKS, "--why", "x" * 3_001), "a reason of at most"),
        (("redrive", "nobody", "--why", "x"), "no dead letter is named nobody"),
        (("show", "nobody"), "hoso dead-letters list"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_step(reason: str, words: tuple[str, ...], says: str) -> None:
    answer = said(*words)

    assert (answer.exit_code != 0, says in answer.output) == (True, True), answer.output


def test_a_sealed_word_of_a_carrier_is_shown_where_no_process_has_made_the_tables_yet(kafka: str) -> None:
    topics.apply(kafka, ["H29.12"])
    home = Settings(kafka_bootstrap=kafka)
    ensure_secrets(home.secrets_dir)
    (home.secrets_dir / OPENERS).unlink()
    body = {"key_id": "webhooks-2026-11-26", "box": "AAAA"}
    data = {"carrier": "ghn", "via": "webhook", "verdict": "none", "body": body}
    word = WebhookReceived.model_validate(
        {"id": uuid.uuid4().hex, "source": "/carriers/ghn", "subject": "ghn", "time": now().isoformat(), "data": data}
    )
    with Producer(kafka) as producer:
        keep(Message(WEBHOOKS, 0, 5_100_000, b"ghn", word.encode()), "a code of tomorrow", producer)

    shown = said("show", f"{WEBHOOKS}/0/5100000")

    assert (shown.exit_code, "is destroyed" in shown.stdout) == (0, True), shown.output


def test_a_topic_that_takes_nothing_holds_up_no_other(kafka: str, reason: str) -> None:
    answer = said("redrive", "--reason", reason, "--unread", "--why", "a try", "--json")

    rows = {row["from"]: row for row in json.loads(answer.stdout)}
    there = [one for one in read_all(kafka, WEBHOOKS) if one.key == reason.encode()]
    assert answer.exit_code == 1
    assert "takes nothing now" in rows["agency.events.H29.12/99/5000000"]["refused"]
    assert {row["stands_at"] for name, row in rows.items() if WEBHOOKS in name} == {
        f"{one.topic}/{one.partition}/{one.offset}" for one in there
    }
    assert len(there) == 6
