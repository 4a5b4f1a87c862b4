"""A look ahead at a due date: where the forecast says that it will not be kept, a letter of apology is owed."""

from typing import Any

from rules.deadlines.forecast import Forecast, forecast
from rules.deadlines.form04 import draft
from rules.deadlines.limits import LOOKS_AHEAD, Limit, LimitAt
from rules.facts import caused, present
from rules.notices import Telling
from rules.plain import plain
from rules.turn import Turn
from schemas.deadline import ApologyOwed
from schemas.instant import date_of
from schemas.notice import NoticeKind

LAST = str(LOOKS_AHEAD[-1])


def apology_reacts(turn: Turn, look: LimitAt) -> None:
    """Said, and told to its agencies with a draft of the letter; nothing of a dossier that will make it.

    The forecast is as of when the firing came in: one that is late judges by the day on which it can still be heeded,
    and where the last look is due by then it leaves the word to that one.
    """
    after, event = turn.after, turn.event
    # The last look is on the last day on which the decree lets the letter go out.
    last = next(one.at for one in after.limits if one.limit is Limit.APOLOGY and one.about == LAST)
    if look.about != LAST and last <= event.recorded:
        return
    found = forecast(after, turn.view, turn.edition, event.recorded)
    if found is None or found.will_make_it:
        return
    data = present({"limit_on": date_of(last), "holder": turn.view.holder, "about": look.about})
    turn.facts.append(caused(ApologyOwed, event, data, look.key))
    payload = plain(data | {"due_on": look.limit_on}) | {
        "forecast": forecast_shown(found),
        "may_extend": not after.clock.extended,
        "draft": draft(after.code, after.status, turn.procedure, look.limit_on, found, turn.edition),
    }
    values = {"due": look.limit_on, "limit": data["limit_on"]}
    turn.tellings.append(Telling(NoticeKind.APOLOGY_OWED, payload, values, (look.key,)))


def forecast_shown(found: Forecast) -> dict[str, Any]:
    """A forecast as JSON has it."""
    return {
        "will_make_it": found.will_make_it,
        "working_days_left": found.working_days_left,
        "working_days_needed": found.working_days_needed,
        "stage": found.stage.value,
        "rests_on": found.usual.rests_on.value,
        "cases": found.usual.cases,
        "waits_for": [
            plain({"what": wait.what.value, "about": wait.about, "agency": wait.agency, "until": wait.until})
            for wait in found.waits_for
        ],
    } | ({} if found.will_make_it else {"new_due_on": found.new_on.isoformat()})
