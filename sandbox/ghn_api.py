"""The counter of Giao Hang Nhanh, under /ghn."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox import chance
from sandbox.carrier import Carrier, Code, No, Order, missing, money, text
from sandbox.counter import Counter, answer, body_of
from sandbox.parcels import Parcel
from sandbox.post import Post
from sandbox.scans import Detail
from sandbox.settings import Manners
from schemas.postal import ParcelStatus

PREFIX = "/ghn"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FEE = 27_500
LONGEST_REFERENCE, LONGEST_TEXT = 50, 1024
LISTED = 0.3
"""How often a query's answer is a one-element list, as in one of the two documents."""
PROMISED_AFTER = 3 * 86_400.0
BY_NAME = ("to_ward_name", "to_province_name")
"""Districts ended on 01/07/2025."""
REQUIRED = (
    "client_order_code",
    "to_name",
    "to_phone",
    "to_address",
    "from_name",
    "from_phone",
    "from_address",
    "weight",
)


class Ghn(Carrier):
    """It accepts at once. It makes a second parcel of a repeated code: nothing says that it does not."""

    name = "ghn"
    # sorting, return_transporting, return_sorting, return_fail, exception, damage and lost are GHN's too.
    codes = {
        (ParcelStatus.ACCEPTED, Detail.NONE): Code("ready_to_pick", "Chờ lấy hàng"),
        (ParcelStatus.PICKUP_SCHEDULED, Detail.NONE): Code("picking", "Đang lấy hàng"),
        # It has no code for a pick-up that failed: the order is ready again, and a reason stands beside it.
        (ParcelStatus.PICKUP_FAILED, Detail.NONE): Code("ready_to_pick", "Chờ lấy hàng"),
        (ParcelStatus.PICKED_UP, Detail.NONE): Code("picked", "Lấy hàng thành công"),
        (ParcelStatus.IN_TRANSIT, Detail.FIRST_OFFICE): Code("storing", "Nhập kho"),
        (ParcelStatus.IN_TRANSIT, Detail.NONE): Code("transporting", "Đang trung chuyển"),
        (ParcelStatus.OUT_FOR_DELIVERY, Detail.NONE): Code("delivering", "Đang giao hàng"),
        (ParcelStatus.DELIVERED, Detail.NONE): Code("delivered", "Giao hàng thành công"),
        (ParcelStatus.DELIVERY_FAILED, Detail.NONE): Code("delivery_fail", "Giao hàng không thành công"),
        (ParcelStatus.RETURN_REQUESTED, Detail.NONE): Code("waiting_to_return", "Chờ xác nhận giao lại"),
        (ParcelStatus.RETURN_REQUESTED, Detail.APPROVED): Code("return", "Chuyển hoàn"),
        (ParcelStatus.RETURNING, Detail.NONE): Code("returning", "Đang hoàn hàng"),
        (ParcelStatus.RETURNED_TO_SENDER, Detail.NONE): Code("returned", "Hoàn hàng thành công"),
        (ParcelStatus.CANCELLED, Detail.NONE): Code("cancel", "Đơn huỷ"),
        # No status of its own: the kind of webhook that tells of it.
        (ParcelStatus.FEE_SETTLED, Detail.REMITTED): Code("update_cod", "Đã chuyển tiền thu hộ"),
    }
    accepts_at_once = True
    gives_up_by = ParcelStatus.CANCELLED
    bad_address = No(400, "to_address is invalid", "to_address", "USER_ERR_COMMON")

    def read(self, said: Mapping[str, Any]) -> Order:
        """The fields of `create`."""
        return Order(
            said=said,
            reference=text(said, "client_order_code"),
            sender_phone=text(said, "from_phone"),
            receiver_phone=text(said, "to_phone"),
            cash=money(said, "cod_amount"),
        )

    def refusal(self, order: Order) -> No | None:
        """What is missing or too long; the place in codes or in words."""
        said = order.said
        name = missing(said, *REQUIRED) or ("" if text(said, "to_ward_code") else missing(said, *BY_NAME))
        if len(order.reference) > LONGEST_REFERENCE:
            name = "client_order_code"
        name = next((field for field in ("to_name", "to_address") if len(text(said, field)) > LONGEST_TEXT), name)
        return No(400, f"{name} is invalid", name, "USER_ERR_COMMON") if name else None

    def item(self, number: int) -> str:
        """An L, and six signs."""
        signs = ""
        for _ in range(6):
            number, digit = divmod(number, len(DIGITS))
            signs = DIGITS[digit] + signs
        return f"L{signs}"


