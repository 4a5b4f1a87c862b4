"""Vietnam Post's counter behind a province's platform (LGSP), under /vnpost_hcc: orders for one-stop results.

No public paper says where the platform gives tokens and takes orders: the paths here are this rehearsal's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.carrier import Carrier, Code, No, Order, missing, money, s10, text
from sandbox.counter import Counter, answer, body_of
from sandbox.journeys import between
from sandbox.parcels import Parcel
from sandbox.post import Post
from sandbox.scans import Detail, Scan
from sandbox.tokens import Tokens
from schemas.postal import ParcelStatus

PREFIX = "/vnpost_hcc"
TAKEN, TAKEN_BEFORE, REFUSED = "100", "101", "199"
"""199 is invented: the codes of refusals are not public."""
COLLECTED_AFTER = 0.1
"""When the postman enters the cash: this share of the way from the door to its return to the agency."""
REQUIRED = {
    "OrderNumber": "Thiếu mã đơn hàng",
    "SenderName": "Thiếu tên người gửi",
    "SenderAddress": "Thiếu địa chỉ người gửi",
    "SenderTel": "Thiếu số điện thoại người gửi",
    "ReceiverName": "Thiếu tên người nhận",
    "ReceiverAddress": "Thiếu địa chỉ người nhận",
    "ReceiverTel": "Thiếu số điện thoại người nhận",
}


class VNPostHcc(Carrier):
    """It knows an order again by its number. Of the way it scans little, and cancels nothing by a call."""

    name = "vnpost_hcc"
    codes = {
        (ParcelStatus.REQUESTED, Detail.NONE): Code(20, "Gửi sang hệ thống bưu điện thành công"),
        (ParcelStatus.CANCELLED, Detail.GIVEN_UP): Code(60, "Đơn hàng đã hủy"),
        (ParcelStatus.PICKED_UP, Detail.NONE): Code(70, "Bưu cục đã nhận"),
        (ParcelStatus.DELIVERY_FAILED, Detail.NONE): Code(91, "Phát không thành công"),
        (ParcelStatus.DELIVERED, Detail.NONE): Code(100, "Phát thành công"),
        (ParcelStatus.FEE_SETTLED, Detail.COLLECTED): Code(110, "Bưu tá đã thu tiền COD"),
        (ParcelStatus.FEE_SETTLED, Detail.REMITTED): Code(120, "Tiền COD đã trả người gửi"),
        # On the way back the first code says what it said on the way there; the webhook's IsReturn tells them apart.
        (ParcelStatus.RETURNING, Detail.NONE): Code(70, "Bưu cục đã nhận"),
        (ParcelStatus.RETURNED_TO_SENDER, Detail.NONE): Code(170, "Phát hoàn thành công"),
    }
    recognises = True
    gives_up_by = ParcelStatus.CANCELLED
    bad_address = No(200, "Địa chỉ người nhận không hợp lệ", "ReceiverAddress", REFUSED)
    taken = No(200, "Mã bưu gửi đã được sử dụng", "ItemCode", REFUSED)

    def read(self, said: Mapping[str, Any]) -> Order:
        """The platform's form; `ItemCode` where the province has a pool of them."""
        return Order(
            said=said,
            reference=text(said, "OrderNumber"),
            sender_phone=text(said, "SenderTel"),
            receiver_phone=text(said, "ReceiverTel"),
            cash=money(said, "CODAmount"),
            item=text(said, "ItemCode"),
        )

    def refusal(self, order: Order) -> No | None:
        """What no postman could do without."""
        name = missing(order.said, *REQUIRED)
        return No(200, REQUIRED[name], name, REFUSED) if name else None

    def item(self, number: int) -> str:
        """A number of Vietnam Post's, for orders that bring none."""
        return s10("RX", number)

    def way(self, scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
        """The cash is scanned twice: at the door, and when the agency has it."""
        found = list(super().way(scans))
        for fee in [scan for scan in found if scan.detail is Detail.REMITTED]:
            collected = replace(fee, detail=Detail.COLLECTED, at=between(scans, fee, COLLECTED_AFTER))
            found.insert(found.index(fee), collected)
        return tuple(found)


class VNPostHccCounter(Counter):
    """`Status` and `Message`, and nothing else: no item number."""

    def created(self, parcel: Parcel) -> Response:
        """Taken."""
        return _said(TAKEN, "Thành công")

    def again(self, parcel: Parcel) -> Response:
        """Taken before."""
        return _said(TAKEN_BEFORE, "Đơn hàng đã được gửi")

    def refused(self, no: No, request: Request) -> Response:
        """Refused, under HTTP 200."""
        return _said(no.code, no.message, no.status)

    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """Busy or down."""
        return _said(str(status), "Quá nhiều yêu cầu" if status == 429 else "Lỗi hệ thống", status, headers)


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, counter, tokens = APIRouter(prefix=PREFIX), VNPostHccCounter(post), Tokens(post.settings)

    @api.post("/token")
    async def token(request: Request) -> Response:
        """A token for a user's name and password."""
        said = await body_of(request)
        made = tokens.give(said.get("username"), said.get("password"))
        return answer({"access_token": made}) if made else _said("401", "Sai tên đăng nhập hoặc mật khẩu", 401)

    async def take(request: Request, with_code: bool) -> Response:
        if not tokens.knows(request.headers.get("access_token")):
            return _said("401", "access_token không hợp lệ", 401)
        said = await body_of(request)
        if with_code and not text(said, "ItemCode"):
            return _said(REFUSED, "Thiếu mã bưu gửi")
        return await counter.order(said if with_code else {**said, "ItemCode": None}, request)

    @api.post("/order-with-code")
    async def order_with_code(request: Request) -> Response:
        """Take an order under an item code of the province's pool."""
        return await take(request, True)

    @api.post("/order")
    async def order(request: Request) -> Response:
        """Take an order without one."""
        return await take(request, False)

    return api


def _said(code: str, message: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return answer({"Status": code, "Message": message}, status, headers)
