"""Another calendar, tried on every open dossier while its page looks on; put in force by an operator."""

from collections.abc import Callable, Iterator
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from connectors.calendars.drafts import NoSuchVersion, WrongDraft
from connectors.calendars.proposals import Proposal
from connectors.calendars.standings import Progress, Standing, read_standings
from connectors.calendars.trials import Trial, Trials
from connectors.calendars.versions import CannotApply, check_new, history
from connectors.console.desk import Desk
from connectors.console.door import Sent, Visit, forms, visits
from connectors.console.pages.calendar_form import Typed, WrongField, draft_of, typed_in
from connectors.console.people import Person, Role
from connectors.console.reading import calendar as reading
from connectors.console.view import HEADERS
from rules.deadlines.amending import CannotAmend
from rules.words import shown_day
from schemas.instant import date_of, now

log = structlog.get_logger()


def routes(
    desk: Desk, asked_again: Callable[[Visit, Typed], Response], no_version: Callable[[Visit], Response]
) -> APIRouter:
    """Begin a preview, look at it, fetch its table, put it in force; `asked_again` shows a form that was wrong."""
    api, trials = APIRouter(), Trials()
    seen, by_whom = visits(desk, Role.CITY, Role.OPERATOR), forms(desk, Role.CITY, Role.OPERATOR)

    @api.post("/calendar/preview")
    def begin(sent: Annotated[Sent, Depends(by_whom)]) -> Response:
        words = sent.view.say.calendar
        desk.references.newest()
        versions = desk.references.history()
        try:
            draft = draft_of(sent, versions, date_of(now()))
            proposal = Proposal(versions, draft.calendar)
        except WrongDraft as error:
            return asked_again(sent, typed_in(sent, mistakes=error.mistakes))
        except CannotAmend as error:
            return asked_again(sent, typed_in(sent, words.days[error.name].format(day=shown_day(error.day))))
        except WrongField as error:
            return asked_again(sent, typed_in(sent, words.fields[error.name]))
        except NoSuchVersion:
            return no_version(sent)
        trial = trials.begin(draft, proposal, lambda progress: _standings(desk, sent.person, progress))
        return sent.back_to(f"/calendar/preview/{trial.name}")

    @api.get("/calendar/preview")
    def form(visit: Annotated[Visit, Depends(seen)]) -> Response:
        return visit.back_to("/calendar")

    @api.get("/calendar/preview/{name}")
    def preview(visit: Annotated[Visit, Depends(seen)], name: str) -> Response:
        trial = trials.get(name)
        return _page(desk, visit, trial) if trial else _gone(visit)

    @api.get("/calendar/preview/{name}/csv")
    def table(visit: Annotated[Visit, Depends(seen)], name: str) -> Response:
        trial = trials.get(name)
        if trial is None or not trial.done:
            return _gone(visit)
        called = f"calendar-{trial.draft.calendar.version}.csv"
        return FileResponse(trial.csv, headers=HEADERS, media_type="text/csv; charset=utf-8", filename=called)

    @api.get("/calendar/preview/{name}/apply")
    def looked_at(visit: Annotated[Visit, Depends(seen)], name: str) -> Response:
        return visit.back_to(f"/calendar/preview/{quote(name, safe='')}")

    @api.post("/calendar/preview/{name}/apply")
    def apply(sent: Annotated[Sent, Depends(forms(desk, Role.OPERATOR))], name: str) -> Response:
        trial = trials.get(name)
        if trial is None:
            return _gone(sent)
        if not trial.done:
            return sent.back_to(f"/calendar/preview/{name}")
        if not (why := sent.text("why", 1000)):
            return _page(desk, sent, trial, wrong=sent.view.say.calendar.fields["no_why"])
        try:
            _apply(desk, trial, sent.text("against"), why, sent.person)
        except CannotApply as error:
            return _page(desk, sent, trial, wrong=_refusal(sent, error))
        return sent.back_to(f"/calendar?applied={quote(trial.draft.calendar.version, safe='')}")

    return api


def _standings(desk: Desk, person: Person, progress: Progress) -> Iterator[Standing]:
    with desk.look(person) as look:
        yield from read_standings(look.connection, look.tables, progress)


def _apply(desk: Desk, trial: Trial, against: str, why: str, person: Person) -> None:
    """Put in force what was tried, if what it was tried against still is. Raises CannotApply, TryLater."""
    bootstrap = desk.settings.kafka_bootstrap
    versions, calendar = history(bootstrap), trial.draft.calendar
    known = versions[-1].bundle.version
    if not known == against == trial.proposal.in_force.version:
        raise CannotApply("meanwhile", f"{known} is in force and not {against}", known=known)
    check_new(versions, calendar)
    proposal = Proposal(versions, calendar, f"{why} ({person.name})")
    proposal.apply(bootstrap)
    log.info("calendar.applied", version=proposal.bundle.version, by=person.name, why=why)
    # It is on its way to this process too: the next page shows it.
    desk.references.get(proposal.bundle.version)


def _page(desk: Desk, visit: Visit, trial: Trial, wrong: str = "") -> Response:
    """How far a trial is, or what it found; an operator may put it in force from here."""
    proposal = trial.proposal
    return visit.page(
        "calendar_preview.html",
        "calendar",
        422 if wrong else 200,
        trial=trial,
        totals=proposal.totals.figures(),
        difference=reading.difference(proposal.change),
        in_force=proposal.in_force,
        calendar=trial.draft.calendar,
        edition=desk.references.edition(),
        refusal=_why_not(desk, visit, trial),
        wrong=wrong,
    )


def _why_not(desk: Desk, visit: Visit, trial: Trial) -> str:
    """Why it cannot be put in force as it is; empty if it can."""
    proposal, words = trial.proposal, visit.view.say.calendar
    if proposal.changes_nothing:
        return str(words.nothing_to_do.format(version=proposal.in_force.calendar.version))
    newest = desk.references.newest().version
    try:
        if newest != proposal.in_force.version:
            raise CannotApply("meanwhile", "", known=newest)
        check_new(proposal.versions, trial.draft.calendar)
    except CannotApply as error:
        return _refusal(visit, error)
    return ""


def _refusal(visit: Visit, error: CannotApply) -> str:
    return str(visit.view.say.calendar.refused[error.name].format(**error.about))


def _gone(visit: Visit) -> Response:
    words = visit.view.say.calendar
    return visit.view.sentence(404, words.gone, words.gone_more)
