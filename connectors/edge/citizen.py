"""All that is said to whoever holds the slip, put together once; as the city's own app gets it, in JSON."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct, to_builtins

from connectors.edge.citizen_words import (
    PURPOSES,
    RATEABLE,
    SITUATIONS,
    Pair,
    carrier_words,
    parcel_words,
    wanted_words,
)
from connectors.edge.headline import headline
from connectors.edge.page_words import LANGUAGES
from connectors.explanation import Explanation, explained
from connectors.history import History
from rules.citizen import Parcel, Situation, Wanted, parcels, situation, wanted
from rules.rating import ANSWERS, MOST_WORDS, QUESTIONS, SOURCE, Rateable, rateable
from rules.reference import Edition, Reference
from schemas.dossier import NATIONAL, Rated

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Citizen:
    """What a citizen is told of a dossier. `rated` is the digest of the rating in effect."""

    explanation: Explanation
    situation: Situation
    wanted: tuple[Wanted, ...]
    parcels: tuple[Parcel, ...]
    rateable: Rateable
    rated: str | None = None

    @property
    def code(self) -> str:
        """The dossier's code."""
        return self.explanation.dossier.code

    @property
    def items(self) -> dict[str, str]:
        """The item codes, by leg."""
        return {parcel.leg: parcel.item for parcel in self.parcels if parcel.item}


def told(history: History, reference: Reference) -> Citizen:
    """What is to be said of a dossier, from its log."""
    dossier, facts = history.dossier, [one.fact for one in history.told]
    ratings = [fact.digest for fact in facts if isinstance(fact, Rated) and fact.source == SOURCE]
    return Citizen(
        explanation=explained(history, reference),
        situation=situation(dossier),
        wanted=wanted(dossier, facts),
        parcels=parcels(dossier),
        rateable=rateable(dossier),
        rated=ratings[0] if ratings else None,
    )


# ---------------------------------------------------------------- as JSON


def as_json(one: Citizen, tracking: str, edition: Edition, token: str, at: datetime) -> Json:
    """The document for the city's app; every sentence in both languages. docs/citizens.md."""
    dossier = one.explanation.dossier
    return {
        "dossier": one.code,
        "tracking_code": tracking,
        "status": {
            "code": dossier.status.value,
            "national": NATIONAL.get(dossier.status),
            "situation": one.situation.value,
            "text": _both(SITUATIONS[one.situation]),
        },
        "agency": _agency(one, edition),
        "deadline": _deadline(one.explanation, at),
        "wanted": [_wanted(row, one) for row in one.wanted],
        "parcels": [_parcel(row) for row in one.parcels],
        "rating": _rating(one, token),
        "made_at": at.isoformat(timespec="seconds"),
    }


def _both(words: Pair) -> Json:
    return dict(zip(LANGUAGES, words, strict=True))


def _agency(one: Citizen, edition: Edition) -> Json | None:
    found = edition.agency(one.explanation.dossier.view().receiving)
    if found is None:
        return None
    return {"code": found.code, "name": {"vi": found.name, "en": found.name_en}, "phone": found.phone}


def _deadline(one: Explanation, at: datetime) -> Json:
    clock = one.dossier.clock
    table = one.inputs.calendar.table if one.inputs else None
    sentences = {lang: " ".join(filter(None, headline(one, lang, at))) for lang in LANGUAGES}
    said: Json = to_builtins({
        "text": sentences,
        "state": clock.state,
        "due_on": clock.due_on,
        "due_at": clock.due_at,
        "outcome": clock.outcome,
        "provisional": clock.provisional,
        "calendar": {"calendar": table.calendar, "version": table.version} if table else None,
        "facts": [_without(fact, "id") for fact in one.facts],
        "calendar_changes": [_without(change, "from_version", "to_version", "reason") for change in one.changes],
        "working": one.working,
    })  # fmt: skip
    return said


def _without(told: Struct, *names: str) -> Json:
    """A part of the explanation without what is between agencies and operators."""
    said: Json = to_builtins(told)
    return {name: value for name, value in said.items() if name not in names}


def _wanted(row: Wanted, one: Citizen) -> Json:
    said: Json = to_builtins(row)
    return said | {"text": _both(wanted_words(row, one.items))}


def _parcel(row: Parcel) -> Json:
    said: Json = to_builtins(row)
    return said | {
        "purpose": row.purpose.name,
        "carrier_name": _both(carrier_words(row.carrier)),
        "purpose_text": _both(PURPOSES[row.purpose]),
        "text": _both(parcel_words(row)),
    }


def _rating(one: Citizen, token: str) -> Json:
    said: Json = {"state": one.rateable.value, "text": _both(RATEABLE[one.rateable])}
    if one.rateable is not Rateable.OPEN:
        return said
    return said | {
        "token": token,
        "questions": [{"name": row.name, "text": {"vi": row.vi, "en": row.en}} for row in QUESTIONS],
        "answers": [{"points": row.points, "text": {"vi": row.vi, "en": row.en}} for row in ANSWERS],
        "longest_comment": MOST_WORDS,
    }
