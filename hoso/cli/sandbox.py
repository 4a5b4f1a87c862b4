"""`hoso sandbox`: the rehearsal's carriers and agencies, its city if asked for; or one agency's callback alone."""

from typing import Annotated

import typer

from hoso.cli.sandbox_agency import agency

sandbox = typer.Typer(invoke_without_command=True)
sandbox.command("agency")(agency)


@sandbox.callback()
def run(
    context: typer.Context, city: Annotated[bool, typer.Option("--city", help="Start the city's life at once.")] = False
) -> None:
    """Run six carriers and agencies that are not real, until SIGTERM or Ctrl-C: docs/sandbox.md says what they do.

    \b
    hoso sandbox --city
    hoso sandbox agency --port 8913
    """
    if context.invoked_subcommand is None:
        from sandbox import app

        app.main(with_city=city)
