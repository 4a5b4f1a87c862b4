"""How this room's clients come to Kafka, as the environment says, and the proof of it at start."""

import socket

from connectors.broker.admin import admin
from connectors.verdicts import TryLater, WrongLogin
from schemas.login import PROOFS, LoginSettings, Security

PROOF_MS = 10_000
"""How long (real time) a broker may take."""
REACH_SECONDS = 2.0
"""How long (real time) somebody who listens may take to take a call."""


def prove(bootstrap: str) -> None:
    """Come in once. Raises WrongLogin where name or password is wrong; a broker that is away is no reason to end."""
    if LoginSettings().kafka_security is Security.PLAINTEXT:
        return
    for _ in range(PROOFS):
        try:
            with admin(bootstrap, PROOF_MS):
                return
        except WrongLogin:
            raise
        except TryLater:
            if not any(map(_takes_calls, bootstrap.split(","))):
                return


def _takes_calls(address: str) -> bool:
    """Whether somebody listens there."""
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS):
            return True
    except OSError:
        return False
