"""Keys that are missing, open to others or damaged; agencies that lack theirs; webhooks that nobody can tell apart."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from connectors.agencies import new_key, new_secret, rotate_secret
from connectors.carrier_settings import Ghn, Myvnpost, Signature
from connectors.doctor import agencies, contracts, keys
from connectors.doctor.finding import Severity
from connectors.doctor.place import Place
from connectors.secrets import EVIDENCE, FEED, OPENERS_PUBLIC, ensure_secrets
from connectors.store import endpoints
from schemas import instant
from schemas.instant import clock
from tests.connectors.doctor.conftest import CALLBACK, only, with_kafka, worst
from tests.connectors.notify.ear import DrivenClock

DAY = 86_400.0
URL = str(CALLBACK["url"])


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    made = DrivenClock()
    monkeypatch.setattr(instant, "_clock", made)
    return made


# ---------------------------------------------------------------- files


def test_keys_as_they_were_made_are_well(place: Place) -> None:
    assert [one.severity for one in keys.findings(place)] == [Severity.OK]


def test_a_key_that_others_may_read_is_bad_and_the_command_ends_that(place: Place) -> None:
    file = place.settings.secrets_dir / EVIDENCE
    file.chmod(0o640)
    (place.settings.secrets_dir / OPENERS_PUBLIC).chmod(0o644)

    found = only(list(keys.findings(place)), "may read")

    assert (found.severity, found.help_command) == (Severity.BAD, f"chmod 600 {file}")


def test_so_is_the_list_of_who_may_sign_in_with_a_password(place: Place) -> None:
    place.settings.people_file.write_text("")
    place.settings.people_file.chmod(0o644)

    assert "people.toml" in only(list(keys.findings(place)), "may read").what


def test_a_key_that_is_not_there_is_bad_on_one_machine(place: Place) -> None:
    (place.settings.secrets_dir / FEED).unlink()

    found = only(list(keys.findings(place)), "missing")

    assert (found.severity, FEED in found.what) == (Severity.BAD, True)
    assert "backup" in found.detail


def test_a_damaged_key_and_a_folder_that_others_may_write_to_are_bad(place: Place) -> None:
    (place.settings.secrets_dir / FEED).write_bytes(b"")
    place.settings.secrets_dir.chmod(0o777)

    found = list(keys.findings(place))

    assert [one.severity for one in found] == [Severity.BAD, Severity.BAD]
    assert only(found, "may put keys").help_command == f"chmod 700 {place.settings.secrets_dir}"


def test_no_folder_of_keys_is_bad(place: Place) -> None:
    settings = place.settings.model_copy(update={"secrets_dir": place.settings.home / "elsewhere"})

    found = list(keys.findings(replace(place, settings=settings)))

    assert [(one.severity, one.help_command) for one in found] == [(Severity.BAD, "hoso up")]


# ---------------------------------------------------------------- agencies


@pytest.fixture
def city(place_in: Place, doctors_kafka: str) -> Place:
    """H29.12 with a key, a secret and a callback that has proven itself."""
    public = ensure_secrets(place_in.settings.secrets_dir).openers_public
    new_key(place_in.store, "H29.12")
    new_secret(place_in.store, public, "H29.12")
    with place_in.store.begin() as connection:
        endpoints.verified(connection, "H29.12", URL)
    return with_kafka(place_in, doctors_kafka)


def test_agencies_without_a_key_are_noted_and_the_others_are_well(city: Place) -> None:
    [found] = agencies.findings(city)

    assert (found.severity, found.help_command) == (Severity.NOTE, "hoso agency key H29.99")
    assert found.what == "2 agencies have no key for the HTTP door: H29.99, H29.05"


def test_a_callback_without_a_secret_is_bad_and_one_in_shadow_needs_none(place_in: Place, doctors_kafka: str) -> None:
    found = only(list(agencies.findings(with_kafka(place_in, doctors_kafka))), "no secret")

    assert (found.severity, found.help_command) == (Severity.BAD, "hoso agency secret H29.12")


@pytest.mark.parametrize(
    ("disabled", "says", "helps"),
    [(False, "has not answered its challenge", "hoso agency test H29.12"),
     (True, "wants no callbacks any more", "hoso agency test H29.12 --reopen")],
)  # fmt: skip
def test_a_callback_that_is_not_in_use_is_a_warning(city: Place, disabled: bool, says: str, helps: str) -> None:
    with city.store.begin() as connection:
        (endpoints.disabled if disabled else endpoints.unproven)(connection, "H29.12", URL, "status 410")

    found = only(list(agencies.findings(city)), says)

    assert (found.severity, found.help_command, found.detail) == (Severity.WARNING, helps, "status 410")


def test_a_rotation_that_nobody_ended_and_an_old_key_are_noted(driven: DrivenClock, city: Place) -> None:
    public = ensure_secrets(city.settings.secrets_dir).openers_public
    rotate_secret(city.store, public, "H29.12")
    driven.at += 400 * DAY

    found = list(agencies.findings(city))

    assert only(found, "2 callback secrets sign").help_command == "hoso agency rotate H29.12 --finish"
    assert only(found, "400 days old").help_command == "hoso agency key H29.12"


def test_a_secret_that_ends_soon_without_another_is_a_warning(city: Place) -> None:
    with city.store.begin() as connection:
        ends_at = clock().seconds() + DAY
        connection.exec_driver_sql(f"UPDATE agency_secrets SET retired_at = {ends_at}")

    found = only(list(agencies.findings(city)), "ends in 24 h")

    assert (found.severity, found.help_command) == (Severity.WARNING, "hoso agency secret H29.12")


# ---------------------------------------------------------------- carriers


@pytest.mark.parametrize(
    ("carrier", "given", "severity"),
    [
        ("ghn", Ghn(url="https://ghn.example", signature=Signature.REQUIRED), Severity.BAD),
        ("ghn", Ghn(url="https://ghn.example"), Severity.WARNING),
        ("ghn", Ghn(url="https://ghn.example", webhook_secret=SecretStr("x" * 20)), Severity.OK),
        ("ghn", Ghn(signature=Signature.REQUIRED), Severity.OK),
        ("myvnpost", Myvnpost(url="https://myvnpost.example", signature=Signature.REQUIRED), Severity.BAD),
    ],
)
def test_webhooks_that_nobody_could_tell_from_others(
    place: Place, carrier: str, given: object, severity: Severity
) -> None:
    settings = place.settings.model_copy(update={carrier: given})

    found = list(contracts.findings(replace(place, settings=settings)))

    assert worst(found) is severity
    assert all("HOSO_" in one.what for one in found if one.severity)
