"""Viettel Post's counter, codes of the `new` list, under /viettelpost. Nobody can ask it where an order stands."""

from collections.abc import Mapping
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
from sandbox.tokens import Tokens
from schemas.postal import ParcelStatus

PREFIX = "/viettelpost"
CANCEL = 4
"""The `TYPE` of an UpdateOrder that cancels; the others are not played."""
HASTY = 0.3
"""How often a cancellation is refused once."""
PAPERS_AFTER = 0.5
MISLEADING = No(200, "Price does not apply to this itinerary!", code="204")
"""What it says where the customer's order number is missing."""
REQUIRED = (
    "SENDER_FULLNAME",
    "SENDER_ADDRESS",
    "SENDER_PHONE",
    "RECEIVER_FULLNAME",
    "RECEIVER_ADDRESS",
    "RECEIVER_PHONE",
    "PRODUCT_NAME",
    "PRODUCT_WEIGHT",
    "ORDER_SERVICE",
)


class ViettelPost(Carrier):
    """It makes a second parcel of a repeated order number: nothing says that it does not."""

    name = "viettelpost"
    # 201, 503, 507 to 509 and 550 are Viettel Post's too; nothing that happens here calls for them.
    codes = {
        (ParcelStatus.CANCELLED, Detail.GIVEN_UP): Code(101, "Viettel Post hủy lấy hàng"),
        (ParcelStatus.PICKUP_FAILED, Detail.NONE): Code(102, "Lấy hàng thất bại"),
        (ParcelStatus.ACCEPTED, Detail.NONE): Code(103, "Điều phối bưu cục lấy hàng"),
        (ParcelStatus.PICKUP_SCHEDULED, Detail.NONE): Code(104, "Điều phối bưu tá lấy hàng"),
        (ParcelStatus.CANCELLED, Detail.NONE): Code(107, "Đối tác yêu cầu hủy qua API"),
        (ParcelStatus.PICKED_UP, Detail.NONE): Code(200, "Lấy hàng thành công"),
        (ParcelStatus.ACCEPTED, Detail.PAPERS): Code(202, "Sửa phiếu gửi"),
        (ParcelStatus.IN_TRANSIT, Detail.FIRST_OFFICE): Code(300, "Khai thác đi"),
        (ParcelStatus.IN_TRANSIT, Detail.NONE): Code(400, "Khai thác đến"),
        (ParcelStatus.OUT_FOR_DELIVERY, Detail.NONE): Code(500, "Giao bưu tá đi phát"),
        (ParcelStatus.DELIVERED, Detail.NONE): Code(501, "Phát thành công"),
        (ParcelStatus.RETURNED_TO_SENDER, Detail.NONE): Code(504, "Chuyển trả người gửi"),
        (ParcelStatus.RETURN_REQUESTED, Detail.NONE): Code(505, "Yêu cầu chuyển hoàn"),
        (ParcelStatus.DELIVERY_FAILED, Detail.NONE): Code(506, "Phát thất bại"),
        (ParcelStatus.RETURN_REQUESTED, Detail.APPROVED): Code(515, "Bưu cục phát duyệt hoàn"),
        # The way back has the codes of the way there; the webhook's IS_RETURNING tells them apart.
        (ParcelStatus.RETURNING, Detail.NONE): Code(400, "Khai thác đến"),
    }
    gives_up_by = ParcelStatus.CANCELLED
    bad_address = No(200, "Receiver address is invalid!", "RECEIVER_ADDRESS", "204")

    def read(self, said: Mapping[str, Any]) -> Order:
        """createOrder and createOrderNlp name these fields alike."""
        return Order(
            said=said,
            reference=text(said, "ORDER_NUMBER"),
            sender_phone=text(said, "SENDER_PHONE"),
            receiver_phone=text(said, "RECEIVER_PHONE"),
            cash=money(said, "MONEY_COLLECTION"),
        )

    def refusal(self, order: Order) -> No | None:
        """What no postman could do without; without an order number it misleads."""
        if not order.reference:
            return MISLEADING
        name = missing(order.said, *REQUIRED)
        return No(200, f"{name} is required!", name, "204") if name else None

    def item(self, number: int) -> str:
        """Twelve digits."""
        return f"1000{number:08d}"

    def way(self, scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
        """Once the post has the envelope somebody corrects its papers, under a code of an earlier step."""
        found = list(super().way(scans))
        place = next((n for n, scan in enumerate(found) if scan.detail is Detail.FIRST_OFFICE), None)
        if place is not None:
            at = between(tuple(found), found[place], PAPERS_AFTER)
            found.insert(place, Scan(ParcelStatus.ACCEPTED, at, detail=Detail.PAPERS))
        return tuple(found)


class ViettelPostCounter(Counter):
    """One envelope for all: `{status, error, message, data}`; `error` may come with HTTP 200."""

    def created(self, parcel: Parcel) -> Response:
        """Its own order number, and what it costs."""
        data = {
            "ORDER_NUMBER": parcel.item,
            "MONEY_COLLECTION": parcel.order.cash,
            "EXCHANGE_WEIGHT": money(parcel.said, "PRODUCT_WEIGHT"),
            "MONEY_TOTAL": 33_000,
            "MONEY_TOTAL_FEE": 28_000,
            "MONEY_FEE": 1_400,
            "MONEY_COLLECTION_FEE": 0,
            "MONEY_OTHER_FEE": 600,
            "MONEY_FEE_VAT": 3_000,
            "KPI_HT": 36.0,
        }
        return _said(data)

    def refused(self, no: No, request: Request) -> Response:
        """An error, under HTTP 200."""
        return _error(int(no.code or 204), no.message)

    def wrong(self, status: int, request: Request, headers: dict[str, str] | None = None) -> Response:
        """Busy or down."""
        return _error(status, "Too many requests" if status == 429 else "System error", status, headers)


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, settings, counter = APIRouter(prefix=PREFIX), post.settings, ViettelPostCounter(post)
    tokens, asked = Tokens(settings), set[str]()

    def unknown(request: Request) -> Response | None:
        token = request.headers.get("token")
        known = token == settings.sandbox_token or tokens.knows(token)
        return None if known else _error(401, "Token invalid", 401)

    def hasty(number: str) -> bool:
        """Whether it does not let an order go yet: once, and not where it is polite."""
        first = number not in asked
        asked.add(number)
        impolite = settings.sandbox_manners is not Manners.POLITE
        return first and impolite and chance.share(settings.sandbox_seed, "hasty", number) < HASTY

    @api.post("/v2/user/Login")
    async def login(request: Request) -> Response:
        """A token for a user's name and password."""
        said = await body_of(request)
        made = tokens.give(said.get("USERNAME"), said.get("PASSWORD"))
        return _said({"token": made}) if made else _error(401, "Wrong user name or password", 401)

    @api.post("/v2/order/createOrder")
    @api.post("/v2/order/createOrderNlp")
    async def create(request: Request) -> Response:
        """Take an order, its places as ids or in words."""
        return unknown(request) or await counter.order(await body_of(request), request)

    @api.post("/v2/order/UpdateOrder")
    async def update(request: Request) -> Response:
        """Let an order go that was not picked up yet."""
        if no := unknown(request):
            return no
        said = await body_of(request)
        number = text(said, "ORDER_NUMBER")
        if said.get("TYPE") != CANCEL:
            return _error(205, "This TYPE is not played here")
        if hasty(number):
            return _error(205, "Order is being processed, please try again")
        done = post.cancel(number)
        return counter.refused(done, request) if isinstance(done, No) else _said(None)

    return api


def _said(data: Any) -> Response:
    return answer({"status": 200, "error": False, "message": "OK", "data": data})


def _error(code: int, message: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return answer({"status": code, "error": True, "message": message, "data": None}, status, headers)
