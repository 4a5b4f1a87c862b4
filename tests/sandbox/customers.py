"""Customers of each carrier, written from its page alone: they order, ask, cancel, and read the webhooks they get."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.sandbox.stage import sample

SECRET = "sandbox"
NAME = {"username": "sandbox", "password": "sandbox"}
Answer = tuple[int, bytes]


@dataclass(frozen=True)
class Told:
    """One scan that a webhook tells of."""

    item: str | None
    reference: str | None
    code: str
    returning: bool = False


@dataclass(frozen=True)
class Hook:
    """A webhook as it came in."""

    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Buyer(ABC):
    """One who knows a carrier's calls. `made` and `known` say what an answer to an order means."""

    name: ClassVar[str]
    recognises: ClassVar[bool] = False
    asks: ClassVar[bool] = True
    cancels: ClassVar[bool] = True

    def __init__(self, address: str, key: Path | None = None) -> None:
        self.base, self.key, self.session = f"{address}/{self.name}", key, requests.Session()
        self.session.headers.update(self.credentials())

    def call(self, path: str, said: Any = None, **more: Any) -> requests.Response:
        return self.session.post(f"{self.base}{path}", json=said, timeout=10, **more)

    def paper(self, name: str) -> Any:
        return msgspec.json.decode(sample(name, self.name))

    def credentials(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def order(self, reference: str, phone: str) -> requests.Response:
        """Order an envelope to this citizen."""

    @abstractmethod
    def made(self, answer: requests.Response) -> bool:
        """Whether the order was taken, now."""

    def known(self, answer: requests.Response) -> bool:
        """Whether the carrier has it already."""
        return False

    def item(self, answer: requests.Response) -> str | None:
        """The carrier's number in the answer."""
        return None

    def ask(self, item: str, reference: str) -> str | None:
        """The code under which it stands; None if there is no such order."""
        raise NotImplementedError

    def cancel(self, answer: requests.Response) -> bool:
        """Whether the order that was answered so is let go."""
        raise NotImplementedError

    @abstractmethod
    def told(self, hook: Hook) -> list[Told]:
        """What a webhook tells."""

    @abstractmethod
    def trusts(self, hook: Hook) -> bool:
        """Whether it bears what only the carrier knows."""

    def thanks(self, hook: Hook) -> bytes:
        """The answer that the carrier waits for."""
        return b"{}"

    def hear(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Take what can be trusted, as our edge does."""
        hook = Hook(path, body, headers)
        return (200, self.thanks(hook)) if self.trusts(hook) else (401, b"{}")


class MyVNPostBuyer(Buyer):
    name = "myvnpost"

    def credentials(self) -> dict[str, str]:
        said = requests.post(f"{self.base}/GetAccessToken", json={**NAME, "customerCode": "T000000001"}, timeout=60)
        return {"token": said.json()["token"]}

    def order(self, reference: str, phone: str) -> requests.Response:
        order = self.paper("create_request.json")
        order["informationOrder"] |= {"saleOrderCode": reference, "receiverPhone": phone}
        return self.call("/CreateOrder", order)

    def made(self, answer: requests.Response) -> bool:
        return bool(answer.json().get("itemCode"))

    def item(self, answer: requests.Response) -> str | None:
        return str(answer.json()["itemCode"])

    def ask(self, item: str, reference: str) -> str | None:
        query = {"type": "1", "code": item} if item else {"type": "2", "code": reference}
        found = self.session.get(f"{self.base}/getOrder", params=query, timeout=60).json()["results"]
        return str(found[0]["status"]) if found else None

    def cancel(self, answer: requests.Response) -> bool:
        return isinstance(self.call("/orderCancel", {"OriginalId": answer.json()["originalID"]}).json(), list)

    def told(self, hook: Hook) -> list[Told]:
        return [Told(one["itemCode"], one["saleOrderCode"], str(one["status"])) for one in hook.json["data"]]

    def trusts(self, hook: Hook) -> bool:
        assert self.key is not None
        key, said = load_pem_public_key(self.key.read_bytes()), hook.json
        first = said["data"][0]
        text = f"MYVNP{said['sendDate']}{first['itemCode']}{first['status']}".encode()
        assert isinstance(key, RSAPublicKey)
        try:
            key.verify(base64.b64decode(said["signature"]), text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


class VNPostHccBuyer(Buyer):
    name = "vnpost_hcc"
    recognises = True
    asks = cancels = False

    def credentials(self) -> dict[str, str]:
        return {"access_token": requests.post(f"{self.base}/token", json=NAME, timeout=60).json()["access_token"]}

    def order(self, reference: str, phone: str, item: str | None = None) -> requests.Response:
        order = self.paper("create_request.json") | {"OrderNumber": reference, "ReceiverTel": phone}
        order.pop("ItemCode")
        return self.call("/order-with-code", order | {"ItemCode": item}) if item else self.call("/order", order)

    def made(self, answer: requests.Response) -> bool:
        return answer.ok and bool(answer.json()["Status"] == "100")

    def known(self, answer: requests.Response) -> bool:
        return bool(answer.json()["Status"] == "101")

    def told(self, hook: Hook) -> list[Told]:
        said = hook.json
        return [Told(said["ItemCode"], said["OrderNumber"], str(said["OrderStatusId"]), said["IsReturn"])]

    def trusts(self, hook: Hook) -> bool:
        return hook.headers.get("access_token") == SECRET

    def thanks(self, hook: Hook) -> bytes:
        return b'{"Status":"100","Message":"OK"}'


class EmsBuyer(Buyer):
    name = "ems"

    def order(self, reference: str, phone: str) -> requests.Response:
        order = self.paper("create_request.json") | {"order_code": reference, "to_phone": phone}
        return self.call("/api/v1/orders/create-v2", order, params={"merchant_token": SECRET})

    def made(self, answer: requests.Response) -> bool:
        return bool(answer.json()["code"] == "success")

    def item(self, answer: requests.Response) -> str | None:
        return str(answer.json()["data"]["tracking_code"])

    def ask(self, item: str, reference: str) -> str | None:
        address = f"{self.base}/api/v1/orders/tracking/{item or quote(reference, safe='')}"
        said = self.session.get(address, params={"merchant_token": SECRET}, timeout=60).json()
        return str(said["data"]["status"]) if said["code"] == "success" else None

    def cancel(self, answer: requests.Response) -> bool:
        query = {"merchant_token": SECRET, "code": self.item(answer)}
        said = self.call("/shipments/cancel", params=query).json()
        return bool(said["code"] == "success" and said["data"]["status"] == 23000)

    def told(self, hook: Hook) -> list[Told]:
        said = hook.json
        return [Told(said["tracking_code"], said.get("order_code"), str(said["status_code"]))]

    def trusts(self, hook: Hook) -> bool:
        return hook.path.endswith(f"/{SECRET}")

    def thanks(self, hook: Hook) -> bytes:
        return msgspec.json.encode({"code": "success", "transaction": hook.headers["ems-transaction"]})


class ViettelPostBuyer(Buyer):
    name = "viettelpost"
    asks = False

    def credentials(self) -> dict[str, str]:
        said = {"USERNAME": NAME["username"], "PASSWORD": NAME["password"]}
        return {"Token": requests.post(f"{self.base}/v2/user/Login", json=said, timeout=60).json()["data"]["token"]}

    def order(self, reference: str, phone: str) -> requests.Response:
        order = self.paper("create_request.json") | {"ORDER_NUMBER": reference, "RECEIVER_PHONE": phone}
        return self.call("/v2/order/createOrder", order)

    def made(self, answer: requests.Response) -> bool:
        return answer.json()["error"] is False

    def item(self, answer: requests.Response) -> str | None:
        return str(answer.json()["data"]["ORDER_NUMBER"])

    def cancel(self, answer: requests.Response) -> bool:
        said = {"TYPE": 4, "ORDER_NUMBER": self.item(answer), "NOTE": ""}
        return self.call("/v2/order/UpdateOrder", said).json()["error"] is False

    def told(self, hook: Hook) -> list[Told]:
        said = hook.json["DATA"]
        number, reference, code = said["ORDER_NUMBER"], said["ORDER_REFERENCE"], said["ORDER_STATUS"]
        return [Told(number, reference, str(code), said["IS_RETURNING"])]

    def trusts(self, hook: Hook) -> bool:
        return bool(hook.json["TOKEN"] == SECRET)


class GhnBuyer(Buyer):
    name = "ghn"

    def credentials(self) -> dict[str, str]:
        return {"Token": SECRET, "ShopId": "1"}

    def order(self, reference: str, phone: str) -> requests.Response:
        order = self.paper("create_request.json") | {"client_order_code": reference, "to_phone": phone}
        return self.call("/v2/shipping-order/create", order)

    def made(self, answer: requests.Response) -> bool:
        return bool(answer.json()["code"] == 200)

    def item(self, answer: requests.Response) -> str | None:
        return str(answer.json()["data"]["order_code"])

    def ask(self, item: str, reference: str) -> str | None:
        path = "detail" if item else "detail-by-client-code"
        said = {"order_code": item} if item else {"client_order_code": reference}
        found = self.call(f"/v2/shipping-order/{path}", said).json()["data"]
        return str(found["status"]) if found else None

    def cancel(self, answer: requests.Response) -> bool:
        said = self.call("/v2/switch-status/cancel", {"order_codes": [self.item(answer)]}).json()
        return bool(said["data"][0]["result"])

    def told(self, hook: Hook) -> list[Told]:
        said = hook.json
        changes = said["Type"].lower() in ("create", "switch_status")
        code = said["Status"] if changes else said["Type"].lower()
        return [Told(said["OrderCode"], said["ClientOrderCode"] or None, code)]

    def trusts(self, hook: Hook) -> bool:
        return hook.path.endswith(f"/{SECRET}")


class GhtkBuyer(Buyer):
    name = "ghtk"
    recognises = True

    def credentials(self) -> dict[str, str]:
        return {"Token": SECRET, "X-Client-Source": "S0000001"}

    def order(self, reference: str, phone: str) -> requests.Response:
        order = self.paper("create_request.json")
        order["order"] |= {"id": reference, "tel": phone}
        return self.call("/services/shipment/order/", order, params={"ver": "1.5"})

    def made(self, answer: requests.Response) -> bool:
        return bool(answer.json()["success"])

    def known(self, answer: requests.Response) -> bool:
        return bool(answer.json().get("error", {}).get("code") == "ORDER_ID_EXIST")

    def item(self, answer: requests.Response) -> str | None:
        said = answer.json()
        return str(said["order"]["label"] if said["success"] else said["error"]["ghtk_label"])

    def ask(self, item: str, reference: str) -> str | None:
        address = f"{self.base}/services/shipment/v2/{item or quote(reference, safe='')}"
        said = self.session.get(address, timeout=60).json()
        return str(said["order"]["status"]) if said["success"] else None

    def cancel(self, answer: requests.Response) -> bool:
        return bool(self.call(f"/services/shipment/cancel/{self.item(answer)}").json()["success"])

    def told(self, hook: Hook) -> list[Told]:
        form = hook.headers["content-type"] == "application/x-www-form-urlencoded"
        said = dict(parse_qsl(hook.body.decode())) if form else hook.json
        return [Told(said["label_id"], said["partner_id"], str(said["status_id"]))]

    def trusts(self, hook: Hook) -> bool:
        return urlsplit(hook.path).query == f"hash={SECRET}"


BUYERS: tuple[type[Buyer], ...] = (
    MyVNPostBuyer,
    VNPostHccBuyer,
    EmsBuyer,
    ViettelPostBuyer,
    GhnBuyer,
    GhtkBuyer,
)
