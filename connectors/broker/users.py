"""Users of the cluster: their passwords, of which it keeps only what SCRAM proves them with, and their quotas."""

import secrets
from collections.abc import Mapping
from typing import Any

from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from kafka.protocol.admin import AlterClientQuotasRequest, DescribeClientQuotasRequest

from connectors.broker.admin import admin
from connectors.broker.record import answering
from connectors.verdicts import TryLater

ITERATIONS = 8192
PASSWORD_BYTES = 24
ANY_NAME = 2
"""Kafka's number for: any entity that has a name."""


def new_password(bootstrap: str, user: str) -> str:
    """Give a user a new password, which ends the one before; returned this once. Raises TryLater."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    asked = UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password, iterations=ITERATIONS)
    with admin(bootstrap) as client, answering("no password"):
        wrong = client.alter_user_scram_credentials([asked]).get(user)
    if wrong:
        raise TryLater(f"{user} has no password: {wrong}")
    return password


def users(bootstrap: str) -> set[str]:
    """Everybody who has a password. Raises TryLater."""
    with admin(bootstrap) as client, answering("no users"):
        return set(client.describe_user_scram_credentials())


def quotas_of(bootstrap: str) -> dict[str, dict[str, float]]:
    """The quotas of every user that has some, by kind. Raises TryLater."""
    asked = DescribeClientQuotasRequest(components=[("user", ANY_NAME, None)], strict=True)
    with admin(bootstrap) as client, answering("no quotas"):
        said = _ask(client, asked)
    _check(said.error_code, said.error_message)
    return {
        entry.entity[0].entity_name: {value.key: value.value for value in entry.values} for entry in said.entries or ()
    }


def set_quotas(bootstrap: str, wanted: Mapping[str, Mapping[str, float | None]]) -> None:
    """Set quotas by user and kind; None ends one. Raises TryLater."""
    entries = [
        ([("user", user)], [(kind, value or 0.0, value is None) for kind, value in kinds.items()])
        for user, kinds in wanted.items()
    ]
    if not entries:
        return
    with admin(bootstrap) as client, answering("no quotas"):
        said = _ask(client, AlterClientQuotasRequest(entries=entries, validate_only=False))
    for entry in said.entries:
        _check(entry.error_code, entry.error_message)


def _ask(client: Any, request: Any) -> Any:
    """A request that the library's admin client has no method for (kafka-python 3.0.12)."""
    return client._manager.run(client._manager.send, request)


def _check(code: int, message: str | None) -> None:
    if code:
        raise TryLater(f"the cluster takes no quotas: {message or code}")
