"""A Vietnam Post that is not real: orders in, envelopes on their way on the driven clock, scans and webhooks out.

A citizen's phone number forces an outcome (the receiver's of a `D` or `R` leg, the sender's of a `C` leg):

    0900 000 901   delivered (fetched) at the first try
    0900 000 902   absent once, then delivered; for a `C` leg the first pickup fails
    0900 000 903   never delivered: three attempts two working days apart, then back; for a `C` leg never picked up
    0900 000 904   the order is refused for its address
    0900 000 905   the order is taken and its first call never answered
    0900 000 906   delivered, and no webhook tells of it
    0900 000 907   as 901, but the calls about it may go wrong like those about any other

Calls about the first six go wrong only as said here. Other numbers fare as the seed and the reference decide.
A reference that is sent again makes a second parcel, as the page on the partner assumes; the ledger shows it.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import chance, lapses
from sandbox.days import Days
from sandbox.journeys import Outcome, Route, Scan, cancelled, journey, outcome_of
from sandbox.lapses import Lapse
from sandbox.parcels import Parcel, cash_of
from sandbox.settings import Settings
from sandbox.timers import Timers

MAGIC = {
    "0900000901": Outcome.FIRST_TRY,
    "0900000902": Outcome.ABSENT_ONCE,
    "0900000903": Outcome.RETURNED,
    "0900000905": Outcome.FIRST_TRY,
    "0900000906": Outcome.FIRST_TRY,
    "0900000907": Outcome.FIRST_TRY,
}
REFUSED_PHONE, SILENT_PHONE, UNHEARD_PHONE, ORDINARY_PHONE = (f"090000090{n}" for n in (4, 5, 6, 7))
CANCEL_APPROVED_AFTER = 900.0
"""Driven seconds until the post grants a cancellation it took."""

Watcher = Callable[[Parcel, Scan], None]


@dataclass(frozen=True, slots=True)
class No:
    """The post says no: its code, its words and the field they are about."""

    status: int
    message: str
    description: str = ""


class Post:
    """The post's books. Safe to ask from any thread; scans happen on the timers' thread, and watchers are called there.

    `watchers` are the people a postman meets: they are told of each scan after it is in the books.
    """

    def __init__(self, settings: Settings, timers: Timers, days: Days, announce: Watcher | None = None) -> None:
        self.settings, self.timers = settings, timers
        self.days = days if settings.sandbox_pace <= 1 else Days.without_end()
        self.announce: Watcher = announce or _nobody
        self.watchers: list[Watcher] = []
        self.parcels: list[Parcel] = []
        self.calls: dict[str, int] = {}
        self.lapses: dict[str, int] = {}
        self._by_item: dict[str, Parcel] = {}
        self._by_reference: dict[str, list[Parcel]] = {}
        self._lock = threading.RLock()

    # ------------------------------------------------------------ what customers ask

    def create(self, order: Mapping[str, Any]) -> Parcel | No:
        """Take an order: a parcel with an item number, always a new one."""
        if (refusal := refused(order)) is not None:
            return refusal
        with self._lock:
            parcel = self._parcel(order, self.timers.clock.seconds())
            self.parcels.append(parcel)
            self._by_item[parcel.item] = parcel
            self._by_reference.setdefault(parcel.reference, []).append(parcel)
            self._set_out(parcel)
        return parcel

    def cancel(self, original_id: str) -> Parcel | No:
        """Take a request to cancel; it is granted a little later, unless the postman was faster."""
        with self._lock:
            parcel = next((one for one in self.parcels if one.original_id == original_id), None)
            if parcel is None:
                return No(404, "Không tìm thấy đơn hàng", "OriginalId")
            now = self.timers.clock.seconds()
            granted = now + CANCEL_APPROVED_AFTER / self.settings.sandbox_pace
            plan = None if parcel.ended else cancelled(parcel.plan, now, granted)
            if plan is None:
                return No(400, "Đơn hàng đã được thu gom, không thể hủy", "OriginalId")
            parcel.plan = plan
            parcel.version += 1
            self._set_out(parcel)
            return parcel

    def find(self, kind: str, code: str) -> list[Parcel]:
        """By item number (type 1) or by the customer's own order code (type 2), oldest first."""
        with self._lock:
            if kind == "1":
                return [self._by_item[code]] if code in self._by_item else []
            return list(self._by_reference.get(code, ()))

    def lapse(self, call: str, about: str, phone: str = "") -> Lapse:
        """How this call goes wrong, if it does: only the first of its kind about a thing ever does."""
        with self._lock:
            key = f"{call} {about}"
            self.calls[key] = self.calls.get(key, 0) + 1
            found = self._lapse(call, about, phone) if self.calls[key] == 1 else Lapse.NONE
            if found is not Lapse.NONE:
                self.lapses[f"{call}: {found}"] = self.lapses.get(f"{call}: {found}", 0) + 1
            return found

    # ------------------------------------------------------------ what the post saw

    def open(self) -> list[Parcel]:
        """Envelopes that do not rest yet."""
        with self._lock:
            return [parcel for parcel in self.parcels if not parcel.ended and parcel.plan]

    def ledger(self) -> dict[str, Any]:
        """Everything the post itself saw, and the references it was given more than once."""
        with self._lock:
            twice = {ref: [one.item for one in found] for ref, found in self._by_reference.items() if len(found) > 1}
            return {
                "carrier": "myvnpost",
                "parcels": [parcel.shown() for parcel in self.parcels],
                "duplicates": twice,
                "open": sum(not parcel.ended for parcel in self.parcels),
                "lapses": dict(self.lapses),
            }

    # ------------------------------------------------------------ how it comes about

    def _lapse(self, call: str, about: str, phone: str) -> Lapse:
        if phone == SILENT_PHONE:
            return Lapse.TAKEN_HELD
        if phone in MAGIC and phone != ORDINARY_PHONE:
            return Lapse.NONE
        rates = lapses.CREATE if call == "create" else lapses.QUERY
        return lapses.fallen(rates[self.settings.sandbox_manners], self.settings.sandbox_seed, call, about)

    def _parcel(self, order: Mapping[str, Any], now: float) -> Parcel:
        reference = str(order.get("saleOrderCode") or "")
        nth = len(self._by_reference.get(reference, ()))
        seed, phone = self.settings.sandbox_seed, citizen_phone(order)
        collects = reference.rpartition("/")[2].startswith("C")
        roll = chance.share(seed, "outcome", reference, nth)
        outcome = MAGIC.get(phone) or outcome_of(roll, collects)
        if collects and outcome is Outcome.RETURNED:
            outcome = Outcome.NO_PICKUP
        to_agency = reference.rpartition("/")[2][:1] in ("C", "T")
        route = Route(now, collects, to_agency, cash_of(order) > 0, str(order.get("sendType")) == "2")
        dice = chance.dice(seed, "journey", reference, nth)
        plan = journey(route, outcome, dice, self.days, self.settings.sandbox_pace)
        number = self._number(reference, nth)
        return Parcel(
            item=s10(number),
            original_id=f"ORG{number:08d}",
            header_id=f"HDR{number:08d}",
            reference=reference,
            created_at=plan[0].at,
            order=order,
            plan=plan if order.get("orderCreationStatus", 1) != 0 else (),
            outcome=outcome,
            silent=frozenset({14}) if phone == UNHEARD_PHONE else frozenset(),
        )

    def _number(self, reference: str, nth: int) -> int:
        """A number of the post's own that follows from the reference, so that a second rehearsal finds the same."""
        number = int(chance.share(self.settings.sandbox_seed, "item", reference, nth) * 10**8)
        while s10(number) in self._by_item:
            number = (number + 1) % 10**8
        return number

    def _set_out(self, parcel: Parcel) -> None:
        """Enter the next scan of the plan when its time comes."""
        if len(parcel.scans) >= len(parcel.plan):
            return
        version = parcel.version
        self.timers.at(parcel.plan[len(parcel.scans)].at, lambda: self._scan(parcel, version))

    def _scan(self, parcel: Parcel, version: int) -> None:
        with self._lock:
            if parcel.version != version:
                return
            scan = parcel.plan[len(parcel.scans)]
            parcel.scans.append(scan)
            self._set_out(parcel)
            self.announce(parcel, scan)
        for watcher in self.watchers:
            watcher(parcel, scan)


