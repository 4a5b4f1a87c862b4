"""Groups of consumers, seen from outside: who is in them, and what they have committed."""

from collections.abc import Sequence
from typing import Any

from kafka.errors import GroupIdNotFoundError, NoError

from connectors.broker.admin import admin
from connectors.broker.record import answering
from connectors.verdicts import TryLater


def members(bootstrap: str, groups: Sequence[str]) -> dict[str, list[str]]:
    """Who is in each of these groups; groups without members are left out.

    A process that stopped under a lasting name keeps its place until its session is over.
    """
    with admin(bootstrap) as client, answering("no groups"):
        found = client.describe_groups(list(groups))
    names = {group: sorted(_name(member) for member in told["members"]) for group, told in found.items()}
    return {group: there for group, there in names.items() if there}


def _name(member: dict[str, Any]) -> str:
    return str(member.get("group_instance_id") or member.get("client_id") or member["member_id"])


def forget_commits(bootstrap: str, group: str, topic: str) -> int:
    """Let a group begin this topic anew; how many partitions it had committed. It must have no members."""
    with admin(bootstrap) as client, answering("commits cannot be deleted"):
        committed = client.list_group_offsets({group: None})[group]
        places = [place for place, at in committed.items() if place.topic == topic and at.offset >= 0]
        if not places:
            return 0
        try:
            said = client.delete_group_offsets(group, places)
        except GroupIdNotFoundError:
            return 0
        refused = {error.__name__ for error in said.values() if error is not NoError}
        if refused:
            raise TryLater(f"commits of {group} on {topic} cannot be deleted: {', '.join(sorted(refused))}")
        return len(places)
