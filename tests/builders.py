"""Builders for tests: a bundle of reference data, a dossier's facts, a fold over them.

Defaults here, what matters in the test.
"""

import itertools
import json
import tomllib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rules.dossier import Dossier, evolve
from rules.facts import Derived
from rules.reactions import react
from rules.reference import Reference, reference_of
from schemas.event import Event, digest_of, type_name
from schemas.instant import VIETNAM
from schemas.reference import Bundle
from schemas.topics import TOPICS

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "schemas" / "samples" / "events"
VERSION = "test-1"
CODE = "H29.12-261102-0001"
BOX = {"key_id": "k-1", "box": "AAAA"}
CONTACT = {"ward_code": "26740", "province_code": "79", "sealed": BOX}

assert TOPICS, "the catalogue of types is filled by reading schemas.topics"


def an_agency(code: str, **fields: Any) -> dict[str, Any]:
    """An agency that acts, with an invented name."""
    address = {
        "line": "1 Đường Mẫu",
        "ward_code": "26740",
        "ward": "Phường Mẫu",
        "province_code": "79",
        "province": "TP Mẫu",
    }
    return {
        "code": code,
        "name": f"Cơ quan mẫu {code}",
        "name_en": f"Sample agency {code}",
        "phone": "0280000001",
        "address": address,
    } | fields


def a_bundle(version: str = VERSION, **fields: Any) -> Bundle:
    """Two agencies, the procedures of the samples, the official calendar, one carrier."""
    calendar = tomllib.loads((ROOT / "deploy/reference/calendars/vn-public-offices.toml").read_text())
    for row in (*calendar["closed"], *calendar["worked"]):
        row["day"] = row["day"].isoformat()
    procedures = [
        {"code": "1.004873", "name": "Xác nhận mẫu", "level": "ward", "amount": 3, "unit": "working_days"},
        {"code": "1.001193", "name": "Khai sinh mẫu", "level": "ward", "amount": 1, "unit": "same_day"},
        {
            "code": "1.009994",
            "name": "Giấy phép mẫu",
            "level": "ward",
            "amount": 15,
            "unit": "calendar_days",
            "supplement_policy": "PAUSE_RESUME",
        },
        {"code": "1.003003", "name": "Không thời hạn mẫu", "level": "city"},
    ]
    made = {
        "version": version,
        "agencies": [an_agency("H29.12", aliases=["000.00.12.H29"]), an_agency("H29.99")],
        "procedures": procedures,
        "calendar": calendar,
        "carrier_rules": [{"carriers": ["myvnpost"], "because": "the designated enterprise"}],
    }
    return Bundle.model_validate(made | fields)


REFERENCE = reference_of(a_bundle())


def sample(number: int) -> dict[str, Any]:
    """A sample event by its number, as its agency wrote it."""
    [path] = SAMPLES.glob(f"{number:02d}-*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def admitted(event: dict[str, Any], after: timedelta = timedelta(seconds=1), version: str = VERSION) -> Event:
    """An agency's event as the gate would put it on the log, its contact and free text in boxes."""
    data = dict(event["data"])
    digest = digest_of(event["data"], b"test")
    for name in ("reason", "receiver", "comment"):
        if isinstance(data.get(name), str):
            data[name] = {"sealed": BOX}
    if "contact" in data:
        data["contact"] = CONTACT
    recorded = (datetime.fromisoformat(event["time"]) + after).isoformat()
    whole = event | {"data": data, "digest": digest, "recordedtime": recorded, "refversion": version}
    return Event.decode(json.dumps(whole).encode())


_ids = itertools.count(1)


def a_fact(fact: str, time: str, *, by: str = "H29.12", code: str = CODE, id: str | None = None, **data: Any) -> Event:
    """A fact of a dossier, stated by an agency at a time in Viet Nam (`2026-11-02 08:15`)."""
    at = datetime.fromisoformat(time).replace(tzinfo=VIETNAM)
    return admitted({
        "specversion": "1.0",
        "id": id or f"f-{next(_ids)}",
        "source": f"/agencies/{by}",
        "type": type_name("dossier", fact),
        "subject": code,
        "time": at.isoformat(),
        "data": data,
    })  # fmt: skip


def a_postal_fact(fact: str, time: str, *, code: str = CODE, id: str | None = None, **data: Any) -> Event:
    """What a carrier answered or reported, at a time in Viet Nam."""
    at = datetime.fromisoformat(time).replace(tzinfo=VIETNAM).isoformat()
    made = {
        "id": id or f"p-{next(_ids)}",
        "source": "/carriers/myvnpost",
        "type": type_name("postal", fact),
        "subject": code,
        "time": at,
        "recordedtime": at,
        "refversion": VERSION,
        "data": {"carrier": "myvnpost"} | data,
    }
    return Event.decode(json.dumps(made).encode())


def a_move(status: str, time: str, *, certainty: str = "CONFIRMED", leg: str = "D1", **data: Any) -> Event:
    """An update of an item in our vocabulary."""
    at = datetime.fromisoformat(time).replace(tzinfo=VIETNAM).isoformat()
    defaults = {
        "leg": leg,
        "item_code": "EA000000011VN",
        "status": status,
        "at": at,
        "certainty": certainty,
        "carrier_code": "0",
        "table_version": "new",
        "evidence": f"e-{next(_ids)}",
    }
    return a_postal_fact("item_moved", time, **(defaults | data))


def received(time: str = "2026-11-02 09:05", **data: Any) -> Event:
    """An online dossier accepted, its result to go back at the counter unless said otherwise."""
    defaults: dict[str, Any] = {
        "procedure_code": "1.004873",
        "channel": "ONLINE",
        "receiving_agency": "H29.12",
        "competent_agency": "H29.12",
        "return_mode": "COUNTER",
    }
    if data.get("return_mode") == "POST":
        defaults["contact"] = {"name": "x"}
    return a_fact("received", time, **(defaults | data))


def result_ready(time: str, **data: Any) -> Event:
    """A paper result, granted."""
    stated: dict[str, Any] = {"outcome": "APPROVED", "physical": True} | data
    return a_fact("result_ready", time, **stated)


def fold(
    events: Iterable[Event], dossier: Dossier | None = None, reference: Reference = REFERENCE
) -> tuple[Dossier, list[Event]]:
    """The dossier after these facts, and everything they set in motion."""
    said: list[Event] = []
    for event in events:
        after = evolve(dossier, event, reference)
        dossier, facts = react(dossier, after, event, reference)
        said += (as_read(fact) for fact in facts)
    assert dossier is not None
    return dossier, said


def as_read(fact: Derived) -> Event:
    """A derived fact as whoever reads its topic has it: its schema adds nothing and drops nothing."""
    event = fact.event()
    assert json.loads(event.encode()) == json.loads(fact.encode())
    return event


def notices(said: Iterable[Event], agency: str = "H29.12") -> list[str]:
    """The kinds an agency was told, in order."""
    return [fact.data.kind for fact in said if fact.topic == "agency.notices" and fact.data.agency == agency]


def of(said: Iterable[Event], name: str) -> list[Event]:
    """The facts of one kind: `deadline.projected`."""
    return [fact for fact in said if fact.type == f"vn.hoso.{name}.v1"]
