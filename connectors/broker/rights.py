"""Rights on the cluster (Kafka calls them ACLs): those that stand, one more, one less."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import NoError

from connectors.broker.admin import admin
from connectors.broker.record import answering
from connectors.verdicts import TryLater

ANYWHERE = "*"
USER = "User:"


class Does(StrEnum):
    """What somebody may do. To read or to write is also to see that it is there."""

    READ = "read"
    WRITE = "write"
    DESCRIBE = "describe"


class On(StrEnum):
    """What it may be done to."""

    TOPIC = "topic"
    GROUP = "group"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One thing that one user may do; `prefixed` covers every name that begins so. Others of Kafka's words are kept."""

    user: str
    does: str
    on: str
    name: str
    prefixed: bool = False
    host: str = ANYWHERE

    def __str__(self) -> str:
        return f"{self.user} may {self.does} {self.on} {self.name}{'*' if self.prefixed else ''}"


def standing(bootstrap: str) -> set[Right]:
    """Every right that is given on the cluster; what is denied is not among them. Raises TryLater."""
    everything = ACLFilter(
        None,
        None,
        ACLOperation.ANY,
        ACLPermissionType.ALLOW,
        ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
    with admin(bootstrap) as client, answering("no rights"):
        found, _ = client.describe_acls(everything)
    return {_right(one) for one in found}


def give(bootstrap: str, rights: Sequence[Right]) -> None:
    """Give these. Raises TryLater where the cluster takes one not."""
    with admin(bootstrap) as client, answering("rights are not given"):
        said = client.create_acls([_acl(one) for one in rights]) if rights else {"failed": []}
    if said["failed"]:
        raise TryLater(f"rights are not given: {said['failed'][0].__name__}")


def take(bootstrap: str, rights: Sequence[Right]) -> None:
    """Take these away. Raises TryLater where the cluster lets one not go."""
    with admin(bootstrap) as client, answering("rights are not taken"):
        said = client.delete_acls([_filter(one) for one in rights]) if rights else []
    if wrong := [error for _, _, error in said if error is not NoError]:
        raise TryLater(f"rights are not taken: {wrong[0].__name__}")


def _right(acl: ACL) -> Right:
    pattern = acl.resource_pattern
    prefixed = pattern.pattern_type is ACLResourcePatternType.PREFIXED
    does, on = acl.operation.name.lower(), pattern.resource_type.name.lower()
    return Right(acl.principal.removeprefix(USER), does, on, pattern.resource_name, prefixed, acl.host)


def _pattern(right: Right) -> tuple[ResourceType, str, ACLResourcePatternType]:
    kind = ACLResourcePatternType.PREFIXED if right.prefixed else ACLResourcePatternType.LITERAL
    return ResourceType[right.on.upper()], right.name, kind


def _acl(right: Right) -> ACL:
    operation = ACLOperation[right.does.upper()]
    return ACL(USER + right.user, right.host, operation, ACLPermissionType.ALLOW, ResourcePattern(*_pattern(right)))


def _filter(right: Right) -> ACLFilter:
    operation, pattern = ACLOperation[right.does.upper()], ResourcePatternFilter(*_pattern(right))
    return ACLFilter(USER + right.user, right.host, operation, ACLPermissionType.ALLOW, pattern)
