"""Who is told what, and the count of it: one notice an agency, numbered within the dossier."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.dossier import Dossier
from rules.facts import Derived, caused
from rules.life import View
from rules.reference import Edition
from rules.words import words
from schemas.event import Event, type_name
from schemas.notice import Notice, NoticeKind
from schemas.reference import Stage


class Telling(Struct, frozen=True, gc=False):
    """What there is to tell. `to` names agencies; None stands for those who answer for the dossier."""

    kind: NoticeKind
    payload: dict[str, Any]
    values: dict[str, Any]
    about: tuple[object, ...] = ()
    to: tuple[str, ...] | None = None


def addressed(
    after: Dossier, tellings: list[Telling], by: Event, view: View, edition: Edition
) -> tuple[Dossier, list[Derived]]:
    """A notice for each agency that is to be told, and the dossier with its count of them."""
    if not tellings:
        return after, []
    numbers, notices = dict(after.numbers), list[Derived]()
    for telling in tellings:
        for agency in _told(telling, view, edition):
            numbers[agency] = numbers.get(agency, 0) + 1
            notices.append(_notice(telling, agency, numbers[agency], after, by, view.procedure))
    return (replace(after, numbers=numbers), notices) if notices else (after, notices)


def _told(telling: Telling, view: View, edition: Edition) -> list[str]:
    """Dates and results go to the receiving and the competent agency, by the code each goes by today; shadow hears
    nothing.
    """
    codes = telling.to if telling.to is not None else (view.receiving, view.competent)
    agencies = [agency for code in codes if (agency := edition.agency(code)) and agency.stage is not Stage.SHADOW]
    return list(dict.fromkeys(agency.code for agency in agencies))


def _notice(telling: Telling, agency: str, sequence: int, after: Dossier, by: Event, procedure: str | None) -> Derived:
    data = {
        "agency": agency,
        "kind": telling.kind,
        "sequence": sequence,
        "text": words(telling.kind, dossier=by.subject, **telling.values),
        "state": after.status,
        "payload": telling.payload,
        "procedure_code": procedure,
    }
    return caused(Notice, by, data, *telling.about, agency, type=type_name("notice", telling.kind))
