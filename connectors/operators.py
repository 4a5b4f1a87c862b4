"""The operator as a source of facts: a name as people write it, and the form that stands before a fact's id."""

import re

from connectors.carriers.words import plain_of

MOST_NAME = 100
NOT_IN_A_SOURCE = re.compile(r"[^a-z0-9._-]+")


def source_of(name: str) -> str:
    """A person's source: `/operators/tran.thi.mau`. A fact's source and id are one text with a space between them."""
    plain = NOT_IN_A_SOURCE.sub(".", plain_of(name)).strip(".")
    return f"/operators/{plain[:MOST_NAME] or 'somebody'}"
