"""Public states for those who make receipts: facts folded by the rules, as the workers say them on dossier.state."""

import json
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from connectors.broker import Message
from rules.dossier import Dossier, evolve
from rules.facts import Derived
from rules.reactions import react
from rules.receipts.handing_over import handed_over
from schemas.event import Event
from schemas.state import STATE
from tests.builders import CODE, REFERENCE, a_fact, received, result_ready

STATE_CHANGED = "vn.hoso.dossier.state_changed.v1"
PAPERS = [{"name": "Giấy phép mẫu", "kind": "ORIGINAL", "copies": 1}]


def a_code(number: int) -> str:
    """The code of the n-th sample dossier."""
    return f"H29.12-261102-{number:04d}"


def a_result(code: str = CODE, number: str = "KQ-1") -> list[Event]:
    """A dossier received and decided."""
    ready = result_ready("2026-11-05 10:00", result_no=number, documents=PAPERS, code=code, id=f"ready {code}")
    return [received("2026-11-02 09:05", code=code), ready]


def returned(code: str = CODE, time: str = "2026-11-06 08:30", id: str | None = None) -> Event:
    """The result given to the citizen at the counter."""
    name = id or f"back {code} {time}"
    return a_fact("result_returned", time, code=code, mode="COUNTER", receiver="Người Mẫu", id=name)


def corrected(retracts: str, code: str = CODE, time: str = "2026-11-07 08:00") -> Event:
    """The one-stop takes a fact of its own back."""
    return a_fact("corrected", time, code=code, retracts={"id": retracts}, reason="nhầm hồ sơ", id=f"not {retracts}")


def states(events: Iterable[Event]) -> list[bytes]:
    """Every public state that these facts of one dossier lead to."""
    dossier: Dossier | None = None
    found: list[bytes] = []
    for event in events:
        after, facts = react(dossier, evolve(dossier, event, REFERENCE), event, REFERENCE)
        dossier = after
        found += [_said(fact, after) for fact in facts if fact.type == STATE_CHANGED]
    return found


def _said(fact: Derived, dossier: Dossier) -> bytes:
    """The state with the hand-over in it."""
    said = handed_over(dossier, dossier.view())
    return replace(fact, data=fact.content | ({"handed_over": said} if said is not None else {})).encode()


def records(*raws: bytes, first: int = 0) -> list[Message]:
    """These states as records of the topic, in order."""
    return [Message(STATE, 0, first + at, key_of(raw), raw) for at, raw in enumerate(raws)]


def key_of(raw: bytes) -> bytes:
    """The dossier of a state."""
    subject: Any = json.loads(raw)["subject"]
    return str(subject).encode()
