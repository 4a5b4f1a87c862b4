"""Signing in by the city's accounts: the provider vouches, its claims give the role, and nothing forged comes in."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from connectors.console.app import AT
from connectors.console.settings import Openid
from connectors.settings import Settings
from tests.connectors.console.house import House, open_house
from tests.connectors.console.provider import CLIENT, SECRET, Provider, a_provider

OFFICER = {"preferred_username": "tran.thi.mau", "hoso_role": ["khac", "agency"], "hoso_agency": "H29.12"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with a_provider() as running:
        yield running


@pytest.fixture(scope="module")
def house(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("openid")
    (folder / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    openid = Openid(issuer=provider.url, client_id=CLIENT, client_secret_file=folder / "secret")
    settings = Settings(kafka_bootstrap="nowhere:1", home=folder, openid=openid)
    with open_house(folder, settings=settings) as running:
        yield running


@pytest.fixture(autouse=True)
def _honest(provider: Provider) -> Iterator[None]:
    provider.claims, provider.signs_with = dict(OFFICER), None
    yield
    provider.claims, provider.signs_with = dict(OFFICER), None


def sign_in(house: House, client: httpx.Client) -> httpx.Response:
    """To the provider and back, as a browser goes."""
    away = client.get(f"{AT}/openid/begin", params={"next": f"{AT}/agencies"})
    back = httpx.get(away.headers["location"])
    return client.get(back.headers["location"].removeprefix(house.url))


def test_an_officer_of_the_city_s_accounts_comes_in_as_their_agency_s(house: House) -> None:
    client = house.guest()

    answer = sign_in(house, client)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{AT}/agencies")
    assert "tran.thi.mau" in client.get(f"{AT}/").text
    assert "H29.12" in client.get(f"{AT}/").text


def test_the_sign_in_offers_the_provider(house: House) -> None:
    assert f"{AT}/openid/begin" in house.guest().get(f"{AT}/sign-in").text


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": "x"},
        {"preferred_username": "x", "hoso_role": "khac"},
        {"preferred_username": "x", "hoso_role": "agency"},
    ],
)
def test_an_account_without_a_role_of_ours_stays_out(house: House, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    client = house.guest()

    assert sign_in(house, client).status_code == 403
    assert client.get(f"{AT}/").status_code == 303


@pytest.mark.parametrize("forged", [{"iss": "https://evil.example"}, {"aud": "another"}, {"exp": 1}, {"nonce": "x"}])
def test_a_token_for_somebody_else_or_another_time_lets_nobody_in(
    house: House, provider: Provider, forged: dict[str, Any]
) -> None:
    provider.claims = OFFICER | forged

    assert sign_in(house, house.guest()).status_code == 502


def test_a_token_that_another_key_signed_lets_nobody_in(house: House, provider: Provider) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})

    assert sign_in(house, house.guest()).status_code == 502


def test_a_provider_that_changed_its_keys_is_asked_again(house: House, provider: Provider) -> None:
    assert sign_in(house, house.guest()).status_code == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})

    first, second = sign_in(house, house.guest()), sign_in(house, house.guest())

    assert (first.status_code, second.status_code) == (502, 303)


def test_a_code_that_came_to_another_sign_in_lets_nobody_in(house: House) -> None:
    away = house.guest().get(f"{AT}/openid/begin")
    back = httpx.get(away.headers["location"]).headers["location"].removeprefix(house.url)

    victim = house.guest()
    victim.get(f"{AT}/openid/begin")

    assert victim.get(back).status_code == 502
    assert house.guest().get(back).status_code == 502
