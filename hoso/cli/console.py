"""`hoso console`: the console as a process of its own, and the people who may sign in to it with a password."""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from connectors.console.people import People

console = typer.Typer(invoke_without_command=True)

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Name = Annotated[str, typer.Argument(help="The name to sign in with: tran.thi.mau")]


@console.callback()
def run(context: typer.Context) -> None:
    """Show the console alone, without the HTTP door; with a command, say who may sign in with a password.

    \b
    hoso console
    hoso console add tran.thi.mau --role agency --agency H29.12
    hoso console list
    hoso console remove tran.thi.mau
    """
    if context.invoked_subcommand is None:
        from connectors.console.main import main

        main()


@console.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="agency (its own), city (all), operator (all, and the machinery).")],
    agency: Annotated[str | None, typer.Option(help="With --role agency: which one, by its code.")] = None,
    generate: Annotated[bool, typer.Option(help="Make up a password and print it, instead of asking.")] = False,
) -> None:
    """Let somebody sign in with a password; said again, they have another password or role from then on.

    \b
    hoso console add tran.thi.mau --role agency --agency H29.12
    hoso console add truc.dem --role operator --generate
    """
    from connectors.console.people import Person, Role, WrongPeople

    with _people() as people:
        if role not in set(Role):
            raise WrongPeople(f"{role} is no role: {', '.join(Role)}")
        password = secrets.token_urlsafe(12) if generate else _asked()
        people.add(Person(name, Role(role), agency), password)
        print(f"{name} may sign in as {role}{f' of {agency}' if agency else ''}")
        if generate:
            print(f"password, shown once: {password}")


@console.command()
def remove(name: Name) -> None:
    """Let nobody in by this name any more; whoever is signed in by it is out.

    \b
    hoso console remove tran.thi.mau
    """
    with _people() as people:
        if not people.remove(name):
            print(f"nobody is called {name}: `hoso console list`", file=sys.stderr)
            raise typer.Exit(1)
        print(f"{name} is out")


@console.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List who may sign in with a password.

    \b
    hoso console list --json
    """
    with _people() as people:
        rows = [{"name": one.name, "role": one.role.value, "agency": one.agency} for one in people.names()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        print(f"{row['name']}  {row['role']} {row['agency'] or ''}".rstrip())
    if not rows:
        print("nobody yet: hoso console add NAME --role city")


@contextmanager
def _people() -> "Iterator[People]":
    """The file of people; what is wrong with it is one sentence and status 1."""
    from connectors.console.people import People, WrongPeople
    from connectors.settings import Settings
    from hoso.ports import LOOPBACK

    try:
        yield People(Settings(kafka_bootstrap=f"{LOOPBACK}:1").people_file)
    except WrongPeople as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def _asked() -> str:
    """A password from the terminal, twice; from a pipe its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
    return password
