"""What the OpenAPI document says of a citizen's page and its rating, where the code itself does not show it."""

from typing import Any

from connectors.edge.door import problems
from connectors.edge.rating import FORM, JSON
from rules.rating import MOST_WORDS, QUESTIONS

Answers = dict[int | str, dict[str, Any]]
HTML = "text/html"
A_PAGE: dict[str, Any] = {HTML: {"schema": {"type": "string"}}}
A_DOCUMENT: dict[str, Any] = {JSON: {"schema": {"type": "object"}}}
SHOWN: Answers = {200: {"description": "The dossier", "content": A_PAGE | A_DOCUMENT}}
BEGUN: Answers = {303: {"description": "To the page of the code"}, 404: {"description": "No code", "content": A_PAGE}}
RATED: Answers = {
    200: {"description": "It was said before", "content": A_DOCUMENT},
    201: {"description": "It is on the log", "content": A_DOCUMENT},
    303: {"description": "It is on the log; to the page, for a form"},
}
SAYS = {
    403: "The token is of no page of ours, or too old", 404: "No dossier bears this code",
    409: "Rated already, or without a result", 422: "Something is missing or wrong", 429: "Too many codes were wrong",
    503: "It cannot be read now",
}  # fmt: skip


def answers(*statuses: int) -> Answers:
    """What a citizen or their app is told where it did not go well: a page, or a problem."""
    found = problems(*statuses)
    for status, said in found.items():
        said["description"] = SAYS.get(int(status), said["description"])
        said["content"] = A_PAGE | said["content"]
    return found


def rating_body() -> dict[str, Any]:
    """A rating as the app sends it, and as the page's form does."""
    points = {"type": "integer", "minimum": 0, "maximum": 2}
    words: dict[str, Any] = {"comment": {"type": "string", "maxLength": MOST_WORDS}, "token": {"type": "string"}}
    scores = {"type": "array", "items": points, "minItems": len(QUESTIONS), "maxItems": len(QUESTIONS)}
    names = [question.name for question in QUESTIONS]
    document = {"type": "object", "required": ["scores", "token"], "properties": {"scores": scores} | words}
    form = {"type": "object", "required": [*names, "token"], "properties": dict.fromkeys(names, points) | words}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": document}, FORM: {"schema": form}}}}
