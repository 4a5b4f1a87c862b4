"""The counter of Giao Hang Tiet Kiem, api 1.5, under /ghtk."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox import chance
from sandbox.carrier import Carrier, Code, No, Order, missing, money, text
from sandbox.counter import Counter, answer, body_of
from sandbox.journeys import between
from sandbox.parcels import Parcel
from sandbox.post import Post
from sandbox.scans import Detail, Scan
from sandbox.settings import Manners
from schemas.instant import aware
from schemas.postal import ParcelStatus

PREFIX = "/ghtk"
FEE = 30_400
LONGEST_REFERENCE = 249
POSTMAN_FIRST = 0.85
"""When the postman says how his visit ended: this share of the way to what his office says."""
BY_REFERENCE = "partner_id:"
NO_ORDER = "Không tìm thấy đơn hàng"
REQUIRED = (
    "id",
    "pick_name",
    "pick_address",
    "pick_province",
    "pick_tel",
    "name",
    "tel",
    "address",
    "province",
    "ward",
    "hamlet",
)


class Ghtk(Carrier):
    """It accepts at once and never takes an order's id twice. Its postman speaks before his office does."""

    name = "ghtk"
    # 8, 10, 11, 13, 123, 128 and 410 are GHTK's too; nothing that happens here calls for them.
    codes = {
        (ParcelStatus.CANCELLED, Detail.NONE): Code(-1, "Hủy đơn hàng"),
        (ParcelStatus.ACCEPTED, Detail.NONE): Code(2, "Đã tiếp nhận"),
        (ParcelStatus.PICKUP_SCHEDULED, Detail.NONE): Code(12, "Đã điều phối lấy hàng/Đang lấy hàng"),
        (ParcelStatus.PICKUP_FAILED, Detail.NONE): Code(127, "Shipper báo không lấy được hàng"),
        (ParcelStatus.PICKUP_FAILED, Detail.GIVEN_UP): Code(7, "Không lấy được hàng"),
        (ParcelStatus.PICKED_UP, Detail.NONE): Code(3, "Đã lấy hàng/Đã nhập kho"),
        (ParcelStatus.OUT_FOR_DELIVERY, Detail.NONE): Code(4, "Đã điều phối giao hàng/Đang giao hàng"),
        (ParcelStatus.OUT_FOR_DELIVERY, Detail.POSTMAN): Code(45, "Shipper báo đã giao hàng"),
        (ParcelStatus.DELIVERED, Detail.NONE): Code(5, "Đã giao hàng/Chưa đối soát"),
        (ParcelStatus.DELIVERY_FAILED, Detail.POSTMAN): Code(49, "Shipper báo không giao được"),
        (ParcelStatus.DELIVERY_FAILED, Detail.NONE): Code(9, "Không giao được hàng"),
        (ParcelStatus.RETURNING, Detail.NONE): Code(20, "Đang trả hàng"),
        (ParcelStatus.RETURNED_TO_SENDER, Detail.NONE): Code(21, "Đã trả hàng"),
        (ParcelStatus.FEE_SETTLED, Detail.REMITTED): Code(6, "Đã đối soát"),
    }
    recognises = True
    accepts_at_once = True
    bad_address = No(422, "Địa chỉ người nhận không hợp lệ", "address", "30101")

    def read(self, said: Mapping[str, Any]) -> Order:
        """`order`, with the products beside it."""
        return Order(
            said=said,
            reference=text(said, "id"),
            sender_phone=text(said, "pick_tel"),
            receiver_phone=text(said, "tel"),
            cash=money(said, "pick_money"),
            handed_in=text(said, "pick_option") == "post",
        )

    def refusal(self, order: Order) -> No | None:
        """What is missing or too long."""
        if len(order.reference) > LONGEST_REFERENCE:
            return No(422, "Mã đơn hàng quá dài", "id", "30102")
        given = {**order.said, "pick_address": order.said.get("pick_address") or order.said.get("pick_address_id")}
        name = missing(given, *REQUIRED)
        return No(422, "Thiếu thông tin đơn hàng", name, "30101") if name else None

    def item(self, number: int) -> str:
        """A label."""
        return f"S1.A1.{number:08d}"

    def way(self, scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
        """The postman's own word comes before each end of a visit."""
        found = list[Scan]()
        for scan in super().way(scans):
            if scan.status in (ParcelStatus.DELIVERED, ParcelStatus.DELIVERY_FAILED):
                found.append(_postman(scan, between(scans, scan, POSTMAN_FIRST)))
            found.append(scan)
        return tuple(found)


def _postman(scan: Scan, at: float) -> Scan:
    delivered = scan.status is ParcelStatus.DELIVERED
    status = ParcelStatus.OUT_FOR_DELIVERY if delivered else scan.status
    return replace(scan, status=status, at=at, detail=Detail.POSTMAN)


class GhtkCounter(Counter):
    """`success` says it all."""

    def created(self, parcel: Parcel) -> Response:
        """The label; sums come as text."""
        order = {
            "partner_id": parcel.reference,
            "label": parcel.item,
            "area": "1",
            "fee": str(FEE),
            "insurance_fee": "0",
            "tracking_id": parcel.number,
            "estimated_pick_time": f"Sáng {aware(parcel.created_at).date()}",
            "estimated_deliver_time": f"Chiều {aware(parcel.created_at).date()}",
            "products": [],
            "status_id": 2,
        }
        return answer({"success": True, "message": "", "order": order})

    def again(self, parcel: Parcel) -> Response:
        """No second parcel; under which HTTP status is not known, so where it is impolite it is now this, now that."""
        error = {
            "code": "ORDER_ID_EXIST",
            "partner_id": parcel.reference,
            "ghtk_label": parcel.item,
            "created": aware(parcel.created_at).isoformat(timespec="seconds"),
            "status": parcel.code(parcel.last).code,
        }
        impolite = self.settings.sandbox_manners is not Manners.POLITE
        other = impolite and chance.share(self.settings.sandbox_seed, "exists", parcel.item) < 0.5
        body = {"success": False, "message": "Mã đơn hàng đã có trên hệ thống", "error": error}
        return answer(body, 422 if other else 200)

    def refused(self, no: No, request: Request) -> Response:
        """An error code and the number of a log entry."""
        return _error(no.status, no.message, no.code)

    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """Busy or down."""
        codes = {500: "10101", 503: "10103"}
        words = "Quá nhiều yêu cầu" if status == 429 else "Lỗi hệ thống"
        return _error(status, words, codes.get(status, str(status)), headers)


def queried(parcel: Parcel) -> dict[str, Any]:
    """An order as it stands; no zone in its times, the weight in gram."""
    written = {
        "created": aware(parcel.created_at).strftime("%Y-%m-%d %H:%M:%S"),
        "modified": aware(parcel.last.at).strftime("%Y-%m-%d %H:%M:%S"),
        "pick_date": aware(parcel.created_at).strftime("%Y-%m-%d"),
        "deliver_date": aware(parcel.last.at).strftime("%Y-%m-%d"),
    }
    return {
        "label_id": parcel.item,
        "partner_id": parcel.reference,
        "status": str(parcel.code(parcel.last).code),
        "status_text": parcel.code(parcel.last).words,
        "message": parcel.last.cause,
        **written,
        "storage_day": "0",
        "weight": round(weight_kg(parcel) * 1000),
        "pick_money": parcel.order.cash,
    }


def weight_kg(parcel: Parcel) -> float:
    """What the products weigh."""
    return sum(float(product.get("weight") or 0) for product in parcel.said.get("products") or ())


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, settings, counter = APIRouter(prefix=PREFIX), post.settings, GhtkCounter(post)

    def unknown(request: Request) -> Response | None:
        known = request.headers.get("token") == settings.sandbox_token and request.headers.get("x-client-source")
        return None if known else _error(401, "Token không hợp lệ", "20101")

    def parcel_of(key: str) -> Parcel | None:
        found = post.find("1", key) or post.find("2", key.removeprefix(BY_REFERENCE))
        return found[0] if found else None

    @api.post("/services/shipment/order")
    @api.post("/services/shipment/order/")
    async def create(request: Request) -> Response:
        """Take an order."""
        if no := unknown(request):
            return no
        said = await body_of(request)
        inner = said.get("order")
        order = {**(inner if isinstance(inner, dict) else {}), "products": said.get("products")}
        return await counter.order(order, request)

    @api.get("/services/shipment/v2/{key:path}")
    async def query(request: Request, key: str) -> Response:
        """An order by its label, or by the customer's id."""

        def found() -> Response:
            parcel = parcel_of(key)
            return answer({"success": True, "order": queried(parcel)}) if parcel else _error(200, NO_ORDER, "30404")

        return unknown(request) or await counter.question(key, request, found)

    @api.post("/services/shipment/cancel/{key:path}")
    async def cancel(request: Request, key: str) -> Response:
        """Let an order go that was not picked up yet."""
        if no := unknown(request):
            return no
        parcel = parcel_of(key)
        if parcel is None:
            return _error(200, NO_ORDER, "30404")
        if parcel.last.status is ParcelStatus.CANCELLED:
            return answer({"success": False, "message": "Đơn hàng đã ở trạng thái hủy", "log_id": "sandbox"})
        done = post.cancel(parcel.handle)
        words = done.message if isinstance(done, No) else ""
        return answer({"success": not words, "message": words, "log_id": "sandbox"})

    return api


def _error(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> Response:
    body = {"success": False, "message": message, "error_code": code, "log_id": "sandbox"}
    return answer(body, status, headers)
