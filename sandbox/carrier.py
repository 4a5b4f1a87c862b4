"""What makes a carrier: how it reads an order, how it numbers an item, and what it calls what happens to it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sandbox.journeys import accepted_at_once
from sandbox.scans import Detail, Scan
from schemas.postal import ParcelStatus

LEG = re.compile(r"(.+)[/._-]([CDRT]\d{1,3})")
"""A customer's reference: the dossier, then the leg; not every carrier takes a `/` between them."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a carrier calls a step: its code, its words."""

    code: int | str
    words: str


Codes = Mapping[tuple[ParcelStatus, Detail], Code]


@dataclass(frozen=True, slots=True)
class No:
    """A carrier says no: the HTTP status, its words, the field they are about, its own code for it."""

    status: int
    message: str
    description: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order, read from its carrier's form. `said` is what came, `item` a number that the customer brings along."""

    said: Mapping[str, Any]
    reference: str
    sender_phone: str
    receiver_phone: str
    cash: int = 0
    item: str = ""
    handed_in: bool = False
    draft: bool = False

    @property
    def collects(self) -> bool:
        """Whether it fetches something from a citizen."""
        return leg_of(self.reference)[1].startswith("C")

    @property
    def to_agency(self) -> bool:
        """Whether it goes to an agency's counter."""
        return leg_of(self.reference)[1][:1] in ("C", "T")

    @property
    def phone(self) -> str:
        """The phone at the citizen's end, digits only."""
        return digits_of(self.sender_phone if self.collects else self.receiver_phone)


class Carrier(ABC):
    """A carrier's own ways. It keeps nothing: the post's books do."""

    name: ClassVar[str]
    codes: ClassVar[Codes]
    recognises: ClassVar[bool] = False
    """Whether it knows a customer's reference again: then it makes no second parcel of it."""
    accepts_at_once: ClassVar[bool] = False
    """Whether an order is accepted in the moment in which it is taken."""
    gives_up_by: ClassVar[ParcelStatus] = ParcelStatus.PICKUP_FAILED
    """What it calls an order that nobody handed over."""
    down: ClassVar[tuple[int, ...]] = (500, 503)
    """With what it answers when it is down, as the dice fall."""
    granted_after: ClassVar[float] = 0.0
    """Driven seconds until a cancellation that it took is granted."""
    bad_address: ClassVar[No]
    taken: ClassVar[No] = No(400, "Mã bưu gửi đã được sử dụng")
    """For an item number that another order has."""

    @abstractmethod
    def read(self, said: Mapping[str, Any]) -> Order:
        """An order in this carrier's form, whatever is missing in it."""

    @abstractmethod
    def refusal(self, order: Order) -> No | None:
        """Why it would not take this order, if so."""

    @abstractmethod
    def item(self, number: int) -> str:
        """An item number that follows from a number of eight digits."""

    def handle(self, number: int) -> str:
        """By what the order is to be cancelled."""
        return self.item(number)

    def way(self, scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
        """Of a journey the steps that this carrier scans, and those that only it does."""
        found = accepted_at_once(scans) if self.accepts_at_once else scans
        named = (replace(one, status=self.gives_up_by) if one.detail is Detail.GIVEN_UP else one for one in found)
        return tuple(scan for scan in named if self.code(scan) is not None)

    def code(self, scan: Scan) -> Code | None:
        """What it calls this step; None if it has no code for it."""
        return self.codes.get((scan.status, scan.detail)) or self.codes.get((scan.status, Detail.NONE))


def leg_of(reference: str) -> tuple[str, str]:
    """The dossier and the leg that a customer's reference names; no leg if it does not say."""
    found = LEG.fullmatch(reference)
    return (found[1], found[2]) if found else (reference, "")


def digits_of(phone: str) -> str:
    """A phone number's digits, as they are dialled at home."""
    digits = "".join(filter(str.isdecimal, phone))
    return f"0{digits[2:]}" if digits.startswith("84") and len(digits) == 11 else digits


def text(said: Mapping[str, Any], name: str) -> str:
    """A field as text; empty if it is not there."""
    value = said.get(name)
    return "" if value is None else str(value).strip()


def money(said: Mapping[str, Any], name: str) -> int:
    """A sum in dong, sent as a number or as digits; 0 for anything else."""
    found = text(said, name)
    return int(found) if found.isdecimal() else 0


def missing(said: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that says nothing; empty if all do."""
    return next((name for name in names if not text(said, name)), "")


def s10(prefix: str, number: int) -> str:
    """An item number of eight digits with its check digit (UPU S10)."""
    digits = f"{number:08d}"
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"{prefix}{digits}{ {10: 0, 11: 5}.get(check, check) }VN"
