"""Dossiers of every kind that a report must know, as their agencies, the post and the timers tell of them."""

import json
from datetime import datetime
from typing import Any

from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import VERSION, a_fact, a_move, a_postal_fact, received, result_ready

EARLY, ON_TIME, LATE, OPEN, OVERDUE, WITHDRAWN, STOPPED, WAITING, POSTAL, REFUSED, ADOPTED, TAKEN_BACK = (
    f"H29.12-261102-{number:04d}" for number in range(1, 13)
)


def stories() -> list[Event]:
    """In the order in which they come in. Received 2026-11-02 for three working days: due on 2026-11-05."""
    told: list[Event] = []
    for code in (EARLY, ON_TIME, LATE, OPEN, WITHDRAWN, STOPPED, WAITING, TAKEN_BACK):
        fact = received(code=code, channel="COUNTER", promised_due_on="2026-11-05")
        told.append(fact.model_copy(update={"trackingcode": f"MAU{code[-4:]}XYZ"}))
    told += [
        a_fact("submitted", "2026-10-29 08:00", code=OVERDUE, channel="ONLINE", **A_PROCEDURE),
        a_timer("reception", "2026-10-31 00:00", "2026-10-30", OVERDUE),
        received("2026-11-02 09:00", code=OVERDUE, promised_due_on="2026-11-06"),
        result_ready("2026-11-04 10:00", code=EARLY),
        result_ready("2026-11-05 10:00", code=ON_TIME),
        a_fact("apology_issued", "2026-11-04 16:00", code=LATE, reason="x", signed_by="Nguyễn Văn Mẫu", channel="SMS"),
        result_ready("2026-11-09 10:00", code=LATE),
        a_fact("withdrawn", "2026-11-04 10:00", code=WITHDRAWN, reason="x"),
        a_fact("processing_stopped", "2026-11-04 10:00", code=STOPPED, basis="x"),
        a_fact(
            "supplement_requested", "2026-11-03 10:00", code=WAITING, stage="APPRAISAL", documents=["x"], reason="x"
        ),
        a_fact("submitted", "2026-11-02 08:00", code=REFUSED, channel="ONLINE", **A_PROCEDURE),
        a_fact("reception_refused", "2026-11-03 10:00", code=REFUSED, reason="x"),
        a_fact("adopted", "2026-11-03 10:00", code=ADOPTED, status="IN_PROCESS", as_of="2026-11-03T10:00:00+07:00",
               promised_due_on="2026-11-10", **A_PROCEDURE, competent_agency="H29.12"),
        result_ready("2026-11-05 16:00", code=TAKEN_BACK, id="too-soon"),
        a_fact("corrected", "2026-11-20 10:00", code=TAKEN_BACK, retracts={"id": "too-soon"}, reason="x"),
        *by_post(),
    ]  # fmt: skip
    return told


A_PROCEDURE = {"procedure_code": "1.004873", "receiving_agency": "H29.12"}


def by_post(code: str = POSTAL) -> list[Event]:
    """Fetched and brought back by the post, with a fee taken and passed on in part."""
    contact: dict[str, Any] = {"contact": {"name": "Nguyễn Văn Mẫu", "phone": "0900000001"}}
    papers = [{"name": "Đơn của Nguyễn Văn Mẫu", "kind": "ORIGINAL", "copies": 1}]
    return [
        a_fact("collection_registered", "2026-11-02 08:00", code=code, documents=papers, **contact, **A_PROCEDURE),
        taken("2026-11-02 08:05", code, "C1"),
        a_move("PICKED_UP", "2026-11-02 10:00", code=code, leg="C1", item_code="EC1"),
        a_move("DELIVERED", "2026-11-03 10:00", code=code, leg="C1", item_code="EC1"),
        a_fact("handover_signed", "2026-11-03 14:00", code=code, leg="C1", direction="POST_TO_AGENCY", minutes_no="7",
               documents=papers, **A_PROCEDURE),
        received("2026-11-03 15:00", code=code, channel="POSTAL", return_mode="POST"),
        result_ready("2026-11-05 10:00", code=code, fee=50_000),
        taken("2026-11-05 10:30", code, "D1"),
        a_move("PICKED_UP", "2026-11-05 15:00", code=code, item_code="ED1"),
        a_move("DELIVERY_FAILED", "2026-11-06 15:00", code=code, item_code="ED1", reason="ABSENT"),
        a_move("DELIVERED", "2026-11-09 15:00", code=code, item_code="ED1"),
        a_postal_fact("fee_collected", "2026-11-09 15:01", code=code, leg="D1", amount=50_000, borne_by="CITIZEN"),
        a_postal_fact("fee_remitted", "2026-11-11 15:00", code=code, leg="D1", amount=30_000, borne_by="CITIZEN"),
    ]  # fmt: skip


def taken(time: str, code: str, leg: str) -> Event:
    """The carrier took a leg's order."""
    return a_postal_fact("order_accepted", time, code=code, leg=leg, item_code=f"E{leg}", reference=f"{code}/{leg}")


def a_timer(limit: str, time: str, limit_on: str, code: str) -> Event:
    """A limit that came, as the timers say it."""
    instant = datetime.fromisoformat(time).replace(tzinfo=VIETNAM).isoformat()
    said = {
        "id": f"t-{limit}-{code}",
        "source": "/hoso/timers",
        "type": "vn.hoso.clock.limit_reached.v1",
        "subject": code,
        "time": instant,
        "recordedtime": instant,
        "refversion": VERSION,
        "data": {"limit": limit, "step": 0, "limit_on": limit_on},
    }
    return Event.decode(json.dumps(said).encode())
