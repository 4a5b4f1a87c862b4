"""The post's counter in the forms of its MyVNPost customer API, api_version `new`, under /myvnpost."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox import chance
from sandbox.carrier import Carrier, Code, No, Order, missing, s10, text
from sandbox.counter import Counter, answer, body_of
from sandbox.parcels import Parcel
from sandbox.post import Post
from sandbox.scans import Detail
from sandbox.settings import Manners
from sandbox.tokens import Tokens
from schemas.instant import aware, now
from schemas.postal import ParcelStatus

PREFIX = "/myvnpost"
PATTERN = "%d/%m/%Y %H:%M:%S"
MAIN_FEE, CASH_FEE = 25_300, 6_600
WRAPPED = 0.3
"""How often a query's answer comes wrapped in a one-element list."""
CASH_ADDON, CASH_PROPERTY = "GTG021", "PROP0018"
CANCEL_APPROVED_AFTER = 900.0
"""Driven seconds until the post grants a cancellation it took."""
REQUIRED = {
    "receiverName": "Thiếu thông tin người nhận",
    "receiverPhone": "Thiếu thông tin người nhận",
    "receiverAddress": "Thiếu thông tin người nhận",
    "senderName": "Thiếu thông tin người gửi",
    "senderPhone": "Thiếu thông tin người gửi",
    "senderAddress": "Thiếu thông tin người gửi",
    "serviceCode": "Thiếu mã dịch vụ",
    "contentNote": "Thiếu nội dung hàng hóa",
    "weight": "Thiếu khối lượng",
    "sendType": "Thiếu hình thức gửi",
}


class MyVNPost(Carrier):
    """It makes a second parcel of a repeated reference: nothing says that it does not."""

    name = "myvnpost"
    codes = {
        (ParcelStatus.REQUESTED, Detail.NONE): Code(1, "Đã tạo"),
        (ParcelStatus.ACCEPTED, Detail.NONE): Code(2, "Bưu tá nhận yêu cầu thu gom"),
        (ParcelStatus.PICKUP_SCHEDULED, Detail.NONE): Code(4, "Đang lấy hàng"),
        (ParcelStatus.PICKUP_FAILED, Detail.NONE): Code(5, "Lấy hàng không thành công"),
        (ParcelStatus.PICKED_UP, Detail.NONE): Code(6, "Đã lấy hàng"),
        (ParcelStatus.IN_TRANSIT, Detail.FIRST_OFFICE): Code(7, "Bưu cục đã nhận hàng"),
        (ParcelStatus.PICKUP_FAILED, Detail.GIVEN_UP): Code(8, "Lấy hàng thất bại"),
        (ParcelStatus.CANCELLED, Detail.NONE): Code(9, "Hủy thu gom"),
        (ParcelStatus.IN_TRANSIT, Detail.NONE): Code(10, "Đang vận chuyển"),
        (ParcelStatus.AT_DELIVERY_OFFICE, Detail.NONE): Code(11, "Đã đến bưu cục phát"),
        (ParcelStatus.OUT_FOR_DELIVERY, Detail.NONE): Code(12, "Đang giao hàng"),
        (ParcelStatus.DELIVERED, Detail.NONE): Code(14, "Đã giao hàng"),
        (ParcelStatus.DELIVERY_FAILED, Detail.NONE): Code(15, "Giao không thành công"),
        (ParcelStatus.RETURN_REQUESTED, Detail.NONE): Code(16, "Chờ để chuyển hoàn"),
        (ParcelStatus.RETURN_REQUESTED, Detail.APPROVED): Code(17, "Đã duyệt hoàn"),
        (ParcelStatus.RETURNING, Detail.NONE): Code(18, "Bắt đầu chuyển hoàn"),
        (ParcelStatus.RETURNED_TO_SENDER, Detail.NONE): Code(19, "Trả hàng thành công"),
        (ParcelStatus.FEE_SETTLED, Detail.REMITTED): Code(21, "Đã trả tiền COD"),
    }
    down = (500,)
    granted_after = CANCEL_APPROVED_AFTER
    bad_address = No(400, "Địa chỉ người nhận không hợp lệ", "receiverAddress")

    def read(self, said: Mapping[str, Any]) -> Order:
        """`informationOrder`, with the few fields beside it."""
        return Order(
            said=said,
            reference=text(said, "saleOrderCode"),
            sender_phone=text(said, "senderPhone"),
            receiver_phone=text(said, "receiverPhone"),
            cash=cash_of(said),
            handed_in=text(said, "sendType") == "2",
            draft=said.get("orderCreationStatus", 1) == 0,
        )

    def refusal(self, order: Order) -> No | None:
        """Its document names what is required."""
        if name := missing(order.said, *REQUIRED):
            return No(400, REQUIRED[name], name)
        if not text(order.said, "weight").isdecimal():
            return No(400, "Khối lượng không hợp lệ", "weight")
        return None

    def item(self, number: int) -> str:
        """A number of Vietnam Post's."""
        return s10("EA", number)

    def handle(self, number: int) -> str:
        """`OriginalId`."""
        return f"ORG{number:08d}"


def created(parcel: Parcel) -> dict[str, Any]:
    """The answer to an order that was taken."""
    return {
        "orderHdrID": header_of(parcel),
        "originalID": parcel.handle,
        "itemCode": parcel.item,
        "originalItemCode": parcel.item,
        "status": parcel.code(parcel.last).code,
        "saleOrderCode": parcel.reference,
        "senderCode": parcel.said.get("customerCode", ""),
        "serviceCode": parcel.said.get("serviceCode"),
        **fees(parcel),
        "createdDate": aware(parcel.created_at).strftime(PATTERN),
        "updatedDate": aware(parcel.last.at).strftime(PATTERN),
    }


