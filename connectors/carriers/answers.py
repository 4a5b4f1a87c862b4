"""The answer to a webhook whose partner reads its status and nothing else."""

from connectors.transport import Reply
from connectors.verdicts import Forged, Unreadable, Verdict


def plain_answer(verdict: Verdict | None) -> Reply:
    """200 for what is kept, 401 for a wrong secret, 400 for what nobody can read, 503 for what is to come again."""
    match verdict:
        case None:
            status = 200
        case Forged():
            status = 401
        case Unreadable():
            status = 400
        case _:
            status = 503
    return Reply(status, {"content-type": "application/json"}, b"{}")
