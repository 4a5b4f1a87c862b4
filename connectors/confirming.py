"""An operator's word that what a carrier only reported is true: row by row against what the log says of each leg."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from connectors.archive import Archive, whole_key
from connectors.broker import Message, Producer
from connectors.carriers.reading import ours
from connectors.operators import source_of
from connectors.partner_lists import WrongList, read_list, time_of
from connectors.sieve import Progress, logged, nobody, sifted
from schemas import trace
from schemas.dossier import LOG
from schemas.event import DOSSIER, Event, derived_id
from schemas.instant import now
from schemas.ops import StatusConfirmed
from schemas.postal import RANK, Certainty, ItemMoved, OrderAccepted, ParcelStatus, reference_of

COLUMNS = ("reference", "item_code", "status", "time")
REFERENCE = re.compile(rf"(?P<dossier>{DOSSIER})/(?P<leg>[CDRT][1-9][0-9]?)")
KINDS = (OrderAccepted, ItemMoved, StatusConfirmed)
BATCH = 500
APART = timedelta(days=1)
"""A list's time this far from the carrier's own is worth a word: it may be about another attempt."""


class Outcome(StrEnum):
    """What becomes of a row."""

    CONFIRMED = "confirmed"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Claim:
    """A row: which parcel, by our reference or the carrier's number, and what it says of it, as it is written there."""

    line: int
    reference: str
    item: str
    status: str
    at: datetime | None = None
    fault: str | None = None


@dataclass(slots=True)
class Seen:
    """A leg as the log tells of it: whose it is, its items, what was reported when and under which code."""

    dossier: str
    leg: str
    carrier: str | None = None
    names: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    moves: dict[str, ItemMoved] = field(default_factory=dict)
    confirmed: set[ParcelStatus] = field(default_factory=set)

    @property
    def reference(self) -> str:
        """Our reference."""
        return reference_of(self.dossier, self.leg)

    def belongs_to(self, carrier: str) -> bool:
        """Whether the leg is this carrier's: the last that took its order, or else the one that told of it."""
        owners = {self.carrier} if self.carrier else {move.data.carrier for move in self.moves.values()}
        return owners == {carrier}

    def told_by(self, carrier: str) -> list[ItemMoved.Data]:
        """What a carrier told of it."""
        return [move.data for move in self.moves.values() if move.data.carrier == carrier]


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, which leg it speaks of, what becomes of it and why; the fact to be said where it is confirmed."""

    claim: Claim
    outcome: Outcome
    says: str
    leg: str | None = None
    status: ParcelStatus | None = None
    fact: StatusConfirmed | None = None


# ---------------------------------------------------------------- what is claimed


def claims(path: Path, names: Mapping[str, str] | None = None) -> list[Claim]:
    """The rows of a carrier's list. Raises WrongList."""
    found = read_list(path, COLUMNS, names)
    if not found.columns & {"reference", "item_code"}:
        raise WrongList(f"{path.name} has neither reference nor item_code in its header: --columns names them")
    if "status" not in found.columns:
        raise WrongList(f"{path.name} has no status in its header: --columns names it")
    return [_claim(row.line, row.said, row.fault) for row in found.rows]


def _claim(line: int, said: Mapping[str, str], fault: str | None) -> Claim:
    reference, item = ours(said.get("reference", "")), said.get("item_code", "")
    at, written = None, said.get("time", "")
    if fault is None and written and (at := time_of(written)) is None:
        fault = f"{written!r} is no time: write 2026-11-20 10:30 or 20/11/2026 10:30"
    return Claim(line, reference, item, said.get("status", ""), at, fault)


# ---------------------------------------------------------------- what the log says


