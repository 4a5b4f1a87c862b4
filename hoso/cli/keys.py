"""`hoso keys ...`: the keys of this installation, and the change of each for another without a gap."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.calendar_files import stop
from hoso.cli.counted import counted
from hoso.cli.key_standing import FILES, USED_BY, Standing, Which, standing

if TYPE_CHECKING:
    from connectors.rewrapping import Wrapped
    from connectors.settings import Settings
    from connectors.store import Store

keys = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Progress = Callable[[int], None]


@keys.callback()
def group() -> None:
    """The keys of this installation, and the change of each for another, step by step; see docs/security.md."""


@keys.command()
def show(
    which: Annotated[Which | None, typer.Argument(help="One of them; without it all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say of each key how old its file is, how far a rotation is, and what comes next. No secret is shown.

    \b
    hoso keys show
    hoso keys show signing
    hoso keys show --json | jq -r '.[] | select(.stage != "settled") | .next'
    """
    from hoso.cli.agency import opened

    with opened() as (settings, _):
        found = [standing(settings.secrets_dir, one, _today()) for one in ([which] if which else Which)]
    if as_json:
        said = [one.document() for one in found]
        print(json.dumps(said[0] if which else said, ensure_ascii=False, indent=2))
        return
    for one in found:
        _print(one)


