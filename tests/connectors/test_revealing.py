"""A contact is opened only for a reason, and the look is on record first."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import delete

from connectors.broker import Message
from connectors.revealing import LEAST_WHY, NoReason, Revealed, WithContact, reveal, with_contact
from connectors.seal import CannotOpen, Opener, Sealer
from connectors.secrets import Secrets, ensure_secrets
from connectors.store import Store, reveals
from connectors.store.reveals import Reveal
from connectors.store.tables import SEALED_KEYS
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import aware
from schemas.sealed import Address, PlainContact
from tests.builders import CODE, a_fact, received, result_ready
from tests.connectors.doubles import a_store, some_secrets

CITIZEN = PlainContact(
    name="Nguyễn Văn Mẫu",
    phone="0900000001",
    address=Address(line="7 Ngõ Mẫu", ward_code="26740", ward="Phường Mẫu", province_code="79", province="TP Mẫu"),
)
WHY = "gọi hẹn người nộp bổ sung giấy tờ"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as store:
        yield store


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return some_secrets(tmp_path)


def sealed(fact: Event, store: Store, secrets: Secrets) -> Event:
    """The fact with this citizen's contact, sealed as the gate does."""
    sealer = Sealer(secrets.openers_public, store)
    contact = sealer.seal_contact(fact.subject, CITIZEN)
    sealer.keep()
    return fact.model_copy(update={"data": fact.data.model_copy(update={"contact": contact})})


def facts(store: Store, secrets: Secrets) -> list[WithContact]:
    told = [sealed(received(return_mode="POST"), store, secrets), result_ready("2026-11-03 10:00")]
    records = [Message(LOG, 0, at, CODE.encode(), one.encode()) for at, one in enumerate(told)]
    return with_contact(records)


def a_look(why: str = WHY) -> Reveal:
    return Reveal(aware(1_793_000_000), "can.bo", "agency", "H29.12", CODE, why, ("received",))


def on_record(store: Store) -> list[Reveal]:
    with store.read() as connection:
        return reveals.last(connection)


def test_whoever_says_why_sees_the_contact_and_is_on_record(store: Store, secrets: Secrets) -> None:
    with structlog.testing.capture_logs() as logged:
        [shown] = reveal(store, Opener(store, secrets.openers_private), a_look(), facts(store, secrets))

    assert shown.contact == CITIZEN and shown.kind == "received"
    assert on_record(store) == [a_look()]
    [said] = logged
    assert said["event"] == "contact.revealed" and said["dossier"] == CODE and said["by"] == "can.bo"
    assert WHY not in json.dumps(said, ensure_ascii=False) and CITIZEN.name not in json.dumps(said, ensure_ascii=False)


def test_whoever_does_not_say_why_sees_nothing(store: Store, secrets: Secrets) -> None:
    with pytest.raises(NoReason):
        reveal(store, Opener(store, secrets.openers_private), a_look("x" * (LEAST_WHY - 1)), facts(store, secrets))

    assert on_record(store) == []


def test_the_look_is_on_record_even_if_the_seal_does_not_open(store: Store, secrets: Secrets, tmp_path: Path) -> None:
    another = ensure_secrets(tmp_path / "another")

    with pytest.raises(CannotOpen):
        reveal(store, Opener(store, another.openers_private), a_look(), facts(store, secrets))

    assert on_record(store) == [a_look()]


def test_a_contact_whose_key_is_destroyed_was_erased(store: Store, secrets: Secrets) -> None:
    known = facts(store, secrets)
    with store.begin() as transaction:
        transaction.execute(delete(SEALED_KEYS))

    found = reveal(store, Opener(store, secrets.openers_private), a_look(), known)

    assert found == [Revealed("received", known[0].time, None)]


def test_a_dossier_without_a_contact_has_nothing_to_put_on_record(store: Store, secrets: Secrets) -> None:
    told = [received(), a_fact("withdrawn", "2026-11-04 10:00", reason="x")]
    known = with_contact(Message(LOG, 0, 0, CODE.encode(), one.encode()) for one in told)

    assert reveal(store, Opener(store, secrets.openers_private), a_look(), known) == []
    assert on_record(store) == []
