"""What a receipt says, and when another one is owed: one in effect for a result handed over, never two.

A receipt is never altered. Where a correction changes what was handed over, another statement supersedes it; where it
takes the hand-over back, a statement without one does.
"""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from schemas.event import canonical, derived_id
from schemas.instant import VIETNAM
from schemas.receipts import FORM

Json = dict[str, Any]
EVIDENCE = "evidence"


class Said(Struct, frozen=True, gc=False):
    """The last statement about a dossier: its number and id, and the hand-over that it states, if any."""

    number: int
    id: str
    handed_over: Json | None


def is_owed(last: Said | None, handed_over: Json | None) -> bool:
    """Whether the last statement no longer says what is so. Other evidence of the same is nothing new."""
    stated = last.handed_over if last else None
    return _substance(stated) != _substance(handed_over)


def statement(
    dossier: str, cause: str, last: Said | None, handed_over: Json | None, made_at: datetime, day: date
) -> Json:
    """The unsigned receipt that is owed now; `cause` is the state it is made from, by source and id.

    `day` is the one whose tree it belongs to. Without a hand-over it takes the last statement back.
    """
    number = last.number + 1 if last else 1
    said: Json = {"form": FORM, "id": derived_id(cause, "receipt", number), "dossier": dossier, "number": number}
    if last is not None:
        said["supersedes"] = last.id
    said |= {"handed_over": handed_over} if handed_over is not None else {"taken_back": True}
    return said | {"made_at": made_at.astimezone(VIETNAM).isoformat(), "day": day.isoformat()}


def to_sign(unsigned: Json) -> bytes:
    """The bytes that a signature of ours is over: the document's form, a line feed, its canonical JSON."""
    return str(unsigned["form"]).encode() + b"\n" + canonical(unsigned)


def _substance(handed_over: Json | None) -> Json | None:
    """A hand-over without what it rests on."""
    if handed_over is None:
        return None
    return {name: value for name, value in handed_over.items() if name != EVIDENCE}
