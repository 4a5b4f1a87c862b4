"""The states a worker keeps, one of each shape, and the form in which they are stored: structs, fields, words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, Struct, inspect

from rules.kept import Kept
from rules.parking import advance, due_of
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import CODE, REFERENCE, VERSION, a_fact, a_move, a_postal_fact, received, result_ready

FOLDER = Path(__file__).parent / "samples"
FORM = FOLDER / "form.json"

SUPPLEMENT = a_fact(
    "supplement_requested", "2026-11-04 10:00", id="s-1", stage="APPRAISAL", documents=["Bản sao"], reason="x"
)
READY = result_ready("2026-11-03 15:30", id="r-1")
TAKEN = a_postal_fact(
    "order_accepted", "2026-11-03 15:40", id="o-1", leg="D1", item_code="EA000000011VN", reference=f"{CODE}/D1"
)
COLLECTION: dict[str, Any] = {
    "contact": {"name": "x"},
    "documents": [{"name": "Tờ khai", "kind": "ORIGINAL", "copies": 1}],
}


def _in(**data: Any) -> Event:
    return received("2026-11-02 09:05", id="in-1", **data)


def _move(number: int, status: str, time: str, **data: Any) -> Event:
    return a_move(status, time, id=f"m-{number}", evidence=f"e-{number}", **data)


STORIES: dict[str, tuple[Event, ...]] = {
    "running": (_in(),),
    "no_term": (_in(procedure_code="1.003003"),),
    "unknown_procedure": (_in(procedure_code="9.999999"),),
    "suspended": (_in(), SUPPLEMENT),
    "paused": (_in(procedure_code="1.009994"), SUPPLEMENT),
    "restarted": (_in(), SUPPLEMENT, a_fact("supplement_received", "2026-11-06 14:00", id="s-2", complete=True)),
    "extended": (
        _in(),
        a_fact("extended", "2026-11-04 09:00", id="x-1", new_due_on="2026-11-17", reason="x", basis="19(9)"),
        a_fact("extended", "2026-11-05 09:00", id="x-2", new_due_on="2026-11-18", reason="x", basis="19(9)"),
    ),
    "stopped": (_in(), READY),
    "withdrawn": (_in(), a_fact("withdrawn", "2026-11-03 09:00", id="w-1", reason="x")),
    "corrected": (
        _in(),
        READY,
        a_fact("corrected", "2026-11-03 16:00", id="c-1", retracts={"id": "r-1"}, reason="x"),
    ),
    "conflict": (_in(), _in(fee=10_000)),
    "waiting": (a_fact("assigned", "2026-11-02 10:00", id="a-1", by="H29.99", agency="H29.99", officer_ref="cb-1"),),
    "asked_of_the_post": (_in(return_mode="POST"), READY),
    "under_way": (
        _in(return_mode="POST"),
        READY,
        TAKEN,
        _move(1, "PICKED_UP", "2026-11-03 17:00"),
        _move(2, "DELIVERY_FAILED", "2026-11-04 09:00", reason="ABSENT", fault_party="CITIZEN", certainty="REPORTED"),
    ),
    "delivered": (
        _in(return_mode="POST"),
        READY,
        TAKEN,
        _move(1, "DELIVERED", "2026-11-04 10:00", proof={"relation": "self"}),
    ),
    "came_back": (
        _in(return_mode="POST"),
        READY,
        TAKEN,
        _move(1, "RETURNED_TO_SENDER", "2026-11-06 10:00"),
        a_fact("return_registered", "2026-11-07 08:00", id="rr-1", contact={"name": "x"}),
    ),
    "collected": (
        a_fact("collection_registered", "2026-11-02 08:00", id="cr-1", **COLLECTION, receiving_agency="H29.12"),
        a_postal_fact("order_refused", "2026-11-02 08:10", id="o-2", leg="C1", verdict="refused", carrier_words="x"),
    ),
    "parked": (_in(), _in().model_copy(update={"id": "in-2", "refversion": "nobody published this"}), READY),
    "confirmed": (
        _in(return_mode="POST"),
        READY,
        TAKEN,
        _move(1, "DELIVERED", "2026-11-04 10:00", certainty="REPORTED"),
        Event.decode(
            f"""{{"id": "op-1", "source": "/operators/an", "type": "vn.hoso.ops.status_confirmed.v1",
            "subject": "{CODE}", "time": "2026-11-05T09:00:00+07:00", "refversion": "{VERSION}",
            "data": {{"leg": "D1", "status": "DELIVERED", "why": "asked", "by": "an"}}}}""".encode()
        ),
    ),
}
LATER = datetime(2026, 11, 20, tzinfo=VIETNAM)


def shapes() -> Iterator[tuple[str, Kept]]:
    """What is kept after each story; the one that runs also after all its rungs, an unreadable fact parks one."""
    for name, story in STORIES.items():
        yield name, kept_of(story)
    late = kept_of(STORIES["running"])
    for at in (LATER - timedelta(days=day) for day in range(18, -1, -1)):
        for fact in due_of(late, VERSION, at):
            late = folded(late, fact)
    yield "missed", late
    unread = STORIES["running"][0].encode().replace(b"received.v1", b"received.v9")
    kept, _ = advance(Kept(), None, unread, "/agencies/H29.12 in-9", REFERENCE)
    yield "unreadable", kept


def kept_of(story: tuple[Event, ...]) -> Kept:
    """The state that a worker ends with."""
    kept = Kept()
    for event in story:
        kept = folded(kept, event)
    return kept


def folded(kept: Kept, event: Event) -> Kept:
    """The state after one more fact."""
    return advance(kept, event, event.encode(), event.ref, REFERENCE)[0]


def form() -> dict[str, Any]:
    """Every struct and every list of words that a stored state is made of, by name."""
    found: dict[str, Any] = {}
    _walk(inspect.type_info(Kept), found)
    return dict(sorted(found.items()))


def _walk(kind: Any, found: dict[str, Any]) -> str:
    """Enter what a type is made of, and say the type in one text."""
    match kind:
        case inspect.StructType():
            if kind.cls.__name__ not in found:
                row: dict[str, Any] = {"array_like": kind.array_like, "fields": []}
                found[kind.cls.__name__] = row
                row["fields"] = [_field(one, found) for one in kind.fields]
            return str(kind.cls.__name__)
        case inspect.EnumType():
            found[kind.cls.__name__] = {"words": sorted(str(one.value) for one in kind.cls)}
            return str(kind.cls.__name__)
        case inspect.UnionType():
            return " | ".join(_walk(one, found) for one in kind.types)
        case inspect.VarTupleType() | inspect.ListType():
            return f"list of {_walk(kind.item_type, found)}"
        case inspect.TupleType():
            return f"({', '.join(_walk(one, found) for one in kind.item_types)})"
        case inspect.DictType():
            return f"{_walk(kind.key_type, found)} to {_walk(kind.value_type, found)}"
    return type(kind).__name__.removesuffix("Type").lower()


def _field(field: Any, found: dict[str, Any]) -> str:
    """`name: type = default`, or `name: type` of one that must be there."""
    said = f"{field.encode_name}: {_walk(field.type, found)}"
    if field.required:
        return said
    return f"{said} = {'made anew' if field.default is NODEFAULT else _default(field.default)}"


def _default(value: Any) -> str:
    return (
        repr(str(value))
        if isinstance(value, StrEnum)
        else type(value).__name__
        if isinstance(value, Struct)
        else repr(value)
    )
