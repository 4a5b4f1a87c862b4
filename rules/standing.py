"""Who may say what about a dossier: the relation between an agency and the dossier, and the roles a fact asks for."""

from rules.life import View
from rules.reference import Edition
from schemas.dossier import DossierFact, Role


def agency_of(source: str) -> str | None:
    """The agency that a source names; None for carriers, operators and ourselves."""
    return source.removeprefix("/agencies/") if source.startswith("/agencies/") else None


def has_standing(view: View, event: DossierFact, edition: Edition) -> bool:
    """Whether its source may state this fact about this dossier, as far as is known now."""
    if event.source == "/citizens":
        return Role.CITIZEN in event.said_by
    agency = agency_of(event.source)
    if agency is None:
        return False
    if view.receiving is None:
        return event.opens and _may_open(agency, event, edition)
    return any(_is(role, agency, view, event, edition) for role in event.said_by)


def _may_open(agency: str, event: DossierFact, edition: Edition) -> bool:
    """The one-stop whose code the dossier bears, or the one that says it took it in."""
    stated = getattr(event.data, "receiving_agency", None)
    return edition.same(agency, event.subject.rsplit("-", 2)[0]) or edition.same(agency, stated)


def _is(role: Role, agency: str, view: View, event: DossierFact, edition: Edition) -> bool:
    match role:
        case Role.ONE_STOP:
            return edition.same(agency, view.receiving)
        case Role.COMPETENT:
            return edition.same(agency, view.competent or view.receiving)
        case Role.LINKED:
            return any(edition.same(agency, linked) for linked in view.linked)
        case Role.CONSULTED:
            return any(edition.same(agency, consulted) for consulted in view.consulted)
        case Role.SAME:
            related = (view.receiving, view.competent, *view.linked, *view.consulted)
            return any(edition.same(agency, one) for one in related)
        case Role.CITIZEN:
            return False
