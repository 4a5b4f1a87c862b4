"""What the tests of the hired carriers share: an order as their samples have it, replies, tables, wild records."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from connectors.carriers import Order, Party, Update
from connectors.transport import Reply
from schemas.postal import Certainty, FailureReason, FaultParty, ItemMoved, ParcelStatus

HERE = Path(__file__).parent
REFERENCE = "H29.12-261008-0107/D1"
TEXTS = st.text(st.characters(categories=["L", "N", "P", "Z", "Cs", "Cc"]), max_size=30)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.lists(TEXTS, max_size=2)
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def sample(carrier: str, name: str) -> Any:
    return json.loads((HERE / carrier / name).read_text())


def bytes_of(carrier: str, name: str) -> bytes:
    return (HERE / carrier / name).read_bytes()


def a_reply(body: Any, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, headers, raw)


def an_order(wards: tuple[str, str], province: str, reference: str = REFERENCE, cash: int = 35000) -> Order:
    """The samples' order, with the rows of a carrier's place table for the two wards and their province."""
    sender = Party(
        "Bộ phận Một cửa", "0280000001", "Số 1 đường Mẫu", wards[0], "Phường Mẫu", province, "Thành phố Hồ Chí Minh"
    )
    receiver = Party(
        "Nguyễn Văn Mẫu",
        "0900 000 001",
        "12/3 đường Thử Nghiệm",
        wards[1],
        "Phường Thử",
        province,
        "Thành phố Hồ Chí Minh",
    )
    return Order(reference, sender, receiver, cash)


def statuses_of(carrier: str) -> list[tuple[str, str, ParcelStatus, bool]]:
    """The handbook's table: list, code, status, and whether the partner's document backs it."""
    rows = [line.split() for line in (HERE / carrier / "statuses.txt").read_text().splitlines()]
    return [(version, code, ParcelStatus(status), sure == "firm") for version, code, status, sure in rows]


def reasons_of(carrier: str) -> dict[str, tuple[FailureReason | None, FaultParty | None]]:
    """The handbook's table: code, reason, and whom it blames instead."""
    rows = [line.split() for line in (HERE / carrier / "reasons.txt").read_text().splitlines()]
    return {
        code: (
            None if reason == "null" else FailureReason(reason),
            None if fault == "-" else FaultParty(fault),
        )
        for code, reason, fault in rows
    }


def records(names: list[str], values: st.SearchStrategy[Any] = VALUES) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), values)


def can_be_said(carrier: str, updates: list[Update]) -> None:
    """Every update fits the fact that is made of it, and the fact can be written."""
    for update in updates:
        data = ItemMoved.Data(
            leg="D1",
            carrier=carrier,
            item_code=update.item[:200] or None,
            status=update.status,
            reason=update.reason,
            fault_party=update.fault,
            at=update.at,
            certainty=Certainty.REPORTED,
            location=update.location,
            carrier_code=update.code[:200],
            carrier_words=update.words or None,
            table_version="t",
            evidence="e",
        )
        assert data.model_dump_json()
