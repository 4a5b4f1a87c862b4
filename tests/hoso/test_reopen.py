"""`hoso reopen`: an archived dossier opened again by its own log, on the real Kafka."""

import uuid

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Producer, read_key
from connectors.history import History, history, published
from connectors.reference import publish
from hoso.cli.dossier import dossier
from hoso.cli.reopen import reopen
from rules.kept import Kept
from rules.parking import advance, due_of
from schemas.dossier import LOG
from schemas.event import Event
from schemas.ops import Reopened
from tests.builders import CODE, REFERENCE, VERSION, a_bundle
from tests.rules.test_archiving import AT_THE_COUNTER, LATER


def of(code: str, event: Event) -> Event:
    return Event.decode(event.encode().replace(CODE.encode(), code.encode()))


def the_archiving(life: list[Event]) -> Event:
    kept = Kept()
    for event in life:
        kept, _ = advance(kept, event, event.encode(), event.ref, REFERENCE)
    at = kept.next_due()
    assert at is not None
    [fact] = due_of(kept, VERSION, at)
    return fact


@pytest.fixture
def code(kafka: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dossier that was archived, and of which something was stated since."""
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    topics.apply(kafka, ["H29.12"])
    publish(kafka, a_bundle())
    name = f"H29.12-261102-{uuid.uuid4().int % 10**7:07}"
    life = [of(name, event) for event in AT_THE_COUNTER]
    with Producer(kafka, "test") as producer:
        producer.publish([*life, the_archiving(life), of(name, LATER)])
    return name


def hoso(command: object, *argv: str) -> Result:
    app = Typer()
    app.command()(command)  # type: ignore[type-var]
    return CliRunner().invoke(app, [*argv])


def by_its_log(kafka: str, code: str) -> History:
    found = history(kafka, published(kafka), code, None)
    assert found is not None
    return found


def test_an_archived_dossier_is_shown_as_it_was_and_opened_by_a_word_on_its_log(kafka: str, code: str) -> None:
    before = by_its_log(kafka, code)
    shown = hoso(dossier, code)

    answer = hoso(reopen, code, "--why", "a complaint")

    assert before.kept.stub is not None and before.dossier.status == "RESULT_RETURNED"
    assert "RESULT_RETURNED" in shown.stdout and "archived since 2027-02-08" in shown.stdout
    assert (answer.exit_code, answer.stdout) == (0, f"ops.reopened.v1 is on the log of {code}\n")
    *_, archived, _, word = [Event.decode(one.value or b"") for one in read_key(kafka, LOG, code.encode())]
    assert isinstance(word, Reopened)
    assert (word.data.what, word.data.why) == (archived.ref, "a complaint")
    after = by_its_log(kafka, code)
    assert after.kept.stub is None and after.dossier.life == before.dossier.life


def test_what_is_open_is_not_opened(kafka: str, code: str) -> None:
    hoso(reopen, code, "--why", "a complaint")
    before = len(read_key(kafka, LOG, code.encode()))

    again, nobody = hoso(reopen, code, "--why", "x"), hoso(reopen, "H29.12-261102-0000000", "--why", "x")

    assert again.exit_code == nobody.exit_code == 1
    assert f"{code} is not archived: `hoso dossier {code}` shows how it stands" in again.output
    assert "no dossier H29.12-261102-0000000 on the log: is the code whole" in nobody.output
    assert len(read_key(kafka, LOG, code.encode())) == before


def test_without_a_broker_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", "127.0.0.1:9")

    answer = hoso(reopen, CODE, "--why", "x")

    assert answer.exit_code == 1 and "no broker" in answer.output and "Traceback" not in answer.output
