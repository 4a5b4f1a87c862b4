"""A dossier's life as far as the read model keeps it: its facts' rows in, facts as the rules take them out.

The rows hold no papers, no steps of a linked procedure and no name of a consultation: the n-th question to an agency is
answered by its n-th answer, and a step is known only once it was missed.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from connectors.project.stated import standing
from rules.life import ORDER, LifeFact
from schemas.instant import aware

DATA = {
    "submitted": {"channel": "word", "receiving_agency": "agency"},
    "received": {"channel": "word", "receiving_agency": "agency"},
    "adopted": {"status": "word", "receiving_agency": "agency", "promised_due_on": "day"},
    "collection_registered": {"receiving_agency": "agency"},
    "forwarded": {"to_agency": "agency"},
    "rerouted": {"to_agency": "agency"},
    "assigned": {"agency": "agency"},
    "consultation_requested": {"agency": "agency", "limit_on": "day"},
    "consultation_answered": {"agency": "agency"},
    "supplement_requested": {"stage": "word"},
    "apology_issued": {"channel": "word", "new_due_on": "day"},
    "extended": {"new_due_on": "day"},
    "result_ready": {"outcome": "word"},
    "handover_signed": {"leg": "leg", "direction": "word", "receiving_agency": "agency"},
}
"""What of a fact's data lies in which column."""


def life(dossier: Row[Any], facts: Iterable[Row[Any]]) -> tuple[LifeFact, ...]:
    """The agencies' facts that nobody has taken back, in order of time. Who decides is what is known of it today."""
    asked: Counter[tuple[str, str | None]] = Counter()
    told = []
    for one in sorted(standing(facts, ORDER), key=lambda one: (one.at, ORDER[one.kind], one.ref)):
        data = _data(one)
        if one.kind.startswith("consultation_"):
            asked[one.kind, one.agency] += 1
            data["consultation_id"] = f"{one.agency} {asked[one.kind, one.agency]}"
        if one.kind in ("received", "submitted") and dossier.competent_agency:
            data["competent_agency"] = dossier.competent_agency
        told.append(LifeFact(one.kind, aware(one.at), one.ref, data))
    return tuple(told)


def _data(one: Row[Any]) -> dict[str, Any]:
    found = {name: getattr(one, column) for name, column in DATA.get(one.kind, {}).items()}
    data = {name: value for name, value in found.items() if value is not None}
    return data | {"complete": bool(one.complete)} if one.kind == "supplement_received" else data
