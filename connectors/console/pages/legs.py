"""A word about one leg of a dossier: a status that its carrier only reported is true, or nothing more is waited for."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.confirming import Claim, Judged, Word, judge, legs, say
from connectors.console.desk import Desk, NotYours
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.pages.dossier import ACT
from connectors.console.people import Person
from connectors.console.reading.dossier import dossier, facts_of
from connectors.console.reading.route import Route
from connectors.console.sentence import sentence
from connectors.project.found import Archived, found
from connectors.silent import NotOpen, OpenLeg, aged_out, unheard
from schemas.instant import now
from schemas.postal import ParcelStatus, reference_of

KINDS = ("order_accepted", "item_moved", "status_confirmed")
"""The facts by which a confirmation is judged."""
PATH = "/dossiers/{code}/legs/{leg}"


def routes(desk: Desk) -> APIRouter:
    """The two forms of a leg."""
    api = APIRouter()
    asks, sends = Depends(visits(desk, *ACT)), Depends(forms(desk, *ACT))

    @api.get(f"{PATH}/confirm")
    def confirm_form(visit: Annotated[Visit, asks], code: str, leg: str) -> Response:
        return _form(visit, "leg_confirm.html", code, _route(desk, visit.person, code, leg))

    @api.post(f"{PATH}/confirm")
    def confirm(sent: Annotated[Sent, sends], code: str, leg: str) -> Response:
        route, why = _route(desk, sent.person, code, leg), sentence(sent.text("why"))
        if not why:
            return _form(sent, "leg_confirm.html", code, route, "no_why", status=422)
        try:
            judged = _judged(desk, sent.person, code, route, sent.text("status"), why)
        except Archived:
            return _form(sent, "leg_confirm.html", code, route, "archived", status=409)
        if judged.fact is None:
            return _form(sent, "leg_confirm.html", code, route, "not_confirmed", judged.says, status=409)
        for _ in say(desk.producer, [judged]):
            pass
        return sent.back_to(f"/dossiers/{code}?said=confirmed")

    @api.get(f"{PATH}/age-out")
    def age_out_form(visit: Annotated[Visit, asks], code: str, leg: str) -> Response:
        return _form(visit, "leg_age_out.html", code, _route(desk, visit.person, code, leg))

    @api.post(f"{PATH}/age-out")
    def age_out(sent: Annotated[Sent, sends], code: str, leg: str) -> Response:
        route, why = _route(desk, sent.person, code, leg), sentence(sent.text("why"))
        if not why:
            return _form(sent, "leg_age_out.html", code, route, "no_why", status=422)
        silent = unheard(_open(code, route), now())
        try:
            word = aged_out(silent, code, leg, sent.person.name, desk.references.edition().version, why)
        except NotOpen:
            return _form(sent, "leg_age_out.html", code, route, "not_silent", status=409)
        desk.producer.publish([word])
        return sent.back_to(f"/dossiers/{code}?said=aged_out")

    return api


def _route(desk: Desk, person: Person, code: str, leg: str) -> Route:
    """The leg as its page shows it. Raises NotYours where there is none."""
    with desk.look(person) as look:
        known = dossier(look, code, now()).routes
    for one in known:
        if one.leg == leg:
            return one
    raise NotYours(f"{code}/{leg}")


def _form(
    visit: Visit, template: str, code: str, route: Route, wrong: str = "", detail: str = "", status: int = 200
) -> Response:
    wrong = getattr(visit.view.say.legs, wrong) if wrong else ""
    return visit.page(template, status=status, code=code, route=route, wrong=wrong, detail=detail)


def _judged(desk: Desk, person: Person, code: str, route: Route, status: str, why: str) -> Judged:
    """What becomes of the word, by the log's own records of the leg. Raises Archived, TryLater."""
    with desk.look(person) as look:
        rows = facts_of(look, code, KINDS, route.leg)
    claim = Claim(0, reference_of(code, route.leg), "", status)
    word = Word(route.carrier, why, person.name, desk.references.edition().version)
    known = legs(found(desk.settings.kafka_bootstrap, rows), [claim])
    return next(judge(word, [claim], known))


def _open(code: str, route: Route) -> list[OpenLeg]:
    """The leg, if something is expected of it."""
    if route.expected is None:
        return []
    seen = ParcelStatus(route.reported) if route.reported else None
    expected = ParcelStatus(route.expected)
    return [OpenLeg(code, route.leg, route.carrier, route.item_code, expected, route.expected_by, seen)]