@keys.command()
def rotate(
    which: Annotated[Which, typer.Argument(help="Which key.")] = Which.OPENERS,
    to_switch: Annotated[bool, typer.Option("--switch", help="Let the next key be used from now on.")] = False,
    to_finish: Annotated[
        bool, typer.Option("--finish", help="Bring over what the key before holds, and take that out.")
    ] = False,
    from_on: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d"],
            help="Of digest and tracking: the first day of the dossiers it is for; without it the day after tomorrow.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Finish although something needs the key before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change a key: make the next one, then --switch, then --finish. Each step may be repeated.

    The keys under digests and tracking codes have no --switch: the new one is for the dossiers of a day and later, and
    a dossier keeps its key. What each change means stands in docs/security.md.

    \b
    hoso keys rotate              # the openers' pair; then restart dispatch, notify, edge
    hoso keys rotate --switch     # then restart every process but the workers
    hoso keys rotate --finish
    hoso keys rotate evidence     # then the same two steps, as `hoso keys show` says
    hoso keys rotate digest --from 2026-12-01
    hoso keys rotate signing --finish --yes
    """
    from connectors.rotating import CannotRotate
    from hoso.cli.agency import opened

    if to_switch and to_finish:
        raise typer.BadParameter("one step at a time: --switch, later --finish")
    dated = which in USED_BY
    if from_on is not None and (not dated or to_finish):
        raise typer.BadParameter("--from begins a rotation of digest or tracking")
    if to_switch and dated:
        raise typer.BadParameter(
            f"the next key of {which} is used from its day on, by itself: `hoso keys show {which}`"
        )
    with opened() as (settings, store):
        done: Wrapped | None = None
        try:
            if to_finish:
                done = _finish(which, settings, store, yes, quiet=as_json)
            elif to_switch:
                _switch(which, settings.secrets_dir)
            else:
                _prepare(which, settings.secrets_dir, from_on.date() if from_on else None)
        except CannotRotate as cannot:
            stop(str(cannot))
        after = standing(settings.secrets_dir, which, _today())
    if as_json:
        more = {} if done is None else {"wrapped_anew": done.anew, "shut": done.shut}
        print(json.dumps(after.document() | more, ensure_ascii=False))
        return
    print(f"{after.stage}: {after.next}")
    if to_finish:
        _tell(which, done, settings.secrets_dir)


# ---------------------------------------------------------------- the steps


def _prepare(which: Which, folder: Path, from_on: date | None) -> None:
    from connectors import changing, rotating

    if which is Which.OPENERS:
        rotating.prepare(folder)
    elif which in USED_BY:
        changing.add_dated(folder / FILES[which], from_on, _today())
    else:
        changing.prepare(folder / FILES[which])


def _switch(which: Which, folder: Path) -> None:
    from connectors import changing, rotating

    if which is Which.OPENERS:
        rotating.switch(folder)
    else:
        changing.switch(folder / FILES[which])


def _finish(which: Which, settings: "Settings", store: "Store", yes: bool, *, quiet: bool) -> "Wrapped | None":
    """The last step. What still needs the key before is said first, and it takes --yes then."""
    from rich.progress import Progress as Bar

    from connectors import changing, rotating

    folder = settings.secrets_dir
    if not yes and (says := _still_needed(which, settings)):
        stop(f"{says} `hoso keys rotate {which} --finish --yes` does it all the same")
    match which:
        case Which.SIGNING:
            changing.finish_signing(folder)
        case Which.DIGEST | Which.TRACKING:
            changing.finish_dated(folder / FILES[which], _today())
        case _:
            finishes: dict[Which, Callable[[Path, Store, Progress], Wrapped]] = {
                Which.OPENERS: rotating.finish,
                Which.EVIDENCE: changing.finish_evidence,
                Which.FEED: changing.finish_feed,
            }
            with Bar(transient=True, disable=quiet) as progress:
                bar = progress.add_task("looked at", total=None)
                return finishes[which](folder, store, lambda count: progress.advance(bar, count))
    return None


def _still_needed(which: Which, settings: "Settings") -> str | None:
    """Who or what needs the key before, in a sentence; None where nothing does, or there is none."""
    from connectors import changing
    from connectors.reference_files import read_dir
    from connectors.rotating import Stage

    file = settings.secrets_dir / FILES[which]
    if which is Which.SIGNING and changing.stage(file) is Stage.SWITCHED:
        checking = [one.code for one in read_dir(settings.reference_dir).agencies if _asks_for_v1a(one)]
        return (
            f"{', '.join(checking)} may check v1a: callbacks are turned down there unless they have the new public key "
            "(`hoso certificate key`)."
            if checking
            else None
        )
    if which in USED_BY and (day := changing.first_day(file)) is not None and day <= _today():
        return f"{STOPS[which].format(day=day)} Without --finish nothing is lost: the key before stays readable."
    return None


def _asks_for_v1a(agency: Any) -> bool:
    return agency.callback is not None and agency.callback.ed25519


# ---------------------------------------------------------------- what is said

STOPS = {
    Which.DIGEST: "A fact of a dossier from before {day} that is sent again counts as another one then, in conflict "
    "with the first: its digest on the log was made with the key before.",
    Which.TRACKING: "Links with both codes of dossiers from before {day} open no longer then (`hoso explain CODE "
    "--link` prints a new one); by the code alone they open as long as the read model has it.",
}
ENDED = {
    Which.EVIDENCE: "what a release before days' keys sealed opens no longer, if postal.webhooks holds any of it still",
    Which.SIGNING: "its public half stays among those of `hoso certificate key`: what it signed holds for ever; "
    "restart notify",
    Which.DIGEST: f"restart {USED_BY[Which.DIGEST]}",
    Which.TRACKING: f"restart {USED_BY[Which.TRACKING]}",
}
WRAPPED = {
    Which.OPENERS: ("key", "keys", "wrapped"),
    Which.EVIDENCE: ("day's key", "days' keys", "wrapped"),
    Which.FEED: ("row", "rows", "locked"),
}


def _print(one: Standing) -> None:
    if one.id is None:
        print(f"{one.key}: {one.next}")
        return
    age = "today" if one.age_days == 0 else f"{counted(one.age_days or 0, 'day')} ago"
    several = "" if one.keys == 1 else f", {counted(one.keys, 'key')} read"
    since = f", for dossiers from {one.from_on} on" if one.from_on else ""
    print(f"{one.key} ({one.kind}): {one.id}{since}, changed {age}{several}")
    print(f"  {one.stage}: {one.next}")


def _tell(which: Which, done: "Wrapped | None", folder: Path) -> None:
    if done is not None:
        one, several, verb = WRAPPED[which]
        anew = f"{counted(done.anew, one, several)} {verb} anew"
        print(f"{anew}, {done.already} needed nothing; {done.shut} open for neither key")
    print(f"the key before is {_retired(which, folder)}: no process reads it; destroy it when you are sure")
    if which in ENDED:
        print(ENDED[which])


def _retired(which: Which, folder: Path) -> Path:
    from connectors import changing, rotating

    return folder / rotating.OPENERS_RETIRED if which is Which.OPENERS else changing.retired(folder / FILES[which])


def _today() -> date:
    from schemas.instant import date_of, now

    return date_of(now())
