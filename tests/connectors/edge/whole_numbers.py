"""A hook of schemathesis: whole numbers are written as such. To JSON Schema 200.0 is one; the gate says it is none."""

from typing import Any

import schemathesis


def whole(said: Any) -> Any:
    """The same, every 200.0 in it as 200."""
    if isinstance(said, list):
        return [whole(one) for one in said]
    if isinstance(said, dict):
        return {name: whole(one) for name, one in said.items()}
    return int(said) if isinstance(said, float) and said.is_integer() else said


@schemathesis.hook
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """Every body that is made up."""
    return whole(body)
