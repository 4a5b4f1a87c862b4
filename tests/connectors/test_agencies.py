"""Keys let agencies in and are not kept; secrets sign and are sealed; the rehearsal gets both."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from connectors.agencies import (
    KEY_PREFIX,
    ensure_sandbox_credentials,
    new_key,
    new_secret,
    secrets_of,
    verify_key,
)
from connectors.notify.signature import headers
from connectors.secrets import Secrets
from connectors.store import Store
from tests.connectors.doubles import a_store, some_secrets


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as store:
        yield store


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return some_secrets(tmp_path)


def test_a_key_lets_its_agency_in_and_no_other(store: Store) -> None:
    key = new_key(store, "H29.12")

    assert key.startswith(KEY_PREFIX)
    assert verify_key(store, key) == "H29.12"
    assert verify_key(store, key + "x") is None
    assert verify_key(store, "") is None


def test_a_key_is_nowhere_in_the_database(store: Store, tmp_path: Path) -> None:
    key = new_key(store, "H29.12")

    assert key.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("hoso.db*"))


def test_while_a_secret_is_rotated_both_sign(store: Store, secrets: Secrets) -> None:
    old, new = (new_secret(store, secrets.openers_public, "H29.12") for _ in range(2))

    signed = headers("id", b"{}", int(time.time()), secrets_of(store, secrets.openers_private, "H29.12"))

    for secret in (old, new):
        assert Webhook(secret).verify(b"{}", signed) == {}


def test_a_secret_is_nowhere_in_the_database(store: Store, secrets: Secrets, tmp_path: Path) -> None:
    secret = new_secret(store, secrets.openers_public, "H29.12")

    assert secret.removeprefix("whsec_").encode() not in b"".join(f.read_bytes() for f in tmp_path.glob("hoso.db*"))


def test_the_rehearsals_credentials_stay_what_they_are(store: Store, secrets: Secrets, tmp_path: Path) -> None:
    file = tmp_path / "sandbox" / "credentials.json"

    first = ensure_sandbox_credentials(store, secrets.openers_public, ["H29.12", "H29.07"], file)
    again = ensure_sandbox_credentials(store, secrets.openers_public, ["H29.12", "H29.07", "H29.21"], file)

    assert again["H29.12"] == first["H29.12"]
    assert json.loads(file.read_text()) == again
    assert verify_key(store, again["H29.21"]["key"]) == "H29.21"
    assert len(secrets_of(store, secrets.openers_private, "H29.12")) == 1
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_new_database_knows_the_credentials_of_the_file(store: Store, secrets: Secrets, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    said = ensure_sandbox_credentials(store, secrets.openers_public, ["H29.12"], file)
    other_folder = tmp_path / "other"
    other_folder.mkdir()

    with a_store(other_folder) as other:
        ensure_sandbox_credentials(other, secrets.openers_public, ["H29.12"], file)

        assert verify_key(other, said["H29.12"]["key"]) == "H29.12"
