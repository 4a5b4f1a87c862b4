"""The key that signs is changed without a gap: callbacks are signed by both, and what was signed holds for ever."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connectors.certificates import fingerprint, public_pem
from connectors.changing import finish_signing, prepare, switch
from connectors.notify.callback import Caller
from connectors.notify.signature import headers
from connectors.receipts.signing import signed as receipt_signed
from connectors.secrets import SIGNING, Secrets, ensure_secrets, load_secrets
from hoso.receipt.verify import RECEIPT as FORM
from hoso.receipt.verify import check_signature, keys_in
from sandbox.signature import public_key_of
from schemas.reference import Callback

RECEIPT = {"form": FORM, "dossier": "H29.12-261102-0001", "number": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ensure_secrets(tmp_path / "keys").folder


def steps(folder: Path) -> list[Callable[[], None]]:
    return [lambda: prepare(folder / SIGNING), lambda: switch(folder / SIGNING), lambda: finish_signing(folder)]


def published(folder: Path) -> bytes:
    """What `hoso certificate key` prints."""
    return "".join(map(public_pem, load_secrets(folder).signing_public)).encode()


def takes(secrets: Secrets, key: Ed25519PublicKey) -> bool:
    """Whether an agency that has this public key takes a callback of a process that read its keys when it started."""
    callback = Callback(url="https://agency.example/hoso", ed25519=True)
    signing = Caller("H29.12", callback, (b"s" * 32,), secrets.signing_callbacks)._signing
    said = headers("id", b"{}", 1_790_000_000, (b"s" * 32,), signing)["webhook-signature"].split()
    return any(_holds(key, one.removeprefix("v1a,")) for one in said if one.startswith("v1a,"))


def _holds(key: Ed25519PublicKey, signature: str) -> bool:
    try:
        key.verify(b64decode(signature), b"id.1790000000.{}")
    except InvalidSignature:
        return False
    return True


def receipt(secrets: Secrets) -> dict[str, Any]:
    return receipt_signed(RECEIPT, secrets.signing)


def test_an_agency_with_the_old_public_key_takes_every_callback_until_the_last_step_and_with_the_new_from_the_first_on(
    folder: Path,
) -> None:
    old = load_secrets(folder).signing.public_key()
    prepare(folder / SIGNING)
    new = load_secrets(folder).signing_public[1]
    assert new != old

    assert (takes(load_secrets(folder), old), takes(load_secrets(folder), new)) == (True, True)
    switch(folder / SIGNING)
    assert (takes(load_secrets(folder), old), takes(load_secrets(folder), new)) == (True, True)
    finish_signing(folder)
    assert (takes(load_secrets(folder), old), takes(load_secrets(folder), new)) == (False, True)


def test_a_receipt_of_any_step_holds_with_what_is_published_at_that_step_and_at_every_later_one(folder: Path) -> None:
    said = [receipt(load_secrets(folder))]
    for does in steps(folder):
        does()
        said.append(receipt(load_secrets(folder)))
        for document in said:
            check_signature("the receipt", document, FORM, keys_in(published(folder)))

    names = [document["signature"]["key"] for document in said]
    assert names[0] == names[1] != names[2] == names[3] == fingerprint(load_secrets(folder).signing)


def test_who_reads_but_the_first_of_the_published_keys_has_the_one_that_signs_receipts(folder: Path) -> None:
    for does in steps(folder):
        does()
        assert fingerprint(public_key_of(published(folder))) == receipt(load_secrets(folder))["signature"]["key"]


def test_after_several_changes_every_public_key_that_ever_signed_is_published_once_and_no_private_one(
    folder: Path,
) -> None:
    signed = [fingerprint(load_secrets(folder).signing)]
    for _ in range(3):
        prepare(folder / SIGNING)
        switch(folder / SIGNING)
        finish_signing(folder)
        signed.insert(0, fingerprint(load_secrets(folder).signing))

    assert [fingerprint(one) for one in load_secrets(folder).signing_public] == signed
    assert b"PRIVATE" not in published(folder)
