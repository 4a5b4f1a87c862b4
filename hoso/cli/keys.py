"""`hoso keys ...`: the key pair for which citizens' details are sealed, and its change for another."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.calendar_files import stop

if TYPE_CHECKING:
    from connectors.rotating import Stage

keys = typer.Typer()

NEXT_STEPS = {
    "settled": "`hoso keys rotate` begins a rotation",
    "prepared": "restart dispatch, notify, edge and a console of its own: they know the next key then; then "
    "`hoso keys rotate --switch`",
    "switched": "restart every process but the workers: any may seal; then `hoso keys rotate --finish`",
}


@keys.callback()
def group() -> None:
    """The openers' key pair (openers.key, openers.pub), and its rotation in three steps; see docs/privacy.md."""


@keys.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Say how far a rotation is, and what comes next.

    \b
    hoso keys show
    """
    from connectors.rotating import stage
    from hoso.cli.agency import opened

    with opened() as (settings, _):
        _say(stage(settings.secrets_dir), as_json)


@keys.command()
def rotate(
    to_switch: Annotated[bool, typer.Option("--switch", help="Seal for the next key from now on.")] = False,
    to_finish: Annotated[bool, typer.Option("--finish", help="Wrap anew what was sealed for the key before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Change the openers' key pair: make the next one, then --switch, then --finish. Each step may be repeated.

    \b
    hoso keys rotate              # then restart dispatch, notify, edge
    hoso keys rotate --switch     # then restart every process but the workers
    hoso keys rotate --finish
    """
    from connectors.rotating import CannotRotate, finish, prepare, stage, switch
    from hoso.cli.agency import opened

    if to_switch and to_finish:
        raise typer.BadParameter("one step at a time: --switch, later --finish")
    with opened() as (settings, store):
        folder, done = settings.secrets_dir, None
        try:
            if to_finish:
                from rich.progress import Progress

                with Progress(transient=True, disable=as_json) as progress:
                    bar = progress.add_task("wrapped keys looked at", total=None)
                    done = finish(folder, store, lambda count: progress.advance(bar, count))
            elif to_switch:
                switch(folder)
            else:
                prepare(folder)
        except CannotRotate as cannot:
            stop(str(cannot))
        _say(stage(folder), as_json, {} if done is None else {"wrapped_anew": done.anew, "shut": done.shut})
    if done is not None and not as_json:
        print(f"{done.anew} keys wrapped anew, {done.already} were already; {done.shut} open for neither key")
        print(f"the key before is {folder / 'openers.retired.key'}: no process reads it; destroy it when you are sure")


def _say(stage: "Stage", as_json: bool, more: dict[str, int] | None = None) -> None:
    if as_json:
        print(json.dumps({"stage": stage.value, "next": NEXT_STEPS[stage.value], **(more or {})}))
    else:
        print(f"{stage.value}: {NEXT_STEPS[stage.value]}")