def look(
    bootstrap: str,
    wanted: Sequence[Claim],
    span: timedelta | None = None,
    progress: Progress = nobody,
    archive: Archive | None = None,
) -> dict[str, Seen]:
    """The legs that these rows may speak of, by our reference; one dossier's from its partition only.

    `span`: how far back the log is read. Raises Gap where some of that is neither on the topic nor in the archive,
    BrokenArchive, and TryLater while either is away.
    """
    codes = {found["dossier"] for one in wanted if (found := REFERENCE.fullmatch(one.reference))}
    if len(codes) == 1 and not any(one.item for one in wanted):
        return legs(whole_key(bootstrap, LOG, codes.pop().encode(), archive), wanted, progress)
    return legs(logged(bootstrap, span, archive), wanted, progress)


def legs(records: Iterable[Message], wanted: Sequence[Claim], progress: Progress = nobody) -> dict[str, Seen]:
    """The same from these records of the log.

    A movement may come before the receipt that tells its item, so those without an item are kept until the end.
    """
    names, items = {one.reference for one in wanted if one.reference}, {one.item for one in wanted if one.item}
    found: dict[str, Seen] = {}
    aside: dict[str, Seen] = {}
    for event in sifted(records, KINDS, progress):
        reference, item = reference_of(event.subject, event.data.leg), getattr(event.data, "item_code", None)
        if reference not in found and (names & {reference, _told(event)} or item in items):
            found[reference] = aside.pop(reference, Seen(event.subject, event.data.leg))
        if reference in found:
            _add(found[reference], event)
        elif items and item is None:
            _add(aside.setdefault(reference, Seen(event.subject, event.data.leg)), event)
    return found


def _told(event: Event) -> str:
    """The reference the carrier was given, where it is not ours as it stands."""
    return event.data.reference if isinstance(event, OrderAccepted) else ""


def _add(seen: Seen, event: Event) -> None:
    """One fact more of a leg; a repetition adds nothing."""
    match event:
        case OrderAccepted():
            seen.carrier = event.data.carrier
            seen.names.add(event.data.reference)
        case ItemMoved():
            seen.moves.setdefault(event.ref, event)
        case StatusConfirmed():
            seen.confirmed.add(event.data.status)
    if item := getattr(event.data, "item_code", None):
        seen.items.add(item)


# ---------------------------------------------------------------- what becomes of it


class _Refused(Exception):
    """Why a row is refused."""


@dataclass(frozen=True, slots=True)
class Word:
    """Who confirms and why, for which carrier; `unreported`: also what the carrier has not said yet."""

    carrier: str
    why: str
    by: str
    refversion: str | None = None
    unreported: bool = False


def judge(word: Word, wanted: Iterable[Claim], found: Mapping[str, Seen]) -> Iterator[Judged]:
    """What becomes of each row, in their order. The same row twice, and what is sure already, is said once."""
    by_item: dict[str, list[Seen]] = {}
    by_name: dict[str, Seen] = {}
    for seen in found.values():
        by_name |= dict.fromkeys((*seen.names, seen.reference), seen)
        for item in seen.items:
            by_item.setdefault(item, []).append(seen)
    for claim in wanted:
        try:
            seen = _leg(word.carrier, claim, by_item, by_name)
            yield _judged(word, claim, seen)
        except _Refused as refused:
            yield Judged(claim, Outcome.REFUSED, str(refused))


def _leg(carrier: str, claim: Claim, by_item: Mapping[str, list[Seen]], by_name: Mapping[str, Seen]) -> Seen:
    """The leg a row speaks of: by the carrier's number first, by our reference second; the two must agree."""
    if claim.fault is not None:
        raise _Refused(claim.fault)
    if not claim.item and not claim.reference:
        raise _Refused("it names no parcel")
    items = by_item.get(claim.item, []) if claim.item else []
    mine = [seen for seen in items if seen.belongs_to(carrier)] or items
    if len(mine) > 1:
        raise _Refused(f"{claim.item} is the number of {' and '.join(sorted(one.reference for one in mine))}")
    named = by_name.get(claim.reference) if claim.reference else None
    if mine and named and mine[0] is not named:
        raise _Refused(f"{claim.item} is of {mine[0].reference}, not of {claim.reference}")
    seen = mine[0] if mine else named
    if seen is None:
        raise _Refused("nothing on the log bears this reference or number")
    if not seen.belongs_to(carrier):
        raise _Refused(
            f"{seen.reference} is not a leg of {carrier}{f', but of {seen.carrier}' if seen.carrier else ''}"
        )
    return seen


