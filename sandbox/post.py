"""A carrier that is not real: orders in, envelopes on their way on the driven clock, scans and webhooks out.

A citizen's phone number may force what becomes of an envelope: `magic.py` lists the numbers, from 0900 000 901 on.
Other numbers fare as the seed and the reference decide. A reference that is sent again meets the carrier's own way: its
duplicate answer, or a second parcel, which the ledger shows.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import chance, lapses, magic
from sandbox.carrier import Carrier, No, Order
from sandbox.days import Days
from sandbox.journeys import Outcome, Route, cancelled, journey, outcome_of
from sandbox.lapses import Lapse
from sandbox.parcels import Parcel
from sandbox.scans import Detail, Scan
from sandbox.settings import Settings
from sandbox.timers import Timers

Watcher = Callable[[Parcel, Scan], None]


@dataclass(frozen=True, slots=True)
class Again:
    """An order that the carrier has already: its parcel is on its way."""

    parcel: Parcel


class Post:
    """One carrier's books. Safe to ask from any thread; scans happen on the timers' thread.

    `watchers` are the people a postman meets: they are told there of each scan in the books, unless it is a lie.
    """

    def __init__(
        self, carrier: Carrier, settings: Settings, timers: Timers, days: Days, watchers: list[Watcher] | None = None
    ) -> None:
        self.carrier, self.settings, self.timers = carrier, settings, timers
        self.days = days if settings.sandbox_pace <= 1 else Days.without_end()
        self.announce: Watcher = _nobody
        self.watchers: list[Watcher] = [] if watchers is None else watchers
        self.parcels: list[Parcel] = []
        self.calls: dict[str, int] = {}
        self.lapses: dict[str, int] = {}
        self.repeated: dict[str, int] = {}
        """References that came again and were known again, and how often."""
        self._by_item: dict[str, Parcel] = {}
        self._by_reference: dict[str, list[Parcel]] = {}
        self._lock = threading.RLock()

    # ------------------------------------------------------------ what customers ask

    def create(self, said: Mapping[str, Any]) -> Parcel | Again | No:
        """Take an order in the carrier's form: a new parcel, unless the carrier knows its reference again."""
        order = self.carrier.read(said)
        if (refusal := self._refusal(order)) is not None:
            return refusal
        with self._lock:
            if self.carrier.recognises and (known := self._by_reference.get(order.reference)):
                self.repeated[order.reference] = self.repeated.get(order.reference, 0) + 1
                return Again(known[0])
            if order.item in self._by_item:
                return self.carrier.taken
            parcel = self._parcel(order, self.timers.clock.seconds())
            self.parcels.append(parcel)
            self._by_item[parcel.item] = parcel
            self._by_reference.setdefault(parcel.reference, []).append(parcel)
            self._set_out(parcel)
        return parcel

    def cancel(self, handle: str) -> Parcel | No:
        """Take a request to cancel; it is granted as soon as the carrier grants it, unless the postman was faster."""
        with self._lock:
            parcel = next((one for one in self.parcels if one.handle == handle), None)
            if parcel is None:
                return No(404, "Không tìm thấy đơn hàng")
            now = self.timers.clock.seconds()
            granted = now + self.carrier.granted_after / self.settings.sandbox_pace
            plan = None if parcel.ended else cancelled(parcel.plan, now, granted)
            if plan is None:
                return No(400, "Đơn hàng đã được thu gom, không thể hủy")
            parcel.plan = plan
            parcel.version += 1
            self._set_out(parcel)
            return parcel

    def find(self, kind: str, code: str) -> list[Parcel]:
        """By item number (kind 1) or by the customer's own order code (kind 2), oldest first."""
        with self._lock:
            if kind == "1":
                return [self._by_item[code]] if code in self._by_item else []
            return list(self._by_reference.get(code, ()))

    def lapse(self, call: str, about: str, phone: str = "") -> Lapse:
        """How this call goes wrong, if it does: only the first of its kind about a thing ever does, but for magic."""
        with self._lock:
            key = f"{call} {about}"
            self.calls[key] = self.calls.get(key, 0) + 1
            found = self._lapse(call, about, phone or self._phone_of(about), self.calls[key])
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
                "parcels": [parcel.shown() for parcel in self.parcels],
                "duplicates": twice,
                "repeated": dict(self.repeated),
                "open": sum(not parcel.ended for parcel in self.parcels),
                "lapses": dict(self.lapses),
            }

    # ------------------------------------------------------------ how it comes about

    def _refusal(self, order: Order) -> No | None:
        return self.carrier.refusal(order) or (self.carrier.bad_address if order.phone == magic.REFUSED else None)

    def _phone_of(self, code: str) -> str:
        found = self.find("1", code) or self.find("2", code)
        return found[0].order.phone if found else ""

    def _lapse(self, call: str, about: str, phone: str, nth: int) -> Lapse:
        if (forced := magic.lapse_of(phone, call, nth)) is not None:
            return forced
        if nth > 1:
            return Lapse.NONE
        rates = lapses.CREATE if call == "create" else lapses.QUERY
        return lapses.fallen(rates[self.settings.sandbox_manners], self.settings.sandbox_seed, call, about)

    def _parcel(self, order: Order, now: float) -> Parcel:
        reference = order.reference
        nth = len(self._by_reference.get(reference, ()))
        seed, spell = self.settings.sandbox_seed, magic.SPELLS.get(order.phone)
        roll = chance.share(seed, "outcome", reference, nth)
        outcome = spell.outcome if spell else outcome_of(roll, order.collects)
        if order.collects and outcome is Outcome.RETURNED:
            outcome = Outcome.NO_PICKUP
        route = Route(now, order.collects, order.to_agency, order.cash > 0, order.handed_in)
        dice = chance.dice(seed, "journey", reference, nth)
        plan = journey(route, outcome, dice, self.days, self.settings.sandbox_pace)
        number = self._number(reference, nth)
        return Parcel(
            carrier=self.carrier,
            number=number,
            item=order.item or self.carrier.item(number),
            handle=self.carrier.handle(number),
            order=order,
            created_at=plan[0].at,
            plan=() if order.draft else self.carrier.way(plan),
            outcome=outcome,
        )

    def _number(self, reference: str, nth: int) -> int:
        """A number of the post's own that follows from the reference, so that a second rehearsal finds the same."""
        number = int(chance.share(self.settings.sandbox_seed, "item", reference, nth) * 10**8)
        while self.carrier.item(number) in self._by_item:
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
        for watcher in self.watchers if scan.detail is not Detail.UNTRUE else ():
            watcher(parcel, scan)


def _nobody(_parcel: Parcel, _scan: Scan) -> None:
    """Nobody is told."""
