"""What a carrier's statement of money is compared with: its lines, and each leg's money as the log tells of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from connectors.archive import Archive
from connectors.carriers.reading import ours
from connectors.partner_lists import Row, WrongList, amount_of, read_list
from connectors.sieve import Progress, logged, nobody, sifted, since
from rules.post.statement import Amount, Line, Ours, Sums
from schemas.dossier import ResultReady
from schemas.event import Event
from schemas.instant import clock, date_of
from schemas.postal import (
    REQUESTS,
    TERMINAL,
    CollectionRequested,
    DeliveryRequested,
    FeeCollected,
    FeeRemitted,
    ItemMoved,
    LegKind,
    OrderAccepted,
    ParcelStatus,
    Request,
    ReturnRequested,
    TransferRequested,
    kind_of,
    reference_of,
)

NAMES = ("item_code", "reference")
COLUMNS = (*NAMES, *(amount.value for amount in Amount))
FACTS = (OrderAccepted, ItemMoved, FeeCollected, FeeRemitted, ResultReady)
ASKED = (CollectionRequested, DeliveryRequested, ReturnRequested, TransferRequested)
BEFORE = timedelta(days=60)
"""How long before a period the log is read: an order was taken before its money moved."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days a statement is about, both included; None is without end."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date | None) -> bool:
        """Whether it is one of these days."""
        if day is None:
            return False
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def span(self) -> timedelta | None:
        """How far back the log has to be read; None: all of it."""
        if self.first is None:
            return None
        return max(date_of(clock().now()) - self.first, timedelta()) + BEFORE


@dataclass(slots=True)
class Purse:
    """A leg's money: what the carrier was to take, what it said it took and passed on, what it asked for itself."""

    dossier: str
    leg: str
    items: set[str] = field(default_factory=set)
    due: int = 0
    fee: int | None = None
    accepted_on: date | None = None
    delivered_on: date | None = None
    ended_on: date | None = None
    collected: dict[str, tuple[date, int]] = field(default_factory=dict)
    remitted: dict[str, tuple[date, int]] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """Our reference."""
        return reference_of(self.dossier, self.leg)

    def ours(self, period: Period) -> Ours:
        """The leg as it is compared. It has to be named where its money moved, or its journey ended, on these days."""
        amounts: Sums = {
            Amount.COLLECTED: self._collected(period),
            Amount.REMITTED: _within(self.remitted, period),
            Amount.FEE: self._fee(period),
        }
        days = [day for day, _ in (*self.collected.values(), *self.remitted.values())] + [self.ended_on]
        named = any(amounts.values()) and any(period.holds(day) for day in days)
        return Ours(self.reference, frozenset(self.items), amounts, named)

    def _collected(self, period: Period) -> int:
        """What it says it took; where it never says, what it passed on, or was to take from whom it delivered to."""
        if self.collected:
            return _within(self.collected, period)
        took = sum(amount for _, amount in self.remitted.values()) or self.due
        day = self.delivered_on or min((day for day, _ in self.remitted.values()), default=None)
        return took if period.holds(day) else 0

    def _fee(self, period: Period) -> int | None:
        """Its own charge, on the days of the order or of the journey's end: carriers charge at either."""
        charged = period.holds(self.accepted_on) or period.holds(self.ended_on)
        return self.fee if self.fee is None or charged else 0


# ---------------------------------------------------------------- theirs


def lines(
    path: Path, names: Mapping[str, str] | None = None, only: Iterable[Amount] = tuple(Amount)
) -> tuple[list[Line], list[str]]:
    """A statement's lines with these amounts, and what is wrong with the lines that are left out. Raises WrongList."""
    found = read_list(path, COLUMNS, names)
    if not found.columns & set(NAMES):
        raise WrongList(f"{path.name} has neither item_code nor reference in its header: --columns names them")
    stated = [amount for amount in only if amount.value in found.columns]
    if not stated:
        raise WrongList(f"{path.name} states none of {', '.join(only)}: --columns names them")
    read, faults = [], []
    for row in found.rows:
        line = _line(row, stated)
        if isinstance(line, Line):
            read.append(line)
        else:
            faults.append(f"line {row.line}: {line}")
    return read, faults


def _line(row: Row, stated: Iterable[Amount]) -> Line | str:
    """A line; or what is wrong with it. An empty amount is none."""
    item, reference = row.text("item_code"), ours(row.text("reference"))
    if row.fault is not None or not (item or reference):
        return row.fault or "it names no item"
    amounts = {amount: amount_of(row.text(amount.value) or "0") for amount in stated}
    if wrong := [amount for amount, value in amounts.items() if value is None]:
        return f"{wrong[0]} {row.text(wrong[0].value)!r} is no sum in dong"
    return Line(row.line, item, reference, amounts)


# ---------------------------------------------------------------- ours


def purses(
    bootstrap: str, carrier: str, period: Period, progress: Progress = nobody, archive: Archive | None = None
) -> list[Purse]:
    """The money of a carrier's legs, by the log and by what was asked of it. Raises what `logged` does."""
    span = period.span()
    facts = sifted(logged(bootstrap, span, archive), FACTS, progress)
    asked = sifted(since(bootstrap, REQUESTS, span), ASKED, progress)
    return collected(carrier, facts, asked)


def collected(carrier: str, facts: Iterable[Event], asked: Iterable[Event]) -> list[Purse]:
    """The same from these facts of the log and these requests; a repetition adds nothing."""
    found: dict[str, Purse] = {}
    results: dict[str, int] = {}
    for event in facts:
        if isinstance(event, ResultReady):
            if event.data.fee:
                results[event.subject] = event.data.fee
        elif carrier == _carrier(event):
            reference = reference_of(event.subject, event.data.leg)
            _add(found.setdefault(reference, Purse(event.subject, event.data.leg)), event)
    due = {event.data.reference: event.data.cash_on_delivery for event in asked if isinstance(event, Request)}
    for reference, purse in found.items():
        # Requests are kept for a month; what the agency asked for stands on the log.
        said = results.get(purse.dossier, 0) if kind_of(purse.leg) is LegKind.DELIVER_RESULT else 0
        purse.due = due.get(reference, said)
    return list(found.values())


def _carrier(event: Event) -> str:
    """Whose leg a fact is of; of money that only its source says."""
    found: str = getattr(event.data, "carrier", None) or event.source.removeprefix("/carriers/")
    return found


def _add(purse: Purse, event: Event) -> None:
    day = date_of(event.time)
    match event:
        case OrderAccepted():
            purse.items |= {event.data.item_code} if event.data.item_code else set()
            purse.fee, purse.accepted_on = event.data.fee if event.data.fee is not None else purse.fee, day
        case ItemMoved():
            purse.items |= {event.data.item_code} if event.data.item_code else set()
            _moved(purse, event.data.status, day)
        case FeeCollected():
            purse.collected[event.id] = (day, event.data.amount)
        case FeeRemitted():
            purse.remitted[event.id] = (day, event.data.amount)


def _moved(purse: Purse, status: ParcelStatus, day: date) -> None:
    if status in TERMINAL:
        purse.ended_on = min(day, purse.ended_on or day)
    if status is ParcelStatus.DELIVERED:
        purse.delivered_on = min(day, purse.delivered_on or day)


def _within(said: Mapping[str, tuple[date, int]], period: Period) -> int:
    return sum(amount for day, amount in said.values() if period.holds(day))
