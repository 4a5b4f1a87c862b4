"""`hoso agency add`: a new agency's file in the reference data, asked for or by options, and checked."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from schemas.reference import AgencyRole, Stage

Text = str | None


def add(
    code: Annotated[str, typer.Argument(help="Its code, the beginning of its dossiers' codes: H29.13")],
    name: Annotated[Text, typer.Option(help="Its name. What no option says is asked for.")] = None,
    name_en: Annotated[Text, typer.Option(help="Its name in English.")] = None,
    phone: Annotated[Text, typer.Option(help="The telephone number that the post may call.")] = None,
    line: Annotated[Text, typer.Option(help="House and street.")] = None,
    ward_code: Annotated[Text, typer.Option(help="The ward's code.")] = None,
    ward: Annotated[Text, typer.Option(help="The ward.")] = None,
    province_code: Annotated[Text, typer.Option(help="The province's code: 79.")] = None,
    province: Annotated[Text, typer.Option(help="The province.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="An older code that it answers to.")] = None,
    role: Annotated[list[AgencyRole] | None, typer.Option(help="What it may be to a dossier; by itself, both.")] = None,
    stage: Annotated[
        Stage, typer.Option(help="shadow: computed only; notify: it is told; act: the post is asked too.")
    ] = Stage.SHADOW,
    callback: Annotated[Text, typer.Option(help="Where its notices are sent: https://...")] = None,
    development: Annotated[bool, typer.Option(help="The callback may be http and on this machine.")] = False,
    ed25519: Annotated[bool, typer.Option(help="Sign its callbacks a second time, v1a.")] = False,
    results_topic: Annotated[bool, typer.Option(help="Give it a topic of results of its own.")] = False,
) -> None:
    """Write deploy/reference/agencies/CODE.toml and check it with everything beside it; a wrong one is not written.

    A new agency begins in stage shadow: its dossiers are computed, nobody is told, nothing is asked of the post.

    \b
    hoso agency add H29.13
    hoso agency add H29.13 --stage notify --callback https://motcua.example/hoso
    """
    from connectors.agency_files import add as write
    from connectors.reference_files import WrongReference
    from hoso.rehearsal import reference_dir

    ask = _asking()
    address = {
        "line": line or ask("House and street"),
        "ward_code": ward_code or ask("Ward's code"),
        "ward": ward or ask("Ward"),
        "province_code": province_code or ask("Province's code"),
        "province": province or ask("Province"),
    }
    said: dict[str, Any] = {
        "code": code,
        "name": name or ask("Name"),
        "name_en": name_en or ask("Name in English"),
        "phone": phone or ask("Telephone"),
        "aliases": alias or [],
        "roles": [one.value for one in role or AgencyRole],
        "stage": stage.value,
        "results_topic": results_topic,
        "address": address,
    }
    if callback:
        said["callback"] = {"url": callback, "development": development, "ed25519": ed25519}
    folder = reference_dir()
    try:
        file = write(folder, said)
    except (WrongReference, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(file)
    print(_next(code, bool(callback)), file=sys.stderr)


def _asking() -> Callable[[str], str]:
    """Asks a person; where nobody can answer, the first question ends it."""

    def ask(question: str) -> str:
        try:
            return str(typer.prompt(question, err=True))
        except typer.Abort as error:
            print(f"{question}: nobody answers; say it by an option, --help names them", file=sys.stderr)
            raise typer.Exit(1) from error

    return ask


def _next(code: str, called: bool) -> str:
    steps = ["hoso reference apply", "hoso topics apply", f"hoso agency key {code}"]
    steps += [f"hoso agency secret {code}", f"hoso agency test {code}"] if called else []
    return "Next: " + "; ".join(steps)
