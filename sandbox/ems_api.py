"""The counter of EMS Vietnam, api `new`, under /ems.

Orders are cancelled as in the older MyEMS: how it is done in the newer one is not public.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.carrier import Carrier, Code, No, Order, missing, money, s10, text
from sandbox.counter import Counter, answer, body_of
from sandbox.parcels import Parcel
from sandbox.post import Post
from sandbox.scans import Detail
from schemas.instant import aware
from schemas.postal import ParcelStatus

PREFIX = "/ems"
PATTERN = "%Y-%m-%d %H:%M:%S"
FEE, CASH_FEE = 18_018, 15_000
CANCELLED = 23000
"""The status that MyEMS shows of a shipment that it cancels."""
OFFICE = "700000 - Bưu cục Mẫu"
REQUIRED = {
    "order_code": "Thiếu mã đơn hàng",
    "from_name": "Thiếu tên người gửi",
    "from_phone": "Thiếu số điện thoại người gửi",
    "from_address": "Thiếu địa chỉ người gửi",
    "to_name": "Thiếu tên người nhận",
    "to_phone": "Thiếu số điện thoại người nhận",
    "to_address": "Thiếu địa chỉ người nhận",
    "product_name": "Thiếu tên hàng hóa",
    "total_weight": "Thiếu khối lượng",
}


class Ems(Carrier):
    """It makes a second parcel of a repeated order code: nothing says that it does not."""

    name = "ems"
    # 1, 2 and 4 are EMS's own; the rest of its list is not public. The 91xx are invented: only their words count.
    codes = {
        (ParcelStatus.REQUESTED, Detail.NONE): Code(1, "Đã tạo đơn hàng, chờ duyệt lấy hàng"),
        (ParcelStatus.ACCEPTED, Detail.NONE): Code(2, "Đã duyệt đơn hàng, chờ lấy hàng"),
        (ParcelStatus.IN_TRANSIT, Detail.NONE): Code(4, "Đang vận chuyển"),
        (ParcelStatus.DELIVERED, Detail.NONE): Code(9101, "Phát thành công"),
        (ParcelStatus.DELIVERY_FAILED, Detail.NONE): Code(9102, "Phát không thành công"),
        (ParcelStatus.RETURNED_TO_SENDER, Detail.NONE): Code(9103, "Chuyển hoàn thành công"),
        (ParcelStatus.PICKUP_SCHEDULED, Detail.NONE): Code(9110, "Đang đi lấy hàng"),
        (ParcelStatus.PICKUP_FAILED, Detail.NONE): Code(9111, "Lấy hàng không thành công"),
        (ParcelStatus.PICKED_UP, Detail.NONE): Code(9112, "Đã lấy hàng"),
        (ParcelStatus.AT_DELIVERY_OFFICE, Detail.NONE): Code(9113, "Đã đến bưu cục phát"),
        (ParcelStatus.OUT_FOR_DELIVERY, Detail.NONE): Code(9114, "Đã giao cho bưu tá"),
        (ParcelStatus.RETURN_REQUESTED, Detail.NONE): Code(9115, "Chờ chuyển hoàn"),
        (ParcelStatus.RETURN_REQUESTED, Detail.APPROVED): Code(9116, "Đã duyệt chuyển hoàn"),
        (ParcelStatus.RETURNING, Detail.NONE): Code(9117, "Đang chuyển hoàn"),
        (ParcelStatus.CANCELLED, Detail.NONE): Code(9118, "Đã hủy đơn hàng"),
    }
    bad_address = No(200, "Địa chỉ người nhận không hợp lệ", "to_address")

    def read(self, said: Mapping[str, Any]) -> Order:
        """The fields of create-v2."""
        return Order(
            said=said,
            reference=text(said, "order_code"),
            sender_phone=text(said, "from_phone"),
            receiver_phone=text(said, "to_phone"),
            cash=money(said, "money_collect"),
        )

    def refusal(self, order: Order) -> No | None:
        """What no postman could do without."""
        name = missing(order.said, *REQUIRED)
        return No(200, REQUIRED[name], name) if name else None

    def item(self, number: int) -> str:
        """An EMS number."""
        return s10("EJ", number)


class EmsCounter(Counter):
    """`code` is `success` or `error`, whatever the HTTP status."""

    def created(self, parcel: Parcel) -> Response:
        """The tracking code and the fees."""
        cash = parcel.order.cash
        detail = [{"code": "cod", "fee": CASH_FEE}] if cash else []
        data = {
            "tracking_code": parcel.item,
            "courier_code": "",
            "status_code": "1",
            "fee": {"fee": FEE, "remote_fee": 0},
            "vas": {"total_vas": CASH_FEE if cash else 0, "vas_detail": detail},
            "money_collect": cash,
        }
        return answer({"code": "success", "message": "Thành công", "data": data})

    def refused(self, no: No, request: Request) -> Response:
        """An error, under HTTP 200."""
        return _error(no.message, no.status)

    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """Busy or down."""
        return _error("Quá nhiều yêu cầu" if status == 429 else "Lỗi hệ thống", status, headers)


def tracked(parcel: Parcel) -> dict[str, Any]:
    """An item with all that happened to it."""
    cash = parcel.order.cash
    return {
        "tracking_code": parcel.item,
        "order_code": parcel.reference,
        "status": parcel.code(parcel.last).code,
        "created_at": aware(parcel.created_at).strftime(PATTERN),
        "__get_fee": {
            "fee": FEE,
            "remote_fee": 0,
            "return_fee": 0,
            "total_vas": CASH_FEE if cash else 0,
            "money_collect": cash,
        },
        "__get_status": [
            {
                "status": parcel.code(scan).code,
                "address": OFFICE,
                "description": ": ".join(filter(None, (parcel.code(scan).words, scan.cause))),
                "tracedate": aware(scan.at).strftime(PATTERN),
            }
            for scan in parcel.scans
        ],
    }


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, settings, counter = APIRouter(prefix=PREFIX), post.settings, EmsCounter(post)

    def unknown(request: Request, said: Mapping[str, Any]) -> Response | None:
        token = request.query_params.get("merchant_token") or text(said, "merchant_token")
        return None if token == settings.sandbox_token else _error("Token không hợp lệ", 401)

    @api.post("/api/v1/orders/create-v2")
    async def create(request: Request) -> Response:
        """Take an order."""
        said = await body_of(request)
        return unknown(request, said) or await counter.order(said, request)

    @api.get("/api/v1/orders/tracking/{code:path}")
    async def tracking(request: Request, code: str) -> Response:
        """Where an item stands; the order code is not looked for."""

        def found() -> Response:
            rows = post.find("1", code)
            return answer({"code": "success", "data": tracked(rows[0])}) if rows else _error("Không tìm thấy bưu gửi")

        return unknown(request, {}) or await counter.question(code, request, found)

    @api.post("/shipments/cancel")
    async def cancel(request: Request, code: str = "") -> Response:
        """Let an order go that was not picked up yet."""
        if no := unknown(request, {}):
            return no
        done = post.cancel(code)
        if isinstance(done, No):
            return counter.refused(No(200, done.message), request)
        return answer({"code": "success", "data": {"tracking_code": done.item, "status": CANCELLED}})

    return api


def _error(message: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return answer({"code": "error", "message": message}, status, headers)
