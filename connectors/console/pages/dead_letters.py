"""Dead letters: by topic and reason, one of them, and back where they came from; first tried, then done by name.

Their bytes are not shown here: `hoso dead-letters show` does, on the machine of whoever may read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from connectors.console.desk import Desk, NotYours
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.people import Role
from connectors.console.reading import dead_letters as reading
from connectors.console.reading.dead_letters import Letters
from connectors.console.sentence import sentence
from connectors.day_keys import DayEvidence
from connectors.dead_letters import DeadLetter, NoSuchLetter, State, grouped, named, read, redrivable
from connectors.letter_boxes import LetterOpener
from connectors.redriving import Planned, plan, put_back

SHOWN = 100
"""So many letters of a group are shown, and so many are put back at once."""
MOST_NAMES = 20_000
YES = "yes"
PATH = "/pipeline/dead-letters"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which letters are to be put back: those of a topic and reason, or one by its id; and what is let pass."""

    topic: str = ""
    reason: str = ""
    letter: str = ""
    unread: bool = False
    once_more: bool = False


def routes(desk: Desk) -> APIRouter:
    """The groups, a group, a letter, and putting them back."""
    api, letters = APIRouter(), Letters(desk.settings.kafka_bootstrap)
    asks, sends = Depends(visits(desk, Role.OPERATOR)), Depends(forms(desk, Role.OPERATOR))

    @api.get(PATH)
    def all_groups(visit: Annotated[Visit, asks], state: State | None = None) -> Response:
        known = [one for one in letters.all() if state is None or one.state is state]
        return visit.page("dead_letters.html", "pipeline", groups=reading.groups(known), state=state, states=State)

    @api.get(f"{PATH}/group")
    def group(visit: Annotated[Visit, asks], topic: str, reason: str, put: int = 0) -> Response:
        found = reading.of_group(letters.all(), topic, reason)
        if not found:
            raise NotYours(reason)
        waiting = sum(one.state is State.WAITING for one in found)
        return visit.page(
            "dead_letter_group.html",
            "pipeline",
            topic=topic,
            reason=reason,
            letters=found[:SHOWN],
            count=len(found),
            waiting=waiting,
            put=put,
        )

    @api.get(f"{PATH}/letter")
    def letter(visit: Annotated[Visit, asks], id: str, put: int = 0) -> Response:
        one = next((one for one in letters.all() if id in one.ids), None)
        if one is None:
            raise NotYours(id)
        return visit.page("dead_letter.html", "pipeline", letter=one, put=put)

    @api.get(f"{PATH}/redrive")
    def tried(visit: Annotated[Visit, asks], topic: str = "", reason: str = "", letter: str = "", unread: str = "",
              once_more: str = "") -> Response:  # fmt: skip
        chosen = Chosen(topic, reason, letter, unread == YES, once_more == YES)
        found = _letters(_read(desk), chosen)
        return _plan(visit, chosen, _planned(desk, found[:SHOWN], chosen), more=max(0, len(found) - SHOWN))

    @api.post(f"{PATH}/redrive")
    def redrive(sent: Annotated[Sent, sends]) -> Response:
        chosen, why = _sent(sent), sentence(sent.text("why"))
        found = _named(_read(desk), sent.text("letters", MOST_NAMES).split())
        planned = _planned(desk, found[:SHOWN], chosen)
        if not why:
            return _plan(sent, chosen, planned, wrong=sent.view.say.dead_letters.no_why, status=422)
        done = list(put_back(desk.producer, planned, why, sent.person.name))
        if done and all(one.stands_at for one in done):
            return sent.back_to(f"{_place(chosen)}&put={len(done)}")
        return sent.page("dead_letters_put.html", "pipeline", 409, done=done, chosen=chosen, back=_place(chosen))

    return api


def _read(desk: Desk) -> list[DeadLetter]:
    """All letters, opened: to be put back, not to be shown."""
    return read(desk.settings.kafka_bootstrap, LetterOpener(desk.store, desk.secrets.openers_private).opened)


def _letters(known: Sequence[DeadLetter], chosen: Chosen) -> list[DeadLetter]:
    """Those that were chosen. Raises NotYours where there is none of that name."""
    if chosen.letter:
        return _named(known, [chosen.letter])
    group = grouped(known).get((chosen.topic, chosen.reason), [])
    return redrivable(group, once_more=chosen.once_more)


def _named(known: Sequence[DeadLetter], names: Sequence[str]) -> list[DeadLetter]:
    """Each once, as they were named. Raises NotYours."""
    try:
        return list({one.id: one for one in (named(known, name) for name in names)}.values())
    except NoSuchLetter as error:
        raise NotYours(str(error)) from error


def _planned(desk: Desk, letters: Sequence[DeadLetter], chosen: Chosen) -> list[Planned]:
    evidence = DayEvidence(desk.store, desk.secrets.evidence)
    return plan(letters, evidence, unread=chosen.unread, once_more=chosen.once_more)


def _plan(
    visit: Visit, chosen: Chosen, planned: Sequence[Planned], more: int = 0, wrong: str = "", status: int = 200
) -> Response:
    """What would become of them, and the form that does it."""
    go = [one for one in planned if one.refused is None]
    return visit.page(
        "dead_letters_try.html",
        "pipeline",
        status,
        chosen=chosen,
        planned=planned,
        names=" ".join(one.letter.id for one in go),
        count=len(go),
        more=more,
        wrong=wrong,
        back=_place(chosen),
        yes=YES,
    )


def _place(chosen: Chosen) -> str:
    """The page that they were chosen on, below the console's."""
    if chosen.letter:
        return f"{PATH}/letter?{urlencode({'id': chosen.letter})}"
    return f"{PATH}/group?{urlencode({'topic': chosen.topic, 'reason': chosen.reason})}"


def _sent(sent: Sent) -> Chosen:
    # As they were: a reason that was cut may end with a space.
    topic, reason, letter = (str(sent.fields.get(name, ""))[:500] for name in ("topic", "reason", "letter"))
    return Chosen(topic, reason, letter, sent.text("unread") == YES, sent.text("once_more") == YES)
