"""Who may say what, as far as it can be told without the dossier: the fold judges relation and order."""

import re
from collections.abc import Iterator
from datetime import date

from connectors.gate.problems import problem
from rules.reference import Edition
from schemas.dossier import LOG, DossierFact, Role
from schemas.event import AGENCY, TYPES, Event
from schemas.notice import FieldProblem
from schemas.reference import Agency, AgencyRole, Bundle

CODE = re.compile(rf"({AGENCY})-([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})-[0-9]{{4,7}}")
"""A dossier's code: its agency, the date of reception, and the sequence of the day."""

ABOUT_OTHERS = frozenset({Role.COMPETENT, Role.LINKED, Role.CONSULTED, Role.SAME})
"""The roles in which an agency speaks of a dossier that another received."""


_latest: Edition | None = None


def edition_of(bundle: Bundle) -> Edition:
    """A bundle prepared for asking; made once while it stays the newest."""
    global _latest
    found = _latest
    if found is None or found.bundle is not bundle:
        found = _latest = Edition(bundle)
    return found


def stated_by_agencies(name: object) -> type[Event] | None:
    """The class of a type that an agency may state; None for what only we say, the citizen says, or nobody knows."""
    known = TYPES.get(name) if isinstance(name, str) else None
    return known if known is not None and known.topic == LOG and known.writer == "gate" else None


def roles_of(known: type[Event]) -> tuple[Role, ...]:
    """In which capacities a fact may be stated; a fact of a leg is the one-stop's."""
    return known.said_by if issubclass(known, DossierFact) else (Role.ONE_STOP,)


def codes_of(agency: Agency) -> tuple[str, ...]:
    """Every code an agency answers to."""
    return (agency.code, *agency.aliases)


def dossier_date(subject: str) -> tuple[str, date] | None:
    """The agency and the date in a dossier's code; None if it is no such code or no such day."""
    match = CODE.fullmatch(subject)
    if match is None:
        return None
    agency, year, month, day = match.groups()
    try:
        return agency, date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None


def about_subject(subject: str, known: type[Event] | None, agency: Agency | None) -> Iterator[FieldProblem]:
    """Whether it is a dossier's code, and whether this agency may speak of that dossier."""
    found = dossier_date(subject)
    if found is None:
        says = "names no real day" if CODE.fullmatch(subject) else "is not a dossier's code, such as H29.12-261124-0001"
        yield problem("subject", f"It {says}.")
    elif known is not None and agency is not None and not _may_speak_of(found[0], known, agency):
        yield problem("subject", "This dossier is another agency's, and only that one may state this fact.")


def _may_speak_of(code: str, known: type[Event], agency: Agency) -> bool:
    return code in codes_of(agency) or not ABOUT_OTHERS.isdisjoint(roles_of(known))


def about_role(known: type[Event], agency: Agency) -> Iterator[FieldProblem]:
    """Whether an agency with these roles can ever state this fact."""
    needed = {Role.ONE_STOP: AgencyRole.ONE_STOP, Role.COMPETENT: AgencyRole.COMPETENT}
    roles = roles_of(known)
    if all(role in needed and needed[role] not in agency.roles for role in roles):
        yield problem("type", f"Only an agency that is {' or '.join(roles)} may state this fact.")


def about_source(source: str, caller: str, agency: Agency | None) -> Iterator[FieldProblem]:
    """Whether the event's source is the one who sent it."""
    if agency is None:
        yield problem("source", "This agency is not in the reference data in force; ask an operator to add it.")
    elif source not in {f"/agencies/{code}" for code in codes_of(agency)}:
        yield problem("source", f"It must be /agencies/{caller}: you may speak for yourself only.")
