"""How this room's clients come to Kafka, as the environment says, and the proof of it at start."""

from connectors.broker.admin import admin
from connectors.verdicts import TryLater, WrongLogin
from schemas.login import LoginSettings, Security

PROOF_MS = 10_000
"""How long (real time) a broker may take."""


def prove(bootstrap: str) -> None:
    """Come in once. Raises WrongLogin where name or password is wrong; a broker that is away is no reason to end."""
    if LoginSettings().kafka_security is Security.PLAINTEXT:
        return
    try:
        with admin(bootstrap, PROOF_MS):
            return
    except WrongLogin:
        raise
    except TryLater:
        return