def queried(parcel: Parcel) -> dict[str, Any]:
    """The order as a query shows it; who receives it comes back masked."""
    shown = created(parcel) | {
        "receiverName": _masked(text(parcel.said, "receiverName")),
        "receiverPhone": _masked(text(parcel.said, "receiverPhone")),
    }
    cause = parcel.last.cause
    return shown | {"causeCode": "99", "causeName": cause} if cause else shown


def history(parcel: Parcel) -> dict[str, Any]:
    """Every scan of one item."""
    return {
        "itemCode": parcel.item,
        "statusHistory": [
            {
                "statusCode": str(parcel.code(scan).code),
                "statusName": parcel.code(scan).words,
                "createdDate": aware(scan.at).strftime("%d/%m/%Y"),
                "createHour": aware(scan.at).strftime("%H:%M:%S"),
            }
            for scan in parcel.scans
        ],
    }


class MyVNPostCounter(Counter):
    """Its replies: the order object, or the error object."""

    def created(self, parcel: Parcel) -> Response:
        """The order object."""
        return answer(created(parcel))

    def refused(self, no: No, request: Request) -> Response:
        """The error object, with the field it is about."""
        return error(no.status, no.message, no.description, request)

    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """The error object."""
        return error(status, "Quá nhiều yêu cầu" if status == 429 else "Lỗi hệ thống", "", request, headers)


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, settings, counter = APIRouter(prefix=PREFIX), post.settings, MyVNPostCounter(post)
    tokens = Tokens(settings)

    def unknown(request: Request) -> Response | None:
        known = tokens.knows(request.headers.get("token"))
        return None if known else error(401, "Token không hợp lệ", "token", request)

    @api.post("/GetAccessToken")
    async def token(request: Request) -> Response:
        """A token for a customer's name and password."""
        said = await body_of(request)
        made = tokens.give(said.get("username"), said.get("password"))
        if made is None:
            return answer({"success": False, "message": "Sai tên đăng nhập hoặc mật khẩu"}, 401)
        return answer({"success": True, "token": made})

    @api.post("/CreateOrder")
    async def create(request: Request) -> Response:
        """Take an order."""
        if no := unknown(request):
            return no
        said = await body_of(request)
        inner = said.get("informationOrder")
        if not isinstance(inner, dict):
            return error(400, "Thiếu thông tin đơn hàng", "informationOrder", request)
        draft = said.get("orderCreationStatus", 1)
        order = {**inner, "customerCode": said.get("customerCode", ""), "orderCreationStatus": draft}
        return await counter.order(order, request)

    @api.post("/orderCancel")
    async def cancel(request: Request) -> Response:
        """Take a request to cancel."""
        if no := unknown(request):
            return no
        said = await body_of(request)
        original_id = text(said, "OriginalId") or text(said, "originalId")
        done = post.cancel(original_id)
        if isinstance(done, No):
            return counter.refused(replace(done, description="OriginalId"), request)
        case = post.parcels.index(done) + 1
        row = {"type": "HUY", "note": "", "message": "Đã gửi yêu cầu hủy", "originalId": original_id, "caseId": case}
        return answer([row])

    @api.get("/getOrder")
    async def get_order(request: Request, type: str = "1", code: str = "") -> Response:
        """Orders by item number or by the customer's order code."""

        def found() -> Response:
            orders = {"results": [queried(parcel) for parcel in post.find(type, code)]}
            wraps = settings.sandbox_manners is not Manners.POLITE
            wrapped = wraps and chance.share(settings.sandbox_seed, "wrap", code) < WRAPPED
            return answer([orders] if wrapped else orders)

        return unknown(request) or await counter.question(code, request, found)

    @api.get("/GetStatusHistoryOrder")
    async def get_history(request: Request, type: str = "1", code: str = "") -> Response:
        """Every scan of an item."""
        return unknown(request) or answer({"data": [history(parcel) for parcel in post.find(type, code)]})

    return api


def error(
    status: int, message: str, description: str, request: Request, headers: dict[str, str] | None = None
) -> Response:
    """The post's error object."""
    words = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
    body = {
        "status": status,
        "timestamp": now().strftime("%Y-%m-%dT%H:%M:%S"),
        "error": words.get(status, "Internal Server Error"),
        "message": message,
        "description": description,
        "path": request.url.path.removeprefix(PREFIX),
    }
    return answer(body, status, headers)


def header_of(parcel: Parcel) -> str:
    """The post's number of the order's header."""
    return f"HDR{parcel.number:08d}"


def fees(parcel: Parcel) -> dict[str, Any]:
    """What the carriage costs, what is collected, what it weighs."""
    cash, weight = parcel.order.cash, int(text(parcel.said, "weight") or 0)
    vas = CASH_FEE if cash else 0
    return {
        "totalFee": MAIN_FEE + vas,
        "mainFee": MAIN_FEE,
        "vasFee": vas,
        "codAmount": cash,
        "weight": weight,
        "priceWeight": weight,
    }


def cash_of(said: Mapping[str, Any]) -> int:
    """The dong to collect at the door: add-on GTG021, `PROP0018:<amount>`."""
    for addon in said.get("addonService") or ():
        if addon.get("code") == CASH_ADDON:
            for part in str(addon.get("propValue", "")).split(";"):
                name, _, amount = part.partition(":")
                if name == CASH_PROPERTY and amount.isdecimal():
                    return int(amount)
    return 0


def _masked(said: str) -> str:
    return "+" * max(len(said) - 3, 0) + said[-3:]
