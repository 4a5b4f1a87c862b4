"""What an agency says in each fact, as it would write it: envelopes and data, good ones and bad ones."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from sandbox.plan import Life, Mishap
from schemas.event import type_name

Data = dict[str, Any]
EXTENDED_BY_WORKING_DAYS = 3


@dataclass(slots=True)
class Known:
    """What the agencies know of a dossier while it goes on."""

    number: int = 0
    clock_starts_at: datetime | None = None
    due_on: date | None = None
    new_due_on: date | None = None


def envelope(source: str, id: str, fact: str, subject: str, time: datetime, data: Data) -> bytes:
    """A fact as bytes, in the structured form."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": id,
            "source": source,
            "type": type_name("dossier", fact),
            "subject": subject,
            "time": time.isoformat(timespec="seconds"),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def source_of(agency: str) -> str:
    """Who speaks."""
    return f"/agencies/{agency}"


def data_of(fact: str, life: Life, known: Known, says: Data) -> Data:
    """The data of a fact about this dossier; `says` is what the step itself adds."""
    return _WRITES[fact](life, known, says)


def _submitted(life: Life, _known: Known, _says: Data) -> Data:
    return {
        "procedure_code": life.procedure.code,
        "channel": life.channel,
        "receiving_agency": life.agency,
        "applicant_ref": f"citizen-{life.contact['phone'][-3:]}",
        "documents": PAPERS,
    }


def _received(life: Life, known: Known, says: Data) -> Data:
    data = {
        "procedure_code": life.procedure.code,
        "channel": says.get("channel", life.channel),
        "receiving_agency": life.agency,
        "competent_agency": life.competent,
        "return_mode": life.return_mode,
        "documents": PAPERS,
        "fee": 20_000,
    }
    if life.return_mode == "POST":
        data["contact"] = life.contact
    if known.due_on is not None:
        data["promised_due_on"] = known.due_on.isoformat()
    return data


def _result(_life: Life, known: Known, says: Data) -> Data:
    data = {"outcome": says["outcome"], "physical": says["physical"], "result_no": f"KQ-{known.number:05d}"}
    return data | {"documents": RESULT, "fee": says["fee"]} if says["physical"] else data


def _handover(life: Life, known: Known, says: Data) -> Data:
    data = {
        "leg": says["leg"],
        "direction": says["direction"],
        "minutes_no": f"BB-{known.number:05d}-{says['leg']}",
        "documents": RESULT if says["leg"].startswith("D") else PAPERS,
    }
    if says["direction"] == "POST_TO_AGENCY":
        data |= {"procedure_code": life.procedure.code, "receiving_agency": life.agency}
    return data


def _collection(life: Life, _known: Known, _says: Data) -> Data:
    return {
        "contact": life.contact,
        "documents": PAPERS,
        "procedure_code": life.procedure.code,
        "receiving_agency": life.agency,
    }


def _apology(_life: Life, known: Known, _says: Data) -> Data:
    said = {"reason": BUSY, "signed_by": "head", "channel": "LETTER"}
    return said | ({"new_due_on": known.new_due_on.isoformat()} if known.new_due_on else {})


def _extended(_life: Life, known: Known, _says: Data) -> Data:
    assert known.new_due_on is not None
    return {"new_due_on": known.new_due_on.isoformat(), "reason": BUSY, "basis": "61/2018/NĐ-CP art. 19(9)"}


PAPERS = [{"name": "Tờ khai", "kind": "ORIGINAL", "copies": 1}]
RESULT = [{"name": "Giấy chứng nhận", "kind": "ORIGINAL", "copies": 1}]
BUSY = "Chờ ý kiến cơ quan phối hợp"

_WRITES: dict[str, Callable[[Life, Known, Data], Data]] = {
    "submitted": _submitted,
    "received": _received,
    "reception_refused": lambda _life, _known, _says: {"reason": "Không thuộc thẩm quyền"},
    "forwarded": lambda life, _known, _says: {"to_agency": life.competent},
    "assigned": lambda life, known, _says: {"agency": life.competent, "officer_ref": f"officer-{known.number % 7}"},
    "supplement_requested": lambda _life, _known, says: {**says, "reason": "Thiếu bản sao căn cước"},
    "supplement_received": lambda _life, _known, says: dict(says),
    "apology_issued": _apology,
    "extended": _extended,
    "result_ready": _result,
    "result_returned": lambda life, _known, says: {**says, "receiver": life.contact["name"]},
    "withdrawn": lambda _life, _known, _says: {"reason": "Công dân đề nghị rút hồ sơ"},
    "collection_registered": _collection,
    "collection_cancelled": lambda _life, _known, _says: {"reason": "Công dân tự nộp tại quầy"},
    "return_registered": lambda life, _known, says: {"contact": {**life.contact, **says}},
    "return_cancelled": lambda _life, _known, _says: {"reason": "Công dân nhận tại quầy"},
    "handover_signed": _handover,
}


def mistaken(mishap: Mishap, id: str, time: datetime) -> bytes:
    """The bytes of an event that ought not to be (samples 31 to 33 and their like)."""
    source, subject = source_of(mishap.agency), mishap.dossier
    outcome = {"outcome": "APPROVED", "physical": True}
    match mishap.kind:
        case "no_zone":
            said = {"procedure_code": "2.000635", "channel": "ONLINE", "receiving_agency": mishap.agency}
            naive = time.replace(tzinfo=None)
            return envelope(source, id, "submitted", _own(mishap), naive, said)
        case "bad_fields":
            said = {"procedure_code": "nonsense", "channel": "FAX", "receiving_agency": mishap.agency}
            more = {"competent_agency": mishap.agency, "return_mode": "POST"}
            return envelope(source, id, "received", _own(mishap), time, said | more)
        case "not_yours":
            return envelope(source, id, "withdrawn", subject, time, {"reason": "Nhầm hồ sơ"})
        case "garbage":
            return b"hello, is this the right topic?"
        case "conflict":
            # The id of an event that was sent before, with other words.
            return envelope(source, id, "withdrawn", subject, time, {"reason": "Gửi lại với nội dung khác"})
        case _:
            return envelope(source, id, "result_ready", subject, time, outcome)


def _own(mishap: Mishap) -> str:
    """A code of the agency's own, for a dossier that nobody handed in."""
    day = mishap.dossier.rsplit("-", 2)[1]
    return f"{mishap.agency}-{day}-9{len(mishap.kind):03d}"
