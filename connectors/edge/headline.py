"""The sentence about the date that a citizen came for, and one more where there is more to say."""

from datetime import date, datetime

from connectors.edge.page_words import LANGUAGES, SAYS
from connectors.explanation import Explanation
from rules.deadlines.phrases import FACTS, OUTCOMES, Effect
from rules.deadlines.state import is_past
from rules.words import shown_day
from schemas.clock import ClockState
from schemas.instant import date_of


def headline(one: Explanation, lang: str, at: datetime) -> tuple[str, str]:
    """What is to be said of a due date at this instant; the second sentence may be empty."""
    say, clock = SAYS[lang], one.dossier.clock
    stopped = _stopped(one, lang) if clock.state is ClockState.STOPPED else ""
    if clock.due_on and clock.due_at:
        weekday = say["weekdays"][clock.due_on.weekday()]
        due = say["was_due" if stopped else "due"]
        values = {"weekday": weekday, "day": shown_day(clock.due_on), "minute": f"{clock.due_at:%H:%M}"}
        return due.format(**values), stopped or (say["past"] if is_past(clock, at) else "")
    if stopped:
        return stopped, ""
    if clock.suspended_since:
        return say["suspended"].format(day=day_of(clock.suspended_since)), say["suspended_more"]
    if one.dossier.problem:
        return say["problem"], ""
    return say["not_started" if clock.has_term else "no_term"], ""


def _stopped(one: Explanation, lang: str) -> str:
    """What ended the resolution, when, and how that stands against the due date."""
    say, outcome, place = SAYS[lang], one.dossier.clock.outcome, place_of(lang)
    last = next((fact for fact in reversed(one.facts) if fact.effect is Effect.STOPPED), None)
    if last is None:
        return ""
    values = {"what": FACTS[last.kind][place].capitalize(), "day": day_of(last.at)}
    if outcome is None:
        return str(say["stopped_plainly"].format(**values))
    return str(say["stopped"].format(outcome=OUTCOMES[outcome][place], **values))


def day_of(day: date | datetime) -> str:
    """A day, or the day of an instant, as a citizen writes it."""
    return shown_day(date_of(day) if isinstance(day, datetime) else day)


def place_of(lang: str) -> int:
    """Where pairs of words have this language."""
    return list(LANGUAGES).index(lang)
