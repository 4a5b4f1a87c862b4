"""`hoso explain CODE`: why a dossier's date is what it is, and the link by which its citizen may read the same."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connectors.explanation import Explanation, as_json, explained
from connectors.qr import write
from connectors.secrets import NoSuchSecret, load_secrets
from connectors.settings import Settings
from connectors.tracking import link
from hoso.cli.cluster import bootstrap_of
from hoso.cli.dossier import AsJson, Code, found
from hoso.cli.language import Language
from rules.deadlines import articles
from rules.deadlines.phrases import PROVISIONAL, day_in

COLUMNS = {Language.VI: ("ngày", "", "được tính là", "căn cứ"), Language.EN: ("day", "", "counted as", "basis")}
WEEKDAYS = {
    Language.VI: ("T2", "T3", "T4", "T5", "T6", "T7", "CN"),
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
DUE = {Language.VI: "hạn trả {day}", Language.EN: "due on {day}"}
NO_DUE = {Language.VI: "chưa có hạn trả: {state}", Language.EN: "no due date now: {state}"}
CALENDAR = {Language.VI: "lịch {version}", Language.EN: "calendar {version}"}
CHANGED = {
    Language.VI: "{on}: dữ liệu {was} được thay bằng {will}: {reason}",
    Language.EN: "{on}: reference data {was} gave way to {will}: {reason}",
}
MOVED = {Language.VI: "; hạn {was} chuyển thành {will}", Language.EN: "; due {was} became {will}"}


def explain(
    code: Code,
    lang: Annotated[Language, typer.Option(help="The language of the working.")] = Language.EN,
    for_citizen: Annotated[bool, typer.Option("--link", help="Only the link to the citizen's page of it.")] = False,
    qr: Annotated[Path | None, typer.Option(help="Write that link to this file as a QR code, .svg or .png.")] = None,
    in_json: AsJson = False,
) -> None:
    """Print a dossier's deadline with its working, one line a day, in English or Vietnamese.

    \b
    hoso explain H29.12-261102-0001
    hoso explain H29.12-261102-0001 --lang vi
    hoso explain H29.12-261102-0001 --json | jq '.facts[] | select(.effect != "NONE")'
    hoso explain H29.12-261102-0001 --link
    hoso explain H29.12-261102-0001 --link --qr slip.svg

    Whoever has the link may read the page: give it to the citizen alone. It begins with HOSO_PUBLIC_URL.
    """
    told, reference = found(code)
    if for_citizen or qr is not None:
        address = _link(code)
        if qr is not None:
            _write(address, qr)
        print(address)
        return
    one = explained(told, reference)
    if in_json:
        print(json.dumps(as_json(one), ensure_ascii=False, indent=2))
        return
    console = Console()
    if not one.working:
        clock = one.dossier.clock
        why = f"its clock is {clock.state}" if clock.has_term else "its procedure has no term"
        console.print(f"{code} has no deadline: {one.dossier.problem or why}")
        return
    console.print(_table(one, lang))
    for sentence in (*_changes(one, lang), _date(one, lang)):
        console.print(sentence, highlight=False, markup=False)


def _link(code: str) -> str:
    settings = Settings(kafka_bootstrap=bootstrap_of())
    public_url = settings.public_url or f"http://{settings.edge_host}:{settings.edge_port}"
    try:
        return link(public_url, code, load_secrets(settings.secrets_dir).tracking.of(code))
    except NoSuchSecret as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def _write(address: str, file: Path) -> None:
    try:
        write(address, file)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def _table(one: Explanation, lang: Language) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in COLUMNS[lang]:
        table.add_column(name)
    for line in one.working:
        text, basis = (line.text_vi, line.basis_vi) if lang is Language.VI else (line.text_en, line.basis)
        table.add_row(day_in(line.day)[_place(lang)], WEEKDAYS[lang][line.day.weekday()], text, basis)
    return table


def _changes(one: Explanation, lang: Language) -> Iterator[str]:
    """Each time the dossier was put on other reference data, and what that did to its date."""
    for change in one.changes:
        on = day_in(change.at.date())[_place(lang)]
        said = CHANGED[lang].format(on=on, was=change.from_version, will=change.to_version, reason=change.reason)
        if change.previous_due_on and change.due_on:
            was, will = (day_in(day)[_place(lang)] for day in (change.previous_due_on, change.due_on))
            said += MOVED[lang].format(was=was, will=will)
        yield said


def _date(one: Explanation, lang: Language) -> str:
    """The date in force, with the article, the calendar, and whether it is provisional."""
    clock, calendar = one.dossier.clock, one.inputs.calendar if one.inputs else None
    due = DUE[lang].format(day=day_in(clock.due_on)[_place(lang)]) if clock.due_on else ""
    rests_on = [articles.in_vietnamese(clock.basis) if lang is Language.VI else clock.basis] if clock.basis else []
    rests_on += [CALENDAR[lang].format(version=calendar.version)] if calendar else []
    rests_on += [PROVISIONAL[_place(lang)]] if clock.provisional else []
    return f"{due or NO_DUE[lang].format(state=clock.state)} ({'; '.join(rests_on)})"


def _place(lang: Language) -> int:
    """Where the rules' pairs of words have this language."""
    return list(Language).index(lang)
