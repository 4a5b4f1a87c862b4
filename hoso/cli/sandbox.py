"""`hoso sandbox`: the rehearsal's post and agencies, and its city if asked for."""

from typing import Annotated

import typer


def sandbox(city: Annotated[bool, typer.Option("--city", help="Start the city's life at once.")] = False) -> None:
    """Run a post office and agencies that are not real, until SIGTERM or Ctrl-C.

    The post stands under /myvnpost, the agencies' callbacks under /agencies/<code>/callback.
    """
    from sandbox import app

    app.main(with_city=city)
