"""A carrier spoken to: its token is shown, renewed, and forgotten once the carrier no longer knows it."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from connectors import partner as spoken
from connectors.carrier_settings import Viettelpost
from connectors.carriers import carriers
from connectors.partner import Partner
from connectors.transport import Call, Reply
from connectors.verdicts import TryLater
from tests.connectors.carriers.hired import an_order

AN_ORDER = an_order(("43/0", "43/0"), "2")
SETTINGS = Viettelpost(url="http://carrier.invalid", username="sample", password=SecretStr("sample"))


class House:
    """A carrier that gives one token after another and says with HTTP 200 which it no longer knows."""

    def __init__(self) -> None:
        self.logins, self.known, self.shown = 0, "token-1", list[str]()

    def send(self, url: str, call: Call, timeout_seconds: float) -> Reply:
        if "Login" in call.path or "login" in call.path:
            self.logins += 1
            return said({"status": 200, "error": False, "data": {"token": f"token-{self.logins}"}})
        self.shown.append(call.headers["Token"])
        if call.headers["Token"] != self.known:
            return said({"status": 202, "error": True, "message": "Token invalid", "data": None})
        return said({"status": 200, "error": False, "message": "OK", "data": {"ORDER_NUMBER": "1", "MONEY_TOTAL": 1}})


def said(body: dict[str, Any]) -> Reply:
    return Reply(200, {}, json.dumps(body).encode())


def test_a_token_refused_in_words_alone_is_forgotten_and_the_next_try_shows_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    monkeypatch.setattr(spoken, "send", house.send)
    viettelpost = Partner(carriers()["viettelpost"], SETTINGS, 5.0)
    viettelpost.order(AN_ORDER)
    house.known = "token-2"

    with pytest.raises(TryLater) as later:
        viettelpost.order(AN_ORDER)
    assert not later.value.in_doubt
    viettelpost.order(AN_ORDER)

    assert house.shown == ["token-1", "token-1", "token-2"]
