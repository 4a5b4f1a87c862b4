"""The forms for another calendar: what was typed in, a draft out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import ValidationError
from starlette.datastructures import UploadFile

from connectors.calendars.drafts import CALLED, Draft, WrongDraft, earlier, with_days, written
from connectors.console.door import Sent
from connectors.reference import Published
from schemas.reference import CalendarDay

MOST_TEXT = 1_500_000
"""Characters of a calendar that is pasted."""
FIELDS = ("off_on", "off_basis", "on_on", "on_basis", "document", "text")


class WrongField(ValueError):
    """A field that cannot be taken; `name` is the case."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, and what is wrong with it: in a sentence of the page's, or in lines about a file."""

    fields: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    wrong: str = ""
    mistakes: tuple[str, ...] = ()


def typed_in(sent: Sent, wrong: str = "", mistakes: tuple[str, ...] = ()) -> Typed:
    """What was typed, and what is wrong with it."""
    return Typed({name: sent.text(name, MOST_TEXT) for name in FIELDS}, wrong, mistakes)


def draft_of(sent: Sent, versions: Sequence[Published], today: date) -> Draft:
    """What a form proposes. Raises WrongField, WrongDraft, CannotAmend, NoSuchVersion."""
    if version := sent.text("puts_back"):
        return earlier(versions, version, today)
    if sent.text("what") == "days":
        off, on = (_row(sent, f"{name}_on", f"{name}_basis") for name in ("off", "on"))
        if off is None and on is None:
            raise WrongField("no_day")
        return with_days(versions, off, on, today)
    text = _file(sent) or sent.text("text", MOST_TEXT)
    if not text:
        raise WrongField("no_file")
    return written(text)


def _row(sent: Sent, day: str, basis: str) -> CalendarDay | None:
    """A row of the table as the form has it; None where its day is empty."""
    if not sent.text(day):
        return None
    if not sent.text(basis):
        raise WrongField("no_basis")
    try:
        read = date.fromisoformat(sent.text(day)).isoformat()
    except ValueError as error:
        raise WrongField("no_date") from error
    try:
        return CalendarDay(day=read, basis=sent.text(basis), document=sent.text("document") or None)
    except ValidationError as error:
        raise WrongField("too_long") from error


def _file(sent: Sent) -> str:
    """The text of the file that was sent along; empty if there was none."""
    given = sent.fields.get("file")
    if not isinstance(given, UploadFile):
        return ""
    try:
        return given.file.read().decode()
    except UnicodeDecodeError as error:
        raise WrongDraft((f"{CALLED}: {error}",)) from error
