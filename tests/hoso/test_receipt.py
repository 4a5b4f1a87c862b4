"""`hoso receipt`: show, verify, and the roots of closed days."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Producer
from connectors.certificates import public_pem
from connectors.receipts.days import Days
from connectors.receipts.making import Making
from connectors.secrets import ensure_secrets
from connectors.store import Store, open_store
from hoso import broker
from hoso.cli.receipt import receipt
from schemas import instant
from schemas.instant import VIETNAM
from tests.builders import CODE
from tests.connectors.doubles import KeptProducer
from tests.connectors.notify.ear import DrivenClock
from tests.connectors.receipts.states import PAPERS, a_result, corrected, records, returned, states

NOON = datetime(2026, 11, 30, 12, tzinfo=VIETNAM)


@dataclass
class Rig:
    """An installation with the receipt of one result, and the command on it."""

    store: Store
    producer: Producer
    clock: DrivenClock
    folder: Path

    def __post_init__(self) -> None:
        key = ensure_secrets(self.folder / "secrets").signing
        self.making, self.days = Making(self.store, self.producer, key), Days(self.store, self.producer, key)
        self.pem, self.file, self.roots = (self.folder / name for name in ("hoso.pem", "receipt.json", "roots.jsonl"))
        self.pem.write_text(public_pem(key))

    def says(self, *words: str) -> Result:
        return CliRunner().invoke(receipt, [str(word) for word in words])

    def ends_the_day(self) -> None:
        self.clock.at += 86_400
        self.days.turn()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    driven = DrivenClock(NOON.timestamp())
    monkeypatch.setattr(instant, "_clock", driven)
    return driven


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'hoso.db'}"
    for name in ("HOSO_SECRETS_DIR", "HOSO_KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    monkeypatch.setenv("HOSO_DATABASE_URL", url)
    return url


@pytest.fixture
def rig(tmp_path: Path, environment: str, clock: DrivenClock) -> Iterator[Rig]:
    store = open_store(environment)
    store.migrate()
    made = Rig(store, KeptProducer(), clock, tmp_path)
    made.making.handle(records(*states([*a_result(), returned(id="back")])))
    yield made
    store.close()


def test_a_receipt_is_shown_and_verified(rig: Rig) -> None:
    shown = rig.says("show", CODE, "-o", str(rig.file))
    verified = rig.says("verify", str(rig.file), "--key", str(rig.pem))

    assert shown.exit_code == 0 and f"written: {rig.file}" in shown.stderr
    assert verified.exit_code == 0
    first, second = verified.stdout.splitlines()
    assert first == f"it holds: the result of {CODE} (KQ-1) was handed over, COUNTER, 2026-11-06T08:30:00+07:00"
    assert "was not closed yet" in second


def test_without_a_file_to_write_it_is_on_the_output_alone(rig: Rig) -> None:
    shown = rig.says("show", CODE)

    assert json.loads(shown.stdout)["dossier"] == CODE
    assert shown.stderr == ""


def test_its_papers_are_checked(rig: Rig) -> None:
    rig.says("show", CODE, "-o", str(rig.file))
    papers = rig.folder / "papers.json"
    papers.write_text(json.dumps(PAPERS))

    assert rig.says("verify", str(rig.file), "--key", str(rig.pem), "--manifest", str(papers)).exit_code == 0
    papers.write_text("[]")
    assert rig.says("verify", str(rig.file), "--key", str(rig.pem), "--manifest", str(papers)).exit_code == 1


def test_a_statement_that_was_superseded_can_still_be_seen(rig: Rig) -> None:
    rig.making.handle(records(*states([*a_result(), returned(id="back"), corrected("back")])))
    rig.says("show", CODE, "-o", str(rig.file))

    assert json.loads(rig.says("show", CODE, "--number", "1").stdout)["handed_over"]["result_no"] == "KQ-1"
    verified = rig.says("verify", str(rig.file), "--key", str(rig.pem))
    assert verified.stdout.startswith(f"it holds: the hand-over of {CODE} was taken back")
    assert rig.says("show", CODE, "--number", "3").exit_code == 1


def test_a_changed_receipt_does_not_hold_and_says_why(rig: Rig) -> None:
    document = json.loads(rig.says("show", CODE).stdout)
    document["handed_over"]["result_no"] = "KQ-2"
    rig.file.write_text(json.dumps(document))

    for_people = rig.says("verify", str(rig.file), "--key", str(rig.pem))
    for_machines = rig.says("verify", str(rig.file), "--key", str(rig.pem), "--json")

    fault = "the signature of the receipt does not fit: it was changed after it was signed"
    assert (for_people.exit_code, for_people.stderr.strip()) == (1, fault)
    assert (for_machines.exit_code, json.loads(for_machines.stdout)) == (1, {"holds": False, "faults": [fault]})


def test_a_dossier_without_one_is_a_sentence_and_status_1(rig: Rig) -> None:
    answer = rig.says("show", "H29.12-261102-0999")

    assert answer.exit_code == 1
    assert answer.stderr.startswith("no receipt of H29.12-261102-0999: its result is not handed over")


def test_a_file_that_is_not_there_is_named(rig: Rig) -> None:
    answer = rig.says("verify", str(rig.folder / "none.json"), "--key", str(rig.pem))

    assert answer.exit_code == 2 and "none.json" in answer.stderr


@pytest.fixture
def kafka() -> Iterator[str]:
    """A broker of its own: the roots are those of one installation."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        yield running.bootstrap


def test_the_roots_on_the_topic_are_what_a_receipt_is_verified_against(
    tmp_path: Path, environment: str, clock: DrivenClock, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    store = open_store(environment)
    store.migrate()
    with Producer(kafka) as producer:
        rig = Rig(store, producer, clock, tmp_path)
        empty = rig.says("roots")
        rig.making.handle(records(*states([*a_result(), returned()])))
        rig.ends_the_day()
    store.close()

    rig.says("show", CODE, "-o", str(rig.file))
    listed = rig.says("roots", "-o", str(rig.roots))
    verified = rig.says("verify", str(rig.file), "--key", str(rig.pem), "--roots", str(rig.roots))

    assert (empty.exit_code, empty.stdout) == (0, "")
    assert listed.exit_code == 0
    assert [json.loads(line)["day"] for line in rig.roots.read_text().splitlines()] == ["2026-11-30"]
    assert verified.exit_code == 0 and verified.stdout.rstrip().endswith("in the file of roots")
