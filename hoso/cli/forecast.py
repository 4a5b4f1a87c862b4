"""`hoso forecast learn|show`: how long procedures' cases take, and which dossiers will not make it."""

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.archive import opened
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted
from schemas.event import DOSSIER

if TYPE_CHECKING:
    from rules.deadlines.forecast import Forecast
    from schemas.reference import Bundle, CaseHistory

forecast = typer.Typer()
PROGRESS_EVERY = 20_000
SHOWN = (50, 80, 90, 95, 100)
"""The shares that a terminal is shown."""

Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@forecast.callback()
def about() -> None:
    """Whether dossiers will have their result by their due date: the rule is in docs/forecast.md."""


@forecast.command()
def learn(
    begins: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day of results that teach.")
    ] = None,
    ends: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The day after the last.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the table to this file.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Put it in force, as a new version.")] = False,
    folder: Annotated[Path | None, typer.Option(help="The reference data whose table is kept in step.")] = None,
    archive: Annotated[
        str | None, typer.Option(envvar="HOSO_ARCHIVE", help="Read this archive and the topic as one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure finished dossiers: how many working days each procedure's cases took from each stage to their result.

    The log is folded; nothing is said to anybody. Procedures with fewer cases than the reference data's `least_cases`
    are left out. Without -o or --publish the table goes to standard output. A new version moves no due date.

    \b
    hoso forecast learn -o history.csv
    hoso forecast learn --from 2026-01-01 --to 2027-01-01 --publish
    hoso forecast learn --json | jq '.history[] | select(.procedure == "1.004873")'
    """
    from connectors.forecast_files import written_history
    from connectors.reference import in_force
    from connectors.reference import publish as put_in_force
    from hoso.forecasting import Window, learned, with_history

    window = Window(begins.date() if begins else None, ends.date() if ends else None)
    with answering():
        bootstrap = bootstrap_of()
        bundle = in_force(bootstrap) or stop("no reference data is published: `hoso reference apply`")
        tally = learned(bootstrap, window, opened(archive) if archive else None, _progress)
        history = tally.history(bundle.forecast.least_cases)
        why = f"history of {tally.dossiers} dossiers with a result"
        if publish and not history:
            stop(f"{why}, and no procedure has {bundle.forecast.least_cases} of them: nothing is published")
        table = written_history(history)
        if output is not None:
            output.write_text(table, encoding="utf-8")
        after = with_history(bundle, history, why)
        if publish:
            put_in_force(bootstrap, after)
            _keep(folder, table)
    if as_json:
        rows = [row.model_dump(mode="json", exclude_none=True) for row in history]
        version = after.version if publish else None
        print(json.dumps({"dossiers": tally.dossiers, "version": version, "history": rows}, ensure_ascii=False))
    elif output is None and not publish:
        print(table, end="")
    size = counted(len(history), "row")
    print(f"{why}: {size}" + (f", {after.version} is in force" if publish else ""), file=sys.stderr)


@forecast.command()
def show(
    what: Annotated[str, typer.Argument(metavar="CODE|PROCEDURE", help="A dossier's code, or a procedure's.")],
    as_json: Json = False,
) -> None:
    """Say whether a dossier will make it, as of now; or how long a procedure's cases took.

    \b
    hoso forecast show H29.12-261102-0001
    hoso forecast show 1.004873
    hoso forecast show 1.004873 --json
    """
    from connectors.reference import in_force

    with answering():
        bundle = in_force(bootstrap_of()) or stop("no reference data is published: `hoso reference apply`")
    if re.fullmatch(DOSSIER, what):
        _show_dossier(what, bundle, as_json)
    else:
        _show_procedure(what, bundle, as_json)


def _show_dossier(code: str, bundle: "Bundle", as_json: bool) -> None:
    from hoso.cli.dossier import found
    from rules.deadlines.apology import forecast_shown
    from rules.deadlines.forecast import forecast as forecast_of
    from rules.reference import Edition
    from schemas.instant import now

    told, _ = found(code)
    dossier = told.dossier
    judged = forecast_of(dossier, dossier.view(), Edition(bundle), now())
    if judged is None:
        stop(f"no due date of {code} is in force, so there is nothing to forecast: its clock is {dossier.clock.state}")
    document = {"code": code, "due_on": str(dossier.clock.due_on), "refversion": bundle.version}
    if as_json:
        print(json.dumps(document | forecast_shown(judged), ensure_ascii=False, indent=2))
        return
    verdict = "it will make it" if judged.will_make_it else f"it will not make it, {judged.new_on} is to be expected"
    print(
        f"{code} is due on {dossier.clock.due_on}: {judged.working_days_left} working days left, "
        f"{judged.working_days_needed} needed: {verdict}"
    )
    print(f"  rests on {_ground(judged, bundle)}")
    for wait in forecast_shown(judged)["waits_for"]:
        print("  waits for " + " ".join(str(value) for value in wait.values()))


def _ground(judged: "Forecast", bundle: "Bundle") -> str:
    from rules.deadlines.forecast import RestsOn

    match judged.usual.rests_on:
        case RestsOn.STAGE:
            return f"{judged.usual.cases} cases of its procedure from the stage {judged.stage} on"
        case RestsOn.PROCEDURE:
            return f"{judged.usual.cases} cases of its procedure from the beginning on"
        case RestsOn.DEFAULT:
            least = bundle.forecast.least_cases
            return f"the default, {bundle.forecast.default_days} working days: fewer than {least} cases are known"


def _show_procedure(code: str, bundle: "Bundle", as_json: bool) -> None:
    from rules.reference import Edition

    procedure = Edition(bundle).procedure(code)
    if procedure is None:
        stop(f"{code} is no dossier's code and no procedure of the reference data in force, {bundle.version}")
    rows = [row for row in bundle.forecast.history if row.procedure == procedure.code]
    if as_json:
        document: dict[str, Any] = {"procedure": procedure.code, "name": procedure.name, "refversion": bundle.version}
        judging = bundle.forecast.model_dump(mode="json", exclude={"history"})
        history = [row.model_dump(mode="json", exclude_none=True) for row in rows]
        print(json.dumps(document | {"judging": judging, "history": history}, ensure_ascii=False, indent=2))
        return
    term = f"{procedure.amount} {procedure.unit}" if procedure.unit else "no term"
    print(f"{procedure.code} {procedure.name}: {term}")
    if not rows:
        days = bundle.forecast.default_days
        print(f"  no history: a case is taken to need {days} working days more. `hoso forecast learn --publish`")
    for row in rows:
        print(f"  {_line(row)}")


def _line(row: "CaseHistory") -> str:
    from schemas.reference import SHARES

    days = dict(zip(SHARES, row.days, strict=True))
    shown = ", ".join(f"{share} % within {days[share]}" for share in SHOWN)
    return f"from {row.stage or 'the beginning'}: {row.cases} cases; of them {shown} working days"


def _keep(folder: Path | None, table: str) -> None:
    """The folder's own table becomes this one, so that the next `hoso reference apply` says the same."""
    from connectors.forecast_files import HISTORY
    from hoso.rehearsal import reference_dir

    file = (folder or reference_dir()) / HISTORY
    file.parent.mkdir(exist_ok=True)
    file.write_text(table, encoding="utf-8")
    print(f"commit {file}: the next `hoso reference apply` must say the same", file=sys.stderr)


def _progress(count: int, size: int) -> None:
    if count % PROGRESS_EVERY == 0:
        print(f"{count:,} of {size:,} facts read", file=sys.stderr)
