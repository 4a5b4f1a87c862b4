"""The post's counter in the forms of its MyVNPost customer API, api_version `new`, under /myvnpost."""

import asyncio
import secrets
import time
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from sandbox import chance
from sandbox.dropping import hang_up, slowly
from sandbox.journeys import WORDS, Scan
from sandbox.lapses import Lapse
from sandbox.parcels import Parcel, cash_of
from sandbox.post import No, Post, citizen_phone
from sandbox.settings import Manners
from schemas.instant import aware, now

PREFIX = "/myvnpost"
PATTERN = "%d/%m/%Y %H:%M:%S"
MAIN_FEE, CASH_FEE = 25_300, 6_600
WRAPPED = 0.3
"""How often a query's answer comes wrapped in a one-element list."""
RETRY_AFTER_SECONDS = 1


def record(parcel: Parcel, scan: Scan) -> dict[str, Any]:
    """A webhook's record of one scan."""
    order = parcel.order
    body = {
        "orderHdrId": parcel.header_id,
        "originalId": parcel.original_id,
        "itemCode": parcel.item,
        "originalItemCode": parcel.item,
        "saleOrderCode": parcel.reference,
        "status": scan.status,
        "senderCode": order.get("customerCode", ""),
        "serviceCode": order.get("serviceCode"),
        **_fees(parcel),
        "contentNote": order.get("contentNote"),
        "updatedDate": aware(scan.at).strftime(PATTERN),
    }
    return body | {"causeCode": "99", "causeName": scan.cause} if scan.cause else body


def created(parcel: Parcel) -> dict[str, Any]:
    """The answer to an order that was taken."""
    return {
        "orderHdrID": parcel.header_id,
        "originalID": parcel.original_id,
        "itemCode": parcel.item,
        "originalItemCode": parcel.item,
        "status": parcel.last.status or 1,
        "saleOrderCode": parcel.reference,
        "senderCode": parcel.order.get("customerCode", ""),
        "serviceCode": parcel.order.get("serviceCode"),
        **_fees(parcel),
        "createdDate": aware(parcel.created_at).strftime(PATTERN),
        "updatedDate": aware(parcel.last.at).strftime(PATTERN),
    }


def queried(parcel: Parcel) -> dict[str, Any]:
    """The order as a query shows it; who receives it comes back masked."""
    shown = created(parcel) | {
        "receiverName": _masked(parcel.order.get("receiverName")),
        "receiverPhone": _masked(parcel.order.get("receiverPhone")),
    }
    cause = parcel.last.cause
    return shown | {"causeCode": "99", "causeName": cause} if cause else shown


def history(parcel: Parcel) -> dict[str, Any]:
    """Every scan of one item."""
    return {
        "itemCode": parcel.item,
        "statusHistory": [
            {
                "statusCode": str(scan.status),
                "statusName": WORDS[scan.status],
                "createdDate": aware(scan.at).strftime("%d/%m/%Y"),
                "createHour": aware(scan.at).strftime("%H:%M:%S"),
            }
            for scan in parcel.scans
        ],
    }


