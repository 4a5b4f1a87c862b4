"""Answers of a citizen's page that show no dossier: why not, and what became of a rating; as pages or in JSON."""

from fastapi import Response
from fastapi.responses import JSONResponse, RedirectResponse

from connectors.archive import BrokenArchive
from connectors.edge import page
from connectors.edge.finding import NotHere, TooMany
from connectors.edge.link import Link
from connectors.edge.problem import Problem, later
from connectors.edge.rating import Became, Sent
from connectors.metrics import counter
from connectors.verdicts import TryLater
from rules.rating import Rateable
from rules.reference import UnknownVersion

NOTHING = (NotHere, TooMany, TryLater, BrokenArchive, UnknownVersion)
"""Why there is nothing to say of a dossier."""


def count(verdict: str) -> None:
    """One citizen's page more, by what came of it."""
    counter("hoso_track_total").labels(verdict).inc()


def nothing(link: Link, why: Exception, plain: bool) -> Response:
    """What is said where nothing of a dossier can be; `plain` for an app."""
    match why:
        case NotHere():
            count("unknown")
            problem = Problem(404, "No dossier bears this code; look at the slip.", page.PRIVATE)
            return problem.response() if plain else page.not_here(link)
        case TooMany():
            count("throttled")
            says = "Too many codes were wrong; wait, or give the dossier's code too, as ?dossier=."
            problem = Problem(429, says, page.PRIVATE | {"retry-after": str(int(why.wait_seconds) + 1)})
            return problem.response() if plain else page.too_many(link, why.wait_seconds)
        case _:
            count("later")
            return later("the dossier cannot be read now").response() if plain else page.later(link)


def not_ours(link: Link, plain: bool) -> Response:
    """403: whatever sent this rating, no page of ours that is open still did."""
    says = "The token is not one of this page, or too old; get the dossier again and send its token."
    return Problem(403, says, page.PRIVATE).response() if plain else page.not_taken(link, 403, "form_too_old")


def incomplete(sent: Sent) -> Response:
    """422 for an app: every fault at once."""
    errors = [{"field": name, "problem": "It is missing or wrong."} for name in sent.faults]
    says = "Nothing was taken; `errors` names what is missing or wrong."
    return Problem(422, says, page.PRIVATE, {"errors": errors}).response()


def rated(link: Link, became: Became) -> Response:
    """What became of the page's form."""
    match became:
        case Became.TAKEN | Became.REPEATED:
            return RedirectResponse(f"{link.path}{link.query}&rated=1#rating", 303, page.PRIVATE)
        case Became.ANOTHER:
            return page.not_taken(link, 409, "rated_before")
        case Became.NOT_OPEN:
            return page.not_taken(link, 409, "not_rateable")


def rated_plainly(became: Became) -> Response:
    """What became of an app's rating."""
    match became:
        case Became.TAKEN | Became.REPEATED:
            said = {"rating": {"state": Rateable.RATED.value}}
            return JSONResponse(said, 201 if became is Became.TAKEN else 200, page.PRIVATE)
        case Became.ANOTHER:
            says = "This dossier has been rated already; the first rating stays."
        case Became.NOT_OPEN:
            says = "This dossier cannot be rated now: it has no result."
    return Problem(409, says, page.PRIVATE).response()
