"""A record as it stands on its topic, and how the library's errors become a verdict."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kafka import TopicPartition
from kafka.errors import AuthorizationError, KafkaError, SaslAuthenticationFailedError

from connectors.verdicts import TryLater, WrongLogin
from schemas.event import CONTENT_TYPE
from schemas.login import LoginSettings, refused_since

Headers = Sequence[tuple[str, bytes]]
STRUCTURED: Headers = (("content-type", CONTENT_TYPE),)


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it stands on its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int = 0


def message_of(record: Any) -> Message:
    return Message(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        tuple((name, value or b"") for name, value in record.headers or ()),
        record.timestamp,
    )


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Turn the library's errors into TryLater; into WrongLogin where a password was refused meanwhile."""
    began = time.monotonic()
    try:
        yield
    except AuthorizationError as error:
        who = LoginSettings().who()
        raise TryLater(f"{what}: {who} has no right to it ({_wanted(error)}): `hoso topics apply --acls`") from error
    except (KafkaError, OSError) as error:
        if isinstance(error, SaslAuthenticationFailedError) or refused_since(began):
            raise WrongLogin(LoginSettings().refusal()) from error
        raise TryLater(f"{what}: {type(error).__name__}") from error
    except KeyError as error:
        # kafka-python 3.0.12, asked for offsets while a partition has no leader, looks for an answer that is not there.
        if not isinstance(error.args[0], TopicPartition):
            raise
        raise TryLater(f"{what}: {error.args[0].topic} has no leader") from error


def _wanted(error: AuthorizationError) -> str:
    """What was asked for: topics, a group, or the kind of error alone."""
    told = ", ".join(
        str(one) for one in (sorted(error.args[0]) if error.args and isinstance(error.args[0], set) else error.args)
    )
    return f"{type(error).__name__} {told}".strip()
