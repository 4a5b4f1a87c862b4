"""What is sealed opens for the openers, for its own dossier, while its key is there; and for nobody else."""

import multiprocessing
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from connectors.seal import CannotOpen, ComesSealed, Erased, Evidence, Opener, Openers, Sealer, Wrapper, unwrap
from connectors.secrets import NoSuchSecret, Secrets, ensure_secrets, load_secrets
from connectors.store import Store
from connectors.store.tables import SEALED_KEYS
from schemas.dossier import ApologyIssued, Received, ReceptionRefused, ResultReady
from schemas.event import Event
from schemas.sealed import Address, PlainContact, SealedContact
from tests.builders import CODE, CONTACT
from tests.connectors.doubles import a_store, some_secrets

CITIZEN = PlainContact(
    name="Canary Nguyễn",
    phone="0901234567",
    address=Address(line="7 Ngõ Canary", ward_code="26740", ward="Phường Mẫu", province_code="79", province="TP Mẫu"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as store:
        yield store


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return some_secrets(tmp_path)


def a_fact(kind: type[Event], **data: object) -> Event:
    name = kind.model_fields["type"].default
    said = {"id": "1", "source": "/agencies/H29.12", "type": name, "subject": CODE, "time": "2026-11-02T09:00:00+07:00"}
    return kind.model_validate(said | {"data": data})


RECEIVED = {
    "procedure_code": "1.004873",
    "channel": "COUNTER",
    "receiving_agency": "H29.12",
    "competent_agency": "H29.12",
    "return_mode": "POST",
}


def test_a_sealed_contact_opens_for_the_openers(store: Store, secrets: Secrets) -> None:
    sealer = Sealer(secrets.openers_public, store)

    sealed = sealer.seal_contact(CODE, CITIZEN)
    sealer.keep()

    assert Opener(store, secrets.openers_private).open_contact(CODE, sealed) == CITIZEN
    assert (sealed.ward_code, sealed.province_code) == ("26740", "79")


def test_a_sealed_value_says_nothing_of_what_is_in_it(store: Store, secrets: Secrets) -> None:
    sealed = Sealer(secrets.openers_public, store).seal_contact(CODE, CITIZEN)

    assert not any(word in sealed.model_dump_json() for word in ("Canary", "0901234567", "Ngõ"))


def test_one_text_sealed_twice_looks_different_each_time(store: Store, secrets: Secrets) -> None:
    sealer = Sealer(secrets.openers_public, store)

    assert sealer.seal_text(CODE, "lý do") != sealer.seal_text(CODE, "lý do")


def test_an_erased_key_leaves_nothing_to_open(store: Store, secrets: Secrets) -> None:
    sealer = Sealer(secrets.openers_public, store)
    sealed = sealer.seal_text(CODE, "lý do")
    sealer.keep()

    with store.begin() as transaction:
        transaction.execute(delete(SEALED_KEYS).where(SEALED_KEYS.c.dossier == CODE))

    with pytest.raises(Erased, match="destroyed"):
        Opener(store, secrets.openers_private).open_text(CODE, sealed)


def test_another_private_key_opens_nothing(store: Store, secrets: Secrets) -> None:
    sealer = Sealer(secrets.openers_public, store)
    sealed = sealer.seal_text(CODE, "lý do")
    sealer.keep()

    with pytest.raises(CannotOpen):
        Opener(store, Openers((X25519PrivateKey.generate(),))).open_text(CODE, sealed)


def test_a_value_does_not_open_as_another_dossiers(store: Store, secrets: Secrets) -> None:
    sealer = Sealer(secrets.openers_public, store)
    sealed = sealer.seal_text(CODE, "lý do")
    sealer.keep()

    with pytest.raises(CannotOpen):
        Opener(store, secrets.openers_private).open_text("H29.99-261102-0001", sealed)


def test_everything_of_a_citizen_in_a_fact_is_found_by_its_type(store: Store, secrets: Secrets) -> None:
    sealer = Sealer(secrets.openers_public, store)
    said = a_fact(Received, **RECEIVED, contact=CITIZEN.model_dump(exclude_none=True))

    sealed = sealer.seal(said)

    assert isinstance(sealed.data.contact, SealedContact)
    assert "Canary" not in sealed.encode().decode()
    assert Received.decode(sealed.encode()) == sealed


@pytest.mark.parametrize(
    ("kind", "data", "boxes"),
    [
        (ReceptionRefused, {"reason": "thiếu giấy tờ"}, 1),
        (ApologyIssued, {"reason": "chậm", "signed_by": "Trưởng phòng", "channel": "LETTER"}, 1),
        (ResultReady, {"outcome": "APPROVED", "physical": True}, 0),
    ],
)
def test_only_free_text_is_sealed(
    store: Store, secrets: Secrets, kind: type[Event], data: dict[str, object], boxes: int
) -> None:
    sealer = Sealer(secrets.openers_public, store)

    sealed = sealer.seal(a_fact(kind, **data))

    assert len(sealer.pending) == boxes == sealed.encode().decode().count('"sealed"')


def test_what_comes_sealed_from_outside_is_refused(store: Store, secrets: Secrets) -> None:
    with pytest.raises(ComesSealed):
        Sealer(secrets.openers_public, store).seal(a_fact(Received, **RECEIVED, contact=CONTACT))


@given(st.binary(max_size=200))
def test_no_bytes_unwrap_by_chance(wrapped: bytes) -> None:
    with pytest.raises(CannotOpen):
        unwrap(X25519PrivateKey.generate(), wrapped, "about")


def test_a_wrapped_secret_is_bound_to_what_it_is_about() -> None:
    private = X25519PrivateKey.generate()
    wrapped = Wrapper(private.public_key()).wrap(b"secret", "callback H29.12")

    assert unwrap(private, wrapped, "callback H29.12") == b"secret"
    with pytest.raises(CannotOpen):
        unwrap(private, wrapped, "callback H29.99")


def test_evidence_opens_with_its_key_only() -> None:
    box = Evidence(b"k" * 32).seal(b"a carrier's bytes")

    assert Evidence(b"k" * 32).open(box) == b"a carrier's bytes"
    with pytest.raises(CannotOpen, match="evidence"):
        Evidence(b"l" * 32).open(box)


def _digest(folder: str) -> tuple[tuple[bytes, ...], bytes, tuple[bytes, ...]]:
    secrets = ensure_secrets(Path(folder))
    return secrets.digest.all(), secrets.openers_public.public_bytes_raw(), secrets.evidence


def test_processes_that_start_at_once_hold_the_same_keys(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_digest, [str(tmp_path / "keys")] * 8)

    assert len(set(found)) == 1


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)

    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 8


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSecret, match=r"openers\.key"):
        _ = load_secrets(tmp_path).openers_private