def routes(post: Post) -> APIRouter:
    """The counter itself."""
    api, settings = APIRouter(prefix=PREFIX), post.settings
    tokens: dict[str, float] = {}

    def knows(request: Request) -> bool:
        return tokens.get(request.headers.get("token", ""), 0) > time.monotonic()

    async def lapsed(request: Request, lapse: Lapse) -> Response | None:
        """What the caller gets when the call goes wrong; None if it does not."""
        match lapse:
            case Lapse.ERROR | Lapse.TAKEN_ERROR:
                return error(500, "Lỗi hệ thống", "", request)
            case Lapse.BUSY:
                return error(429, "Quá nhiều yêu cầu", "", request, {"Retry-After": str(RETRY_AFTER_SECONDS)})
            case Lapse.TAKEN_HELD:
                await asyncio.sleep(settings.sandbox_hold_seconds)
                hang_up(request)
                return Response(status_code=504)
            case Lapse.TAKEN_DROPPED:
                hang_up(request)
                return Response(status_code=504)
            case _:
                return None

    def paced(good: Response, lapse: Lapse) -> Response:
        """A good answer, drop by drop where the dice fell so."""
        return slowly(good, settings.sandbox_hold_seconds) if lapse is Lapse.SLOW else good

    @api.post("/GetAccessToken")
    async def token(request: Request) -> Response:
        """A token for a customer's name and password."""
        said = await body_of(request)
        if (said.get("username"), said.get("password")) != (settings.sandbox_username, settings.sandbox_password):
            return answer({"success": False, "message": "Sai tên đăng nhập hoặc mật khẩu"}, 401)
        made = secrets.token_urlsafe(24)
        tokens[made] = time.monotonic() + settings.sandbox_token_seconds
        return answer({"success": True, "token": made})

    @api.post("/CreateOrder")
    async def create(request: Request) -> Response:
        """Take an order."""
        if not knows(request):
            return error(401, "Token không hợp lệ", "token", request)
        said = await body_of(request)
        inner = said.get("informationOrder")
        if not isinstance(inner, dict):
            return error(400, "Thiếu thông tin đơn hàng", "informationOrder", request)
        draft = said.get("orderCreationStatus", 1)
        order = {**inner, "customerCode": said.get("customerCode", ""), "orderCreationStatus": draft}
        lapse = post.lapse("create", str(order.get("saleOrderCode")), citizen_phone(order))
        taken = post.create(order) if lapse.takes else None
        if isinstance(taken, No):
            return error(taken.status, taken.message, taken.description, request)
        wrong = await lapsed(request, lapse)
        if wrong is not None or taken is None:
            return wrong or error(500, "Lỗi hệ thống", "", request)
        return paced(answer(created(taken)), lapse)

    @api.post("/orderCancel")
    async def cancel(request: Request) -> Response:
        """Take a request to cancel."""
        if not knows(request):
            return error(401, "Token không hợp lệ", "token", request)
        said = await body_of(request)
        original_id = str(said.get("OriginalId") or said.get("originalId") or "")
        done = post.cancel(original_id)
        if isinstance(done, No):
            return error(done.status, done.message, done.description, request)
        case = post.parcels.index(done) + 1
        row = {"type": "HUY", "note": "", "message": "Đã gửi yêu cầu hủy", "originalId": original_id, "caseId": case}
        return answer([row])

    @api.get("/getOrder")
    async def get_order(request: Request, type: str = "1", code: str = "") -> Response:
        """Orders by item number or by the customer's order code."""
        if not knows(request):
            return error(401, "Token không hợp lệ", "token", request)
        lapse = post.lapse("query", code)
        if (wrong := await lapsed(request, lapse)) is not None:
            return wrong
        found: Any = {"results": [queried(parcel) for parcel in post.find(type, code)]}
        wraps = settings.sandbox_manners is not Manners.POLITE
        wrapped = wraps and chance.share(settings.sandbox_seed, "wrap", code) < WRAPPED
        return paced(answer([found] if wrapped else found), lapse)

    @api.get("/GetStatusHistoryOrder")
    async def get_history(request: Request, type: str = "1", code: str = "") -> Response:
        """Every scan of an item."""
        if not knows(request):
            return error(401, "Token không hợp lệ", "token", request)
        return answer({"data": [history(parcel) for parcel in post.find(type, code)]})

    return api


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that came in; an empty one for anything else."""
    try:
        said = msgspec.json.decode(await request.body())
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON out."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")


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


def _fees(parcel: Parcel) -> dict[str, Any]:
    cash, weight = cash_of(parcel.order), int(str(parcel.order.get("weight") or 0))
    vas = CASH_FEE if cash else 0
    return {
        "totalFee": MAIN_FEE + vas,
        "mainFee": MAIN_FEE,
        "vasFee": vas,
        "codAmount": cash,
        "weight": weight,
        "priceWeight": weight,
    }


def _masked(said: object) -> str:
    text = str(said or "")
    return "+" * max(len(text) - 3, 0) + text[-3:]
