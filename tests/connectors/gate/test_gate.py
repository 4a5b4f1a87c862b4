"""The gate as a whole: what is on which topic once it has spoken, and what it remembers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.broker import Message
from connectors.gate.gate import LETTERS, Accepted, Conflict, Gate, Offer, tracking_code
from connectors.gate.judge import Rejection
from connectors.intake import handle, turns
from connectors.letter_boxes import LetterBoxes
from connectors.seal import Opener
from connectors.secrets import Secrets
from connectors.store import Store, gate_seen
from connectors.verdicts import TryLater
from schemas.dossier import LOG, Received, Submitted
from schemas.event import Event, digest_of
from schemas.notice import REJECTIONS, EventRejected
from schemas.ops import DEAD_LETTERS, DeadLetterKept
from tests.builders import CODE, SAMPLES, VERSION, a_bundle
from tests.connectors.doubles import FixedReferences, KeptProducer, a_store, some_secrets

CANARY = "Canary Trần Thị Thử"
GOOD = ("01", "02", "03", "04", "05", "06", "07", "08", "21", "22", "23", "24")


class Rig:
    """A gate over doubles."""

    def __init__(self, store: Store, secrets: Secrets) -> None:
        self.store, self.secrets, self.producer = store, secrets, KeptProducer()
        self.gate = Gate(secrets, store, self.producer, FixedReferences(a_bundle()))
        self.boxes = LetterBoxes(store, secrets.openers_public)

    def admit(self, *said: dict[str, Any], caller: str = "H29.12") -> list[Accepted | Rejection]:
        return self.gate.admit([Offer(json.dumps(one).encode(), caller) for one in said], "test")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_store(tmp_path) as store:
        yield Rig(store, some_secrets(tmp_path))


def a_sample(number: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(SAMPLES.glob(f"{number}-*.json")).read_bytes())
    return found | {"time": "2020-11-02T08:15:00+07:00"} | changes


def with_canary() -> dict[str, Any]:
    sample = a_sample("02")
    contact = sample["data"]["contact"] | {"name": CANARY, "phone": "0909 123 456"}
    return sample | {"data": sample["data"] | {"contact": contact}}


def test_an_admitted_fact_carries_what_we_set(rig: Rig) -> None:
    rig.admit(a_sample("01"))

    (fact,) = rig.producer.on(LOG)
    assert isinstance(fact, Submitted)
    assert (fact.refversion, fact.subject) == (VERSION, CODE)
    assert fact.recordedtime is not None
    assert fact.digest == digest_of(a_sample("01")["data"], rig.secrets.digest.of(CODE))
    assert fact.trackingcode == tracking_code(CODE, rig.secrets.tracking.of(CODE))
    assert re.fullmatch(rf"[{LETTERS}]{{10}}", fact.trackingcode)
    assert fact.traceparent is not None


def test_a_trace_is_carried_and_a_broken_one_is_not(rig: Rig) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"

    rig.admit(a_sample("01", traceparent=trace), a_sample("01", id="2", traceparent="nonsense"))

    first, second = rig.producer.on(LOG)
    assert first.traceparent == trace
    assert second.traceparent not in (None, trace, "nonsense")


def test_only_opening_facts_carry_the_tracking_code(rig: Rig) -> None:
    rig.admit(a_sample("03"))

    assert rig.producer.on(LOG)[0].trackingcode is None


def test_no_canary_is_in_anything_published_or_kept(rig: Rig, tmp_path: Path) -> None:
    bad = with_canary()
    bad["data"]["contact"] = {"name": CANARY, "phone": CANARY}

    rig.admit(with_canary(), bad | {"id": "2"})

    said = b"".join(value for _, _, value in rig.producer.rows)
    database = b"".join(file.read_bytes() for file in tmp_path.glob("hoso.db*"))
    assert not any(word in said + database for word in (CANARY.encode(), b"0909 123 456", b"Canary"))
    (fact,) = rig.producer.on(LOG)
    assert isinstance(fact, Received)
    assert fact.data.contact is not None
    opened = Opener(rig.store, rig.secrets.openers_private).open_contact(CODE, fact.data.contact)
    assert opened.name == CANARY


def test_the_keys_are_kept_before_the_fact_is_published(rig: Rig) -> None:
    rig.producer.away = True

    with pytest.raises(TryLater):
        rig.admit(with_canary())

    assert rig.producer.rows == []
    with rig.store.read() as connection:
        assert gate_seen.digests(connection, [("/agencies/H29.12", with_canary()["id"])]) == {}


def test_a_repetition_is_accepted_again_with_the_same_digest(rig: Rig) -> None:
    first, second = rig.admit(with_canary()), rig.admit(with_canary())

    assert first == second == [Accepted(with_canary()["id"], CODE)]
    one, other = rig.producer.on(LOG)
    assert one.digest == other.digest
    assert one.data != other.data, "its sealed part differs"


def test_an_id_used_for_something_else_is_a_conflict(rig: Rig) -> None:
    rig.admit(a_sample("01"))

    (verdict,) = rig.admit(a_sample("01", data=a_sample("01")["data"] | {"channel": "COUNTER"}))

    assert isinstance(verdict, Conflict)
    assert verdict.fields == {"id"}
    assert len(rig.producer.on(LOG)) == 1
    assert len(rig.producer.on(REJECTIONS)) == 1


def test_a_conflict_within_one_batch_is_seen(rig: Rig) -> None:
    other = a_sample("01", data=a_sample("01")["data"] | {"channel": "COUNTER"})

    first, second = rig.admit(a_sample("01"), other)

    assert isinstance(first, Accepted)
    assert isinstance(second, Conflict)


def test_a_rejection_is_for_its_agency_and_is_said_once(rig: Rig) -> None:
    rig.admit(a_sample("32"))
    rig.admit(a_sample("32"))

    one, other = rig.producer.on(REJECTIONS)
    assert isinstance(one, EventRejected)
    assert one.id == other.id
    assert one.subject == "H29.12"
    assert {error.field for error in one.data.errors} == {"data.procedure_code", "data.channel", "data.contact"}


def test_a_rejection_is_never_too_long_to_be_said(rig: Rig) -> None:
    names = {f"{n:03}" + "\U00010348" * 190: 1 for n in range(160)}

    (verdict,) = rig.gate.admit([Offer(json.dumps({"data": names}, ensure_ascii=False).encode(), "H29.12")], "test")

    assert isinstance(verdict, Rejection)
    assert len(rig.producer.on(REJECTIONS)) == 1


def test_hundreds_of_faults_are_all_named(rig: Rig) -> None:
    document = {"name": "", "kind": "X", "copies": 0, "sha256": "x"}
    sample = a_sample("02")

    (verdict,) = rig.admit(sample | {"data": sample["data"] | {"documents": [document] * 100}})

    assert isinstance(verdict, Rejection)
    assert len(verdict.errors) == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_comes_is_on_the_log_or_rejected_with_its_fields_named(rig: Rig, data: st.DataObject) -> None:
    said = a_sample(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(0, 3))):
        part = data.draw(st.sampled_from([said, said["data"]]))
        if isinstance(part, dict):
            part[data.draw(st.sampled_from([*sorted(part), "invented"]))] = data.draw(JSON)
    sent = json.dumps(said).encode() if data.draw(st.booleans()) else said
    before = len(rig.producer.rows)

    (verdict,) = rig.gate.admit([Offer(sent, data.draw(st.sampled_from(["H29.12", "H29.99", "H29.77"])))], "test")

    [(topic, _, value)] = rig.producer.rows[before:]
    fact = Event.decode(value)
    if isinstance(verdict, Rejection):
        assert topic == REJECTIONS and isinstance(fact, EventRejected)
        assert fact.data.errors == verdict.errors and all(one.field and one.problem for one in verdict.errors)
    else:
        assert (topic, fact.id, fact.subject) == (LOG, verdict.id, verdict.subject)


# ---------------------------------------------------------------- the Kafka door


def a_message(value: bytes | None, topic: str = "agency.events.H29.12", offset: int = 0, **headers: str) -> Message:
    return Message(topic, 0, offset, b"k", value, tuple((name, text.encode()) for name, text in headers.items()))


def test_the_topic_is_the_identity(rig: Rig) -> None:
    raw = json.dumps(a_sample("01")).encode()

    handle([a_message(raw, "agency.events.H29.99")], rig.gate, rig.producer, rig.boxes)

    (rejected,) = rig.producer.on(REJECTIONS)
    assert rejected.subject == "H29.99"
    assert "source" in {error.field for error in rejected.data.errors}
    assert rig.producer.on(LOG) == []


def test_the_binary_form_is_read(rig: Rig) -> None:
    said = a_sample("01")
    names = ("id", "source", "type", "subject", "time", "specversion")
    headers = {f"ce_{name}": said[name] for name in names} | {"content-type": "application/json"}

    handle([a_message(json.dumps(said["data"]).encode(), **headers)], rig.gate, rig.producer, rig.boxes)

    assert [fact.id for fact in rig.producer.on(LOG)] == [said["id"]]


@pytest.mark.parametrize("raw", [b"garbage", b"[1]", b"", None, b"\xff"])
def test_bytes_that_are_no_event_go_to_the_dead_letters(rig: Rig, raw: bytes | None) -> None:
    good = json.dumps(a_sample("01")).encode()

    handle([a_message(raw, offset=7), a_message(good, offset=8)], rig.gate, rig.producer, rig.boxes)

    (letter,) = rig.producer.on(DEAD_LETTERS)
    assert isinstance(letter, DeadLetterKept)
    assert (letter.data.topic, letter.data.partition, letter.data.offset) == ("agency.events.H29.12", 0, 7)
    assert letter.data.reason and letter.data.sealed is not None and not letter.data.bytes
    assert len(rig.producer.on(LOG)) == 1


def test_agencies_take_turns_each_in_its_own_order() -> None:
    heap = [a_message(b"", "agency.events.A", offset) for offset in range(3)]
    others = [a_message(b"", "agency.events.B", 0), a_message(b"", "agency.events.C", 0)]

    order = [(message.topic[-1], message.offset) for message in turns([*heap, *others])]

    assert order == [("A", 0), ("B", 0), ("C", 0), ("A", 1), ("A", 2)]


def test_every_admitted_sample_is_an_event_on_the_log(rig: Rig) -> None:
    rig.admit(*(a_sample(number) for number in GOOD))

    assert rig.producer.on(REJECTIONS) == []
    assert all(fact.digest for fact in rig.producer.on(LOG))
    assert len(rig.producer.on(LOG)) == 12
