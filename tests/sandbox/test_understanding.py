"""Our adapters' calls and the sandbox's counters were written from the same pages, and apart: here they talk."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.carrier_settings import CarrierSettings, Signature
from connectors.carriers import Carrier, InDoubt, Order, Party, Receipt, carriers, settings_of
from connectors.settings import Settings
from connectors.transport import Call, Reply, send
from connectors.verdicts import AlreadyDone, Forged, Refused, TryLater
from hoso.rehearsal import Sandbox
from sandbox.carrier import leg_of
from tests.sandbox.customers import (
    BUYERS,
    Buyer,
    EmsBuyer,
    GhnBuyer,
    GhtkBuyer,
    MyVNPostBuyer,
    ViettelPostBuyer,
    VNPostHccBuyer,
)
from tests.sandbox.street import REFERENCE, Street, a_street

COUNTER = Party("Bộ phận Một cửa", "028 0000 0001", "1 Đường Mẫu", "26740", "Phường Mẫu", "79", "TP Mẫu")


def a_citizen(phone: str) -> Party:
    return Party("Nguyễn Văn Mẫu", phone, "2 Đường Thử", "26743", "Phường Thử", "79", "TP Mẫu")


@dataclass
class Talk:
    """One adapter with the settings of a rehearsal, and the street on which its carrier stands."""

    street: Street
    ours: Carrier
    settings: CarrierSettings
    token: str | None = None

    def says(self, call: Call) -> Reply:
        """Made as our lane makes it."""
        assert self.settings.url is not None
        login = self.ours.login(self.settings)
        if login is not None and self.token is None:
            self.token = self.ours.token(send(self.settings.url, login, 5))
        return send(self.settings.url, self.ours.with_token(call, self.token) if self.token else call, 5)

    def orders(self, phone: str, reference: str = REFERENCE, **given: Any) -> Receipt:
        order = Order(reference, COUNTER, a_citizen(phone), 20000, **given)
        return self.ours.receipt(self.says(self.ours.request(self.settings, order)))


def named(kind: type[Buyer]) -> str:
    return kind.name


@pytest.fixture(params=BUYERS, ids=named)
def talk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    kind: type[Buyer] = request.param
    with a_street(tmp_path, kind) as street:
        place = Sandbox(tmp_path, int(street.address.rpartition(":")[2]), tmp_path)
        for name, value in place.for_the_pipeline().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HOSO_MYVNPOST_WEBHOOK_KEY_FILE", str(street.stage.settings.sandbox_public_key))
        yield Talk(street, carriers()[kind.name], settings_of(Settings(kafka_bootstrap="127.0.0.1:1"), kind.name))


def test_our_order_is_taken_with_its_reference_its_citizen_and_its_cash(talk: Talk) -> None:
    receipt = talk.orders("0900000901")

    parcel = talk.street.parcel
    assert receipt.item_code in (parcel.item, None)
    assert (receipt.item_code is None) == (talk.ours.name == "vnpost_hcc")
    assert (parcel.reference, leg_of(parcel.reference)[1], parcel.order.cash) == (REFERENCE, "D1", 20000)
    assert parcel.order.phone == "0900000901"


@pytest.mark.parametrize("talk", [VNPostHccBuyer], indirect=True, ids=named)
def test_our_order_is_taken_under_the_item_code_that_it_bears_and_told_of_by_it(talk: Talk) -> None:
    talk.orders("0900000901", item_code="RX000000014VN")
    with pytest.raises(AlreadyDone):
        talk.orders("0900000901", item_code="RX000000014VN")
    with pytest.raises(Refused):
        talk.orders("0900000901", "H29.12-261102-0002/D1", item_code="RX000000014VN")
    talk.street.ends()

    (parcel,) = talk.street.post.parcels
    assert (parcel.item, parcel.reference) == ("RX000000014VN", REFERENCE)
    assert {one.item for one in talk.street.told()} == {"RX000000014VN"}


@pytest.mark.parametrize("talk", [GhtkBuyer, ViettelPostBuyer], indirect=True, ids=named)
def test_our_order_is_taken_with_the_day_on_which_it_is_to_come(talk: Talk) -> None:
    talk.orders("0900000901", "H29.12-261102-0001/C1", collect_on=date(2026, 11, 3))

    said = talk.street.parcel.order.said
    assert said.get("pick_date", said.get("DELIVERY_DATE")) in ("2026-11-03", "03/11/2026 08:00:00")


def test_our_order_again_is_done_already_where_we_say_that_it_may_be_sent_again(talk: Talk) -> None:
    first = talk.orders("0900000901")

    if talk.ours.in_doubt is InDoubt.RESEND:
        with pytest.raises(AlreadyDone) as done:
            talk.orders("0900000901")
        assert isinstance(done.value.receipt, Receipt)
        assert done.value.receipt.item_code == first.item_code
        assert len(talk.street.post.parcels) == 1
    else:
        talk.orders("0900000901")
        assert len(talk.street.post.parcels) == 2


def test_an_address_that_the_carrier_refuses_is_refused_to_us(talk: Talk) -> None:
    with pytest.raises(Refused):
        talk.orders("0900000904")


@pytest.mark.parametrize("phone", ["0900000908", "0900000909"])
def test_a_carrier_that_is_busy_or_down_is_to_be_called_later(talk: Talk, phone: str) -> None:
    with pytest.raises(TryLater) as later:
        talk.orders(phone)

    assert later.value.in_doubt == (phone == "0900000909")


@pytest.mark.parametrize("talk", [MyVNPostBuyer, GhnBuyer], indirect=True, ids=named)
def test_an_order_in_doubt_is_found_by_our_reference_where_we_ask_first(talk: Talk) -> None:
    assert talk.ours.in_doubt is InDoubt.ASK_FIRST
    nobody = talk.ours.found(talk.says(talk.ours.query(talk.settings, REFERENCE)))
    with pytest.raises(TryLater):
        talk.orders("0900000905")

    found = talk.ours.found(talk.says(talk.ours.query(talk.settings, REFERENCE)))

    assert nobody is None
    assert found is not None
    assert found.item_code == talk.street.parcel.item


@pytest.mark.parametrize("talk", [MyVNPostBuyer, EmsBuyer, GhnBuyer, GhtkBuyer], indirect=True, ids=named)
def test_an_answer_to_our_question_says_what_the_carrier_s_scans_say(talk: Talk) -> None:
    item = talk.orders("0900000901").item_code
    talk.street.ends()

    call = talk.ours.history(talk.settings, REFERENCE, item) or talk.ours.query(talk.settings, REFERENCE, item)
    updates = talk.ours.updates(talk.says(call).body)

    assert [str(one.status) for one in updates if str(one.status) != "FEE_SETTLED"][-1] == "DELIVERED"
    assert {one.item for one in updates} == {item}


@pytest.mark.parametrize("talk", [one for one in BUYERS if one.cancels], indirect=True, ids=named)
def test_an_order_is_let_go_as_our_adapter_asks(talk: Talk) -> None:
    receipt = talk.orders("0900000901")

    gone = talk.ours.cancelled(talk.says(talk.ours.cancel(talk.settings, receipt)))
    talk.street.passes(1800)

    assert gone == (talk.ours.name != "myvnpost")
    assert talk.street.parcel.last.status == "CANCELLED"


def test_our_door_lets_the_carrier_s_webhooks_in_and_no_forgery(talk: Talk) -> None:
    talk.orders("0900000914")
    talk.street.ends()

    verdicts = dict[bool, list[str]]()
    for hook in talk.street.hooks():
        path, _, asked = hook.path.partition("?")
        query: dict[str, Any] = dict(re.findall(r"(\w+)=([^&]*)", asked))
        if secret := path.removeprefix(f"/v1/webhooks/{talk.ours.name}").strip("/"):
            query["secret"] = secret
        try:
            said = str(talk.ours.verify(talk.settings, hook.headers, query, hook.body))
        except Forged:
            said = "forged"
        verdicts.setdefault(talk.street.buyer.trusts(hook), []).append(said)

    assert talk.settings.signature is Signature.REQUIRED
    assert verdicts[False] == ["forged"]
    assert "forged" not in verdicts[True]