REQUIRED = (
    ("receiverName", "Thiếu thông tin người nhận"),
    ("receiverPhone", "Thiếu thông tin người nhận"),
    ("receiverAddress", "Thiếu thông tin người nhận"),
    ("senderName", "Thiếu thông tin người gửi"),
    ("senderPhone", "Thiếu thông tin người gửi"),
    ("senderAddress", "Thiếu thông tin người gửi"),
    ("serviceCode", "Thiếu mã dịch vụ"),
    ("contentNote", "Thiếu nội dung hàng hóa"),
    ("weight", "Thiếu khối lượng"),
    ("sendType", "Thiếu hình thức gửi"),
)


def refused(order: Mapping[str, Any]) -> No | None:
    """Why the post would not take this order, if so."""
    for name, message in REQUIRED:
        if not order.get(name):
            return No(400, message, name)
    if not str(order["weight"]).isdecimal():
        return No(400, "Khối lượng không hợp lệ", "weight")
    if citizen_phone(order) == REFUSED_PHONE:
        return No(400, "Địa chỉ người nhận không hợp lệ", "receiverAddress")
    return None


def citizen_phone(order: Mapping[str, Any]) -> str:
    """The phone at the citizen's end, digits only: the sender's of a collection, else the receiver's."""
    collects = str(order.get("saleOrderCode") or "").rpartition("/")[2].startswith("C")
    said = str(order.get("senderPhone" if collects else "receiverPhone") or "")
    digits = "".join(filter(str.isdecimal, said))
    return f"0{digits[2:]}" if digits.startswith("84") and len(digits) == 11 else digits


def s10(number: int) -> str:
    """An item number of eight digits with its check digit (UPU S10)."""
    digits = f"{number:08d}"
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"EA{digits}{ {10: 0, 11: 5}.get(check, check) }VN"


def _nobody(_parcel: Parcel, _scan: Scan) -> None:
    """Nobody is told."""
