"""Reports: choose one, see its sheet with its identities checked, take it along as a file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from connectors.console.desk import Desk, NotYours
from connectors.console.door import Visit, visits
from connectors.console.kept import Kept
from connectors.console.reading import reports as reading
from connectors.console.reading.reports import Fields, Made, Question, WrongQuestion
from connectors.console.view import HEADERS
from connectors.reports.every import REPORTS
from rules.reports.form06a import BY
from schemas.instant import date_of, now

BOM = "\ufeff"
"""Spreadsheets take a file without it for one in the machine's old code page."""
FILES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def routes(desk: Desk) -> APIRouter:
    """The form with its sheet, and the same as files."""
    api = APIRouter()
    kept: Kept[Question, Made] = Kept()

    def made(visit: Visit, question: Question) -> Made:
        def make() -> Made:
            with desk.look(visit.person) as look:
                return reading.make(look, question)

        # Whoever may ask a question gets one answer: the question names the agency that it is of.
        return kept.get(question, make)

    @api.get("/reports")
    def reports(visit: Annotated[Visit, Depends(visits(desk))]) -> Response:
        fields, question, result, wrong = _fields(visit.request), None, None, ""
        with desk.look(visit.person) as look:
            edition, mine = look.library.newest, look.agency
            try:
                question = reading.question(look, fields)
            except WrongQuestion as error:
                wrong = str(error.args[0])
        if question is not None and visit.request.query_params.get("report"):
            result = made(visit, question)
        return visit.page(
            "reports.html",
            "reports",
            422 if wrong else 200,
            fields=fields,
            question=question,
            result=result,
            wrong=wrong,
            reports=REPORTS,
            breaks=BY,
            mine=mine,
            edition=edition,
            periods=list(reading.periods(date_of(now()))),
        )

    @api.get("/reports/{name}.{form}")
    def file(visit: Annotated[Visit, Depends(visits(desk))], name: str, form: str) -> Response:
        view = visit.view
        if form not in FILES:
            raise NotYours(form)
        try:
            with desk.look(visit.person) as look:
                question = reading.question(look, _fields(visit.request, name))
        except WrongQuestion as error:
            return view.sentence(422, view.say.frame.malformed, getattr(view.say.reports, str(error.args[0])))
        sheet = made(visit, question).sheet
        body = BOM + sheet.csv() if form == "csv" else sheet.json()
        disposition = f'attachment; filename="{question.file}.{form}"'
        return Response(body, headers={**HEADERS, "content-disposition": disposition}, media_type=FILES[form])

    return api


def _fields(request: Request, report: str = "") -> Fields:
    query = request.query_params
    named = {"report": report} if report else {}
    return reading.fields_of(dict(query) | named, query.getlist("by"), date_of(now()))
