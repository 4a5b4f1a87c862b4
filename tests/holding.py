"""Builders for tests: a hold that somebody sets, and its end."""

from datetime import datetime
from typing import Any

from schemas.event import derived_id
from schemas.instant import aware
from schemas.ops import Brake, HoldLifted, HoldSet, Scope

SET_AT = aware(1_790_000_000)


def a_scope(what: Brake = Brake.POST, **named: Any) -> Scope:
    """What is held: all of it, or what is named."""
    return Scope(what=what, **named)


def a_hold(
    what: Brake = Brake.POST,
    *,
    at: datetime = SET_AT,
    why: str = "the road is flooded",
    asks: bool = False,
    **named: Any,
) -> HoldSet:
    """A hold that an operator set."""
    scope = a_scope(what, **named)
    return HoldSet(
        id=derived_id(f"{scope.text} {at.isoformat()}", "held"),
        source="/operators/truc-ban",
        subject=scope.text,
        time=at,
        data=HoldSet.Data(scope=scope, why=why, by="truc-ban", asks=asks),
    )


def a_lift(what: Brake = Brake.POST, *, at: datetime = SET_AT, **named: Any) -> HoldLifted:
    """The end of that hold."""
    scope = a_scope(what, **named)
    return HoldLifted(
        id=derived_id(f"{scope.text} {at.isoformat()}", "lifted"),
        source="/operators/truc-ban",
        subject=scope.text,
        time=at,
        data=HoldLifted.Data(scope=scope, why="the road is dry", by="truc-ban"),
    )
