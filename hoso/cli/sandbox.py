"""`hoso sandbox`: the rehearsal\'s carriers and agencies, and its city if asked for."""

from typing import Annotated

import typer


def sandbox(city: Annotated[bool, typer.Option("--city", help="Start the city's life at once.")] = False) -> None:
    """Run six carriers and agencies that are not real, until SIGTERM or Ctrl-C: docs/sandbox.md says what they do.

    \b
    hoso sandbox --city
    """
    from sandbox import app

    app.main(with_city=city)
