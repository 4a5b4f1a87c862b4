"""Holds: what is held, by whom and why, which lanes hold themselves and ask; set one, and release one."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.braking import CannotHold, held, hold_on, known, lifted, scope_of
from connectors.carriers import carriers
from connectors.console.desk import Desk
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.people import Role
from connectors.console.sentence import sentence
from connectors.holds import standing
from schemas.ops import Brake, Scope

PATH = "/pipeline/holds"
FIELDS = ("what", "carrier", "agency", "procedure", "why")


def routes(desk: Desk) -> APIRouter:
    """The list with its forms."""
    api = APIRouter()
    asks, sends = Depends(visits(desk, Role.OPERATOR)), Depends(forms(desk, Role.OPERATOR))

    @api.get(PATH)
    def holds(visit: Annotated[Visit, asks], said: str = "") -> Response:
        return _page(desk, visit, said=said)

    @api.post(f"{PATH}/set")
    def hold(sent: Annotated[Sent, sends]) -> Response:
        try:
            scope = known(_scope(sent), desk.references.edition)
            word = held(scope, sentence(sent.text("why")), sent.person.name)
        except CannotHold as error:
            return _page(desk, sent, wrong=_words(sent, error), typed=True, status=422)
        desk.producer.publish([word])
        return sent.back_to(f"{PATH}?said=held")

    @api.post(f"{PATH}/release")
    def release(sent: Annotated[Sent, sends]) -> Response:
        try:
            scope = _scope(sent)
            word = lifted(scope, sentence(sent.text("why")), sent.person.name)
        except CannotHold as error:
            return _page(desk, sent, wrong=_words(sent, error), status=422)
        if hold_on(standing(desk.settings.kafka_bootstrap), scope) is None:
            return _page(desk, sent, wrong=sent.view.say.holds.not_held.format(said=scope.text), status=409)
        desk.producer.publish([word])
        return sent.back_to(f"{PATH}?said=released")

    return api


def _scope(sent: Sent) -> Scope:
    """What a form names. Raises CannotHold."""
    what, *named = (sent.text(name) for name in FIELDS[:4])
    if what not in set(Brake):
        raise CannotHold("no_brake", "there is no such brake", what)
    return scope_of(Brake(what), *(value or None for value in named))


def _words(sent: Sent, error: CannotHold) -> str:
    """Why it is refused, in the reader's language."""
    return str(sent.view.say.holds.refused[error.name]).format(said=error.said)


def _page(
    desk: Desk, visit: Visit, said: str = "", wrong: str = "", *, typed: bool = False, status: int = 200
) -> Response:
    """The holds as they stand now, and the form, with what was typed in it if that is to be mended."""
    brakes = standing(desk.settings.kafka_bootstrap)
    fields = {name: visit.text(name) if typed and isinstance(visit, Sent) else "" for name in FIELDS}
    return visit.page(
        "holds.html",
        "pipeline",
        status,
        holds=sorted(brakes.on(), key=lambda one: (not one.data.asks, one.time)),
        edition=desk.references.edition(),
        brakes=Brake,
        carriers=sorted(carriers()),
        fields=fields,
        said=said,
        wrong=wrong,
    )