def _status(claim: Claim, seen: Seen, told: Sequence[ItemMoved.Data]) -> ParcelStatus:
    """What a row says: a status of ours, or the carrier's code as an update of this leg carried it.

    The name of the code's list, `old:91`, may be left out.
    """
    if claim.status.upper() in ParcelStatus.__members__:
        status = ParcelStatus(claim.status.upper())
    else:
        codes = [(one, (one.carrier_code, one.carrier_code.rpartition(":")[2])) for one in told]
        meanings = {one.status for one, names in codes if claim.status in names}
        known = meanings - {ParcelStatus.UNKNOWN}
        if meanings and not known:
            raise _Refused(f"no table holds the code {claim.status}: `hoso carrier map` gives it a meaning")
        if len(known) != 1:
            why = f"means {' and '.join(sorted(known))} on" if known else "was not reported on"
            raise _Refused(f"{claim.status!r} is no status of ours and {why} {seen.reference}")
        [status] = known
    if status not in RANK:
        raise _Refused(f"{status} tells of no movement: there is nothing to confirm")
    return status


def _judged(word: Word, claim: Claim, seen: Seen) -> Judged:
    told = seen.told_by(word.carrier)
    status = _status(claim, seen, told)
    told = [one for one in told if one.status is status]
    if not told and not word.unreported:
        raise _Refused(f"{word.carrier} never reported {status} of {seen.reference}")
    if status in seen.confirmed or _is_sure(told):
        says = "an operator said so before" if status in seen.confirmed else "the carrier confirmed it itself"
        return Judged(claim, Outcome.ALREADY, says, seen.reference, status)
    # The same leg again in this list finds it said.
    seen.confirmed.add(status)
    return Judged(
        claim, Outcome.CONFIRMED, _remark(claim, told), seen.reference, status, _fact(word, seen, status, claim)
    )


def _is_sure(told: Sequence[ItemMoved.Data]) -> bool:
    """Whether each of these movements is CONFIRMED, by itself or by a surer copy."""
    sure = {one.at for one in told if one.certainty is Certainty.CONFIRMED}
    return bool(told) and all(one.at in sure for one in told)


def _remark(claim: Claim, told: Sequence[ItemMoved.Data]) -> str:
    if not told:
        return "not reported yet: it counts once the carrier says so"
    times = [one.at for one in told if one.at is not None]
    if claim.at is not None and times and all(abs(at - claim.at) > APART for at in times):
        return f"the carrier reported it for {', '.join(f'{at:%Y-%m-%d %H:%M}' for at in sorted(times))}"
    return ""


def _fact(word: Word, seen: Seen, status: ParcelStatus, claim: Claim) -> StatusConfirmed:
    why = word.why
    if claim.line:
        why = f"{why}, line {claim.line}{f', for {claim.at:%Y-%m-%d %H:%M}' if claim.at else ''}"
    at = now()
    return StatusConfirmed(
        id=derived_id(seen.reference, "status_confirmed", status.value, word.by, why),
        source=source_of(word.by),
        subject=seen.dossier,
        time=at,
        recordedtime=at,
        refversion=word.refversion,
        traceparent=trace.begun(),
        data=StatusConfirmed.Data(leg=seen.leg, status=status, why=why, by=word.by),
    )


def say(producer: Producer, judged: Sequence[Judged]) -> Iterator[int]:
    """Put what is confirmed on the log, some at a time; how many are on it by then. Raises TryLater: say it again."""
    facts = [one.fact for one in judged if one.fact is not None]
    for start in range(0, len(facts), BATCH):
        producer.publish(facts[start : start + BATCH])
        yield min(start + BATCH, len(facts))
