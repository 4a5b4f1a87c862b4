"""`hoso parked` on a real broker: what an operator reads, what goes on the log, and what is refused."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from connectors import topics
from connectors.broker import Producer, read_key
from connectors.reference import publish
from hoso import broker
from schemas.dossier import LOG, DossierStatus
from schemas.event import Event
from schemas.instant import now
from schemas.ops import EventSkipped, Retried
from schemas.state import ClockShown, DossierStateChanged, ParkedShown
from tests.builders import VERSION, a_bundle, received
from tests.saying import says

BLESSED = "/agencies/H29.12 n-1"


def a_code() -> str:
    return f"H29.12-261102-{uuid.uuid4().int % 10**7:07}"


def a_state(code: str, sequence: int, parked: ParkedShown | None = None) -> DossierStateChanged:
    data = DossierStateChanged.Data(
        sequence=sequence, status=DossierStatus.IN_PROCESS, clock=ClockShown(state="RUNNING"), parked=parked
    )
    return DossierStateChanged(id=f"{code}-s{sequence}", source="/hoso/streams", subject=code, time=now(), data=data)


def park(kafka: str, code: str) -> None:
    """Facts of which nobody's release knows the second, and the workers' word of it."""
    newer: dict[str, Any] = {
        "specversion": "1.0",
        "type": "vn.hoso.dossier.blessed.v9",
        "source": "/agencies/H29.12",
        "id": "n-1",
    }
    newer |= {"subject": code, "time": now().isoformat(), "data": {}}
    said = ParkedShown(what=BLESSED, why="this release does not know its type", since=now(), facts=1)
    with Producer(kafka) as producer:
        producer.publish([received(code=code)])
        producer.publish_to(LOG, code.encode(), json.dumps(newer).encode())
        producer.publish([a_state(code, 1, said)])


def hoso(kafka: str, home: Path, *words: str) -> "CompletedProcess[str]":
    return says({"HOSO_KAFKA_BOOTSTRAP": kafka, "HOSO_HOME": str(home)}, "parked", *words)


def words(kafka: str, code: str, kind: type[Any]) -> list[Any]:
    """What operators said of a dossier, of one kind."""
    found = [one.value or b"" for one in read_key(kafka, LOG, code.encode())]
    return [event for raw in found if b"vn.hoso.ops." in raw and isinstance(event := Event.decode(raw), kind)]


@pytest.fixture
def code(kafka: str) -> str:
    """A parked dossier."""
    topics.apply(kafka, ["H29.12"])
    publish(kafka, a_bundle())
    name = a_code()
    park(kafka, name)
    return name


@pytest.fixture(scope="module")
def without_reference() -> Iterator[tuple[str, str]]:
    """A cluster on which no reference data is published, and a parked dossier of it."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        name = a_code()
        park(running.bootstrap, name)
        yield running.bootstrap, name


def test_a_parked_dossier_is_shown_with_what_this_release_makes_of_it_and_the_facts_as_they_came(
    kafka: str, code: str, tmp_path: Path
) -> None:
    said, document = hoso(kafka, tmp_path, "show", code), hoso(kafka, tmp_path, "show", code, "--json")

    first, today, raw = said.stdout.splitlines()
    assert first.startswith(f"{code}  1 fact waits since ") and first.endswith(f"know its type  ({BLESSED})")
    assert today == "today: this release does not know its type"
    assert json.loads(raw)["type"] == "vn.hoso.dossier.blessed.v9"
    shown = json.loads(document.stdout)
    assert (shown["dossier"], shown["what"], shown["facts"], shown["folds_now"]) == (code, BLESSED, 1, False)
    assert shown["waiting"] == [{"what": BLESSED, "text": raw}]


def test_a_retry_and_a_skip_go_on_the_log_with_the_version_in_force_and_the_reason(
    kafka: str, code: str, tmp_path: Path
) -> None:
    retried = hoso(kafka, tmp_path, "retry", code, "--why", " it is mended ")
    skipped = hoso(kafka, tmp_path, "skip", code, "--why", "sent by mistake")

    assert (retried.returncode, retried.stdout) == (0, f"ops.retried.v1 is on the log of {code}\n")
    assert (skipped.returncode, skipped.stdout) == (0, f"ops.event_skipped.v1 is on the log of {code}\n")
    [retry], [skip] = words(kafka, code, Retried), words(kafka, code, EventSkipped)
    assert (retry.data.why, retry.refversion) == ("it is mended", VERSION)
    assert (skip.data.what, skip.data.why) == (BLESSED, "sent by mistake")


@pytest.mark.parametrize("command", [("show",), ("retry", "--why", "x"), ("skip", "--why", "x")])
def test_of_a_dossier_that_is_not_parked_or_never_was_nothing_is_said(
    kafka: str, code: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    goes_on, nobody = code, a_code()
    with Producer(kafka) as producer:
        producer.publish([a_state(goes_on, 2)])
    name, *options = command

    free, unknown = (hoso(kafka, tmp_path, name, one, *options) for one in (goes_on, nobody))

    assert (free.returncode, free.stderr) == (1, f"{goes_on} is not parked: `hoso parked list` shows what is\n")
    assert unknown.returncode == 1
    assert unknown.stderr == f"no worker knows a dossier {nobody}: is the code whole, as on the slip?\n"
    assert read_key(kafka, LOG, nobody.encode()) == [] == words(kafka, goes_on, Event)


@pytest.mark.parametrize("command", [("show",), ("retry", "--why", "x"), ("skip", "--why", "x")])
def test_without_reference_data_the_next_step_is_named(
    without_reference: tuple[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    (bootstrap, code), (name, *options) = without_reference, command

    answer = hoso(bootstrap, tmp_path, name, code, *options)

    assert answer.returncode == 1
    assert answer.stderr == "no reference data is published: `hoso reference apply`\n"
    assert words(bootstrap, code, Event) == []


@pytest.mark.parametrize("why", [" ", "x" * 3_001])
@pytest.mark.parametrize("name", ["retry", "skip"])
def test_a_reason_that_is_none_or_too_long_is_a_wrong_option(tmp_path: Path, name: str, why: str) -> None:
    answer = hoso("nowhere:1", tmp_path, name, "H29.12-261102-0001", "--why", why)

    assert answer.returncode == 2
    assert "a reason of at most 3000 characters" in " ".join(answer.stderr.replace("│", " ").split())
