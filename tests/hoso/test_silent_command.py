"""`hoso silent`: which items nobody has heard of, and the word to wait no longer, on the real Kafka."""

import json
import uuid
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Producer, read_key
from connectors.reference import publish
from hoso.cli.silent import silent
from schemas.dossier import LOG, DossierStatus
from schemas.event import Event
from schemas.instant import now
from schemas.ops import AgedOut
from schemas.postal import ParcelStatus
from schemas.state import ClockShown, DossierStateChanged, LegShown
from tests.builders import a_bundle


@pytest.fixture
def code(kafka: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dossier on the topic of states, of whose D1 nobody has heard for an hour."""
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", kafka)
    topics.apply(kafka, ["H29.12"])
    name = f"H29.12-261102-{uuid.uuid4().int % 10**7:07}"
    leg = LegShown(
        leg="D1", carrier="ems", reference=f"{name}/D1", order="ACCEPTED", reported=ParcelStatus.IN_TRANSIT,
        expected=ParcelStatus.DELIVERED, expected_by=now() - timedelta(hours=1),
    )  # fmt: skip
    clock = ClockShown(state="STOPPED")
    state = DossierStateChanged.Data(sequence=1, status=DossierStatus.RESULT_READY, clock=clock, legs=(leg,))
    publish(kafka, a_bundle(version=f"silent-{name}"))
    with Producer(kafka, "test") as producer:
        producer.publish([DossierStateChanged(id=name, source="/hoso/streams", subject=name, time=now(), data=state)])
    return name


def hoso(*argv: str) -> Result:
    return CliRunner().invoke(silent, [*argv])


def test_a_silent_item_is_listed_with_what_it_waits_for(code: str) -> None:
    rows = json.loads(hoso("list", "--json").stdout)
    [mine] = [row for row in rows if row["dossier"] == code]

    assert (mine["leg"], mine["carrier"], mine["expected"], mine["seen"]) == ("D1", "ems", "DELIVERED", "IN_TRANSIT")
    assert f"{code}/D1  ems -: DELIVERED expected by" in hoso("list").stdout


def test_a_silent_item_is_waited_for_no_longer_once_an_operator_says_so(kafka: str, code: str) -> None:
    answer = hoso("age-out", code, "D1", "--why", "not found")

    assert (answer.exit_code, answer.stdout) == (0, f"ops.aged_out.v1 is on the log of {code}\n")
    [word] = [Event.decode(one.value or b"") for one in read_key(kafka, LOG, code.encode())]
    assert isinstance(word, AgedOut)
    assert (word.data.leg, word.data.why) == ("D1", "not found")


def test_of_a_leg_that_is_not_open_nothing_is_said(kafka: str, code: str) -> None:
    answer = hoso("age-out", code, "C1", "--why", "x")

    assert answer.exit_code == 1 and f"C1 of {code} is not open; open are: D1" in answer.output
    assert read_key(kafka, LOG, code.encode()) == []
