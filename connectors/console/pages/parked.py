"""Parked dossiers: why their facts wait, and the two words that end it, by name and with a reason."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.people import Person, Role
from connectors.console.reading import parked as reading
from connectors.console.reading.parked import Held, Reasons
from connectors.console.sentence import sentence
from connectors.parked import Parked, retried, skipped
from rules.reference import Edition

PATH = "/pipeline/parked"


def routes(desk: Desk) -> APIRouter:
    """The list, a dossier, and what is said of it."""
    api, reasons = APIRouter(), Reasons(desk.settings.kafka_bootstrap)
    asks, sends = Depends(visits(desk, Role.OPERATOR)), Depends(forms(desk, Role.OPERATOR))

    @api.get(PATH)
    def all_parked(visit: Annotated[Visit, asks], said: str = "", code: str = "") -> Response:
        with desk.look(visit.person) as look:
            rows, count = reading.held(look)
            edition = look.library.newest
        why, away = reasons.as_far_as_known(rows)
        return visit.page(
            "parked.html",
            "pipeline",
            rows=rows,
            count=count,
            why=why,
            away=away,
            edition=edition,
            said=said,
            code=code,
        )

    @api.get(f"{PATH}/{{code}}")
    def one(visit: Annotated[Visit, asks], code: str) -> Response:
        held, edition = _held(desk, visit.person, code)
        return _page(visit, held, edition, reasons)

    @api.post(f"{PATH}/{{code}}/retry")
    def retry(sent: Annotated[Sent, sends], code: str) -> Response:
        held, edition = _held(desk, sent.person, code)
        if not (why := sentence(sent.text("why"))):
            return _page(sent, held, edition, reasons, "no_why", 422)
        desk.producer.publish([retried(code, sent.person.name, desk.references.edition().version, why)])
        return sent.back_to(f"{PATH}?said=retried&code={code}")

    @api.post(f"{PATH}/{{code}}/skip")
    def skip(sent: Annotated[Sent, sends], code: str) -> Response:
        held, edition = _held(desk, sent.person, code)
        if not (why := sentence(sent.text("why"))):
            return _page(sent, held, edition, reasons, "no_why", 422)
        # What was read on the page is what is skipped: another fact may stand there now.
        waits = reasons.of([held]).get(code)
        if waits is None or waits.what != sent.text("what"):
            return _page(sent, held, edition, reasons, "another", 409)
        desk.producer.publish([skipped(waits, sent.person.name, desk.references.edition().version, why)])
        return sent.back_to(f"{PATH}?said=skipped&code={code}")

    return api


def _held(desk: Desk, person: Person, code: str) -> tuple[Held, Edition]:
    """The dossier as the read model has it. Raises NotYours where it is not parked."""
    with desk.look(person) as look:
        return reading.held_one(look, code), look.library.newest


def _page(visit: Visit, held: Held, edition: Edition, reasons: Reasons, wrong: str = "", status: int = 200) -> Response:
    known, away = reasons.as_far_as_known([held])
    waits: Parked | None = known.get(held.code)
    return visit.page(
        "parked_one.html",
        "pipeline",
        status,
        held=held,
        waits=waits,
        is_over=held.code in known and waits is None,
        away=away,
        edition=edition,
        wrong=getattr(visit.view.say.parked, wrong) if wrong else "",
    )
