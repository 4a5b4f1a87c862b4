"""The reason that an operator gives, as it stands on the log beside the name."""

import typer

MOST_WHY = 3_000


def reason(why: str) -> str:
    """The reason, without blanks around it; none at all, or one too long, is a wrong option (status 2)."""
    if not why.strip() or len(why) > MOST_WHY:
        raise typer.BadParameter(f"--why takes a reason of at most {MOST_WHY} characters")
    return why.strip()
