"""How the worker comes to Kafka, as Faust is told it."""

from faust.auth import Credentials, SASLCredentials, SSLCredentials

from schemas.login import LoginSettings


def credentials(login: LoginSettings) -> Credentials | None:
    """Faust's own words for a login; None where the line is plain."""
    context = login.trust()
    if login.kafka_security.by_password:
        return SASLCredentials(
            username=login.kafka_username,
            password=login.password(),
            ssl_context=context,
            mechanism=login.kafka_mechanism.value,
        )
    return SSLCredentials(context) if context is not None else None