def fee_of(parcel: Parcel) -> dict[str, int]:
    """What the carriage costs."""
    return {"main_service": FEE, "insurance": 0, "cod_fee": 0}


class GhnCounter(Counter):
    """One envelope for all: `{code, message, data}`, with `code_message` where something is wrong."""

    def created(self, parcel: Parcel) -> Response:
        """Its own order code, and what it costs."""
        data = {
            "order_code": parcel.item,
            "sort_code": "K-000-U-00-00",
            "trans_type": "truck",
            "ward_encode": "",
            "district_encode": "",
            "fee": fee_of(parcel),
            "total_fee": FEE,
            "expected_delivery_time": utc(parcel.created_at + PROMISED_AFTER),
        }
        return _said(data)

    def refused(self, no: No, request: Request) -> Response:
        """HTTP status and code are one."""
        return _error(no.status, no.message, no.code or "USER_ERR_COMMON")

    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """Busy or down."""
        words = "Too many requests" if status == 429 else "Internal error"
        return _error(status, words, "SERVER_ERR_COMMON", headers)


def queried(parcel: Parcel) -> dict[str, Any]:
    """An order with its log."""
    moves = [scan for scan in parcel.scans if scan.moves]
    return {
        "order_code": parcel.item,
        "client_order_code": parcel.reference,
        "status": parcel.code(parcel.last).code,
        "log": [{"status": parcel.code(scan).code, "updated_date": utc(scan.at)} for scan in moves],
    }


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, settings, counter = APIRouter(prefix=PREFIX), post.settings, GhnCounter(post)

    def unknown(request: Request) -> Response | None:
        if request.headers.get("token") != settings.sandbox_token:
            return _error(401, "Token is not valid!", "UNAUTHORIZED")
        return None if request.headers.get("shopid") else _error(400, "Shop not found", "SHOP_NOT_FOUND")

    async def detail(request: Request, kind: str, code: str) -> Response:
        def found() -> Response:
            rows = post.find(kind, code)
            if not rows:
                return _error(400, "Order not found", "USER_ERR_COMMON")
            shown: Any = queried(rows[0])
            impolite = settings.sandbox_manners is not Manners.POLITE
            listed = impolite and chance.share(settings.sandbox_seed, "listed", code) < LISTED
            return _said([shown] if listed else shown)

        return unknown(request) or await counter.question(code, request, found)

    @api.post("/v2/shipping-order/create")
    async def create(request: Request) -> Response:
        """Take an order."""
        return unknown(request) or await counter.order(await body_of(request), request)

    @api.post("/v2/shipping-order/detail")
    async def by_item(request: Request) -> Response:
        """An order by GHN's code."""
        return await detail(request, "1", text(await body_of(request), "order_code"))

    @api.post("/v2/shipping-order/detail-by-client-code")
    async def by_reference(request: Request) -> Response:
        """An order by the customer's code."""
        return await detail(request, "2", text(await body_of(request), "client_order_code"))

    @api.post("/v2/switch-status/cancel")
    async def cancel(request: Request) -> Response:
        """Let orders go that were not picked up yet: each has its own answer."""
        if no := unknown(request):
            return no
        codes = (await body_of(request)).get("order_codes")
        done = {str(code): post.cancel(str(code)) for code in codes or ()}
        rows = [
            {"order_code": code, "result": not isinstance(one, No), "message": getattr(one, "message", "OK")}
            for code, one in done.items()
        ]
        return _said(rows)

    return api


def utc(seconds: float) -> str:
    """An instant as GHN writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _said(data: Any) -> Response:
    return answer({"code": 200, "message": "Success", "data": data})


def _error(code: int, message: str, name: str, headers: dict[str, str] | None = None) -> Response:
    return answer({"code": code, "message": message, "data": None, "code_message": name}, code, headers)
