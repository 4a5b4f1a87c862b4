"""A citizen's contact, shown once to whoever works on the dossier and says why; every look is on record before it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.pages.dossier import REVEAL
from connectors.console.people import Person
from connectors.console.reading.dossier import facts_of
from connectors.console.sentence import sentence
from connectors.operators import word_of
from connectors.project.found import Archived, found
from connectors.revealing import KINDS, LEAST_WHY, MOST_WHY, NoReason, Revealed, kind_of, reveal, with_contact
from connectors.seal import CannotOpen, Opener
from connectors.secrets import NoSuchSecret
from connectors.store.reveals import Reveal
from schemas.instant import now
from schemas.ops import ContactRevealed

PATH = "/dossiers/{code}/contact"
MOST_NAMED = 100
"""So many facts the word on the log names at most, the newest."""


def routes(desk: Desk) -> APIRouter:
    """The question why, and the contact."""
    api = APIRouter()

    @api.get(PATH)
    def ask(visit: Annotated[Visit, Depends(visits(desk, *REVEAL))], code: str) -> Response:
        with desk.look(visit.person) as look:
            look.dossier(code)
        return _form(visit, code)

    @api.post(PATH)
    def show(sent: Annotated[Sent, Depends(forms(desk, *REVEAL))], code: str) -> Response:
        why = sentence(sent.text("why", MOST_WHY))
        try:
            shown = _revealed(desk, sent.person, code, why)
        except NoReason:
            return _form(sent, code, "no_why", 422)
        except Archived:
            return _form(sent, code, "archived", 409)
        except CannotOpen:
            return _form(sent, code, "damaged", 409)
        except NoSuchSecret:
            return _form(sent, code, "no_key", 503)
        return sent.page("contact.html", code=code, shown=shown, why=why)

    return api


def _form(visit: Visit, code: str, wrong: str = "", status: int = 200) -> Response:
    wrong = getattr(visit.view.say.contact, wrong).format(least=LEAST_WHY) if wrong else ""
    return visit.page("contact_why.html", status=status, code=code, wrong=wrong, least=LEAST_WHY, most=MOST_WHY)


def _revealed(desk: Desk, person: Person, code: str, why: str) -> list[Revealed]:
    """A dossier's contacts, newest first; the log is told before. Raises NotYours, and what `reveal` and `found` do."""
    with desk.look(person) as look:
        rows = facts_of(look, code, KINDS)
    if len(why) < LEAST_WHY:
        raise NoReason
    facts = with_contact(found(desk.settings.kafka_bootstrap, rows))
    opener = Opener(desk.store, desk.secrets.openers_private)
    kinds = tuple(dict.fromkeys(kind_of(fact) for fact in facts))
    if facts:
        what = [fact.ref for fact in facts][-MOST_NAMED:]
        version = desk.references.newest().version
        word = word_of(person.name, ContactRevealed, code, version, what=what, why=why, role=person.role)
        desk.producer.publish([word])
    one = Reveal(now(), person.name, person.role, person.agency, code, why, kinds)
    return sorted(reveal(desk.store, opener, one, facts), key=lambda shown: shown.at, reverse=True)
