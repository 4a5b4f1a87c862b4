"""Carriers' codes that nobody knows: what came with them, and the form by which an operator gives one a meaning."""

import threading
import time
import weakref
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors import mapping
from connectors.codes import Codes as Topic
from connectors.codes import Said
from connectors.console.desk import Desk
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.people import Role
from connectors.console.reading import codes as reading
from connectors.mapping import CannotMap, Meaning
from connectors.unknown_codes import UnknownCode
from connectors.verdicts import TryLater
from schemas.instant import now
from schemas.postal import FailureReason, FaultParty, ParcelStatus

KEPT = timedelta(days=90)
"""For so long webhooks are kept: what came in before cannot be translated again."""
WAIT_SECONDS = 2.0
"""How long (real time) a page waits for another that asks the broker."""
AWAY_SECONDS = 10.0
"""For so long (real time) nobody asks a broker that did not answer."""
FIRM = {"yes": True, "no": False}
TYPED = ("status", "reason", "fault", "firm", "why", "instead", "again")
"""What the form carries besides the code."""
Word = TypeVar("Word", bound=StrEnum)


class Known:
    """What operators said of codes, for all threads of a process: while the broker is away none waits for it long."""

    def __init__(self, bootstrap: str) -> None:
        self._topic, self._turn = Topic(bootstrap), threading.Lock()
        self._away_until = 0.0

    def said(self) -> Said:
        """What was said by now. Raises TryLater."""
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise TryLater("no broker")
        try:
            if time.monotonic() < self._away_until:
                raise TryLater("no broker")
            self._refresh()
            return self._topic.said
        finally:
            self._turn.release()

    def close(self) -> None:
        """Let the broker go."""
        with self._turn:
            self._topic.close()

    def _refresh(self) -> None:
        try:
            self._topic.refresh()
        except TryLater:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise


def routes(desk: Desk) -> APIRouter:
    """The list, and the form."""
    api, known = APIRouter(), Known(desk.settings.kafka_bootstrap)
    operators = visits(desk, Role.OPERATOR)

    @api.get("/codes")
    def codes(
        visit: Annotated[Visit, Depends(visits(desk, Role.CITY, Role.OPERATOR))],
        carrier: str = "",
        code: str = "",
    ) -> Response:
        away = False
        try:
            found = _codes(desk, visit, known.said())
        except TryLater:
            # The codes are there; what was said of them is not, for now.
            away, found = True, _codes(desk, visit, Said())
        told = found.of(carrier, code)
        return visit.page("codes.html", found=found, away=away, told=told if told and told.mapping else None)

    # Closed when the app goes, or the process.
    weakref.finalize(codes, known.close)

    @api.get("/codes/map")
    def ask(visit: Annotated[Visit, Depends(operators)], carrier: str, code: str) -> Response:
        found = _codes(desk, visit, known.said()).of(carrier, code)
        return _form(visit, found) if found else _not_seen(visit)

    @api.post("/codes/map")
    def say(sent: Annotated[Sent, Depends(forms(desk, Role.OPERATOR))]) -> Response:
        about = {name: sent.text(name) for name in ("carrier", "code")}
        found = _codes(desk, sent, known.said()).of(**about)
        if found is None:
            return _not_seen(sent)
        try:
            desk.producer.publish([_word(sent, found)])
        except CannotMap as error:
            words = sent.view.say.codes
            return _form(sent, found, str(words.refused[error.name].format(**_told(sent, error))))
        return sent.back_to(f"/codes?{urlencode(about)}")

    return api


def _codes(desk: Desk, visit: Visit, said: Said) -> reading.Codes:
    with desk.look(visit.person) as look:
        return reading.codes(look, now() - KEPT, said)


# ---------------------------------------------------------------- what is said


def _word(sent: Sent, found: UnknownCode) -> Any:
    """What the form says of this code, as a fact. Raises CannotMap."""
    carrier, version, code = mapping.carrier_named(found.carrier), found.api_version, found.code
    meaning, before = _meaning(sent), found.mapping
    if not (why := sent.text("why", 1000)):
        raise CannotMap("no_why", "say why")
    mapping.check_reason(meaning)
    mapping.check_table(carrier, version, code, meaning)
    if meaning.is_that_of(before) and not sent.text("again"):
        raise CannotMap("already", "it is mapped so")
    name, instead = mapping.called(carrier.name, version, code), bool(sent.text("instead"))
    mapping.check_before(name, before, meaning, instead=instead)
    return mapping.mapping(carrier.name, version, code, meaning, why, sent.person.name)


def _meaning(sent: Sent) -> Meaning:
    if not sent.text("status"):
        raise CannotMap("no_status", "choose a status")
    reason, fault = _one_of(FailureReason, sent.text("reason")), _one_of(FaultParty, sent.text("fault"))
    return Meaning(mapping.status_named(sent.text("status")), FIRM.get(sent.text("firm")), reason, fault)


def _one_of(words: type[Word], said: str) -> Word | None:
    return next((one for one in words if one.value == said), None)


def _told(sent: Sent, error: CannotMap) -> dict[str, str]:
    """What differs from one refusal to the next, its statuses in the reader's words."""
    statuses = sent.view.say.codes.statuses
    return {name: statuses.get(said, said) for name, said in error.about.items()}


# ---------------------------------------------------------------- pages


def _form(visit: Visit, found: UnknownCode, wrong: str = "") -> Response:
    """The form for a code, with what was typed and what is wrong with it."""
    typed = {name: visit.text(name, 1000) if isinstance(visit, Sent) else "" for name in TYPED}
    return visit.page(
        "code.html",
        one=found,
        wrong=wrong,
        typed=typed,
        statuses=[one for one in ParcelStatus if one is not ParcelStatus.UNKNOWN or found.mapping],
        reasons=list(FailureReason),
        faults=list(FaultParty),
        status=422 if wrong else 200,
    )


def _not_seen(visit: Visit) -> Response:
    words = visit.view.say.codes
    return visit.view.sentence(404, words.not_seen, words.not_seen_more)
