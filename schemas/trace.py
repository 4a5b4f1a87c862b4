"""A trace's context in W3C's form (`traceparent`): the id under which a fact's way through HTTP and Kafka is one."""

import random
import re
import secrets
from hashlib import sha256

FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
HEADER = "traceparent"
SAMPLED = 1
"""The flag of a trace of which spans are told."""


def known(said: str | None) -> str | None:
    """A context in good form, or None."""
    return said if said is not None and FORM.fullmatch(said) else None


def begun(share: float = 1.0) -> str:
    """A context of our own; of this share of them spans are told."""
    flags = SAMPLED if random.random() < share else 0
    return f"00-{secrets.token_hex(16)}-{new_span()}-{flags:02x}"


def new_span() -> str:
    """The id of a span that nobody had before."""
    return secrets.token_hex(8)


def is_sampled(context: str) -> bool:
    """Whether spans of this trace are told."""
    return bool(int(context[53:], 16) & SAMPLED)


def trace_in(context: str) -> str:
    """The id of the trace."""
    return context[3:35]


def span_in(context: str) -> str:
    """The id of the span that what bears this context comes from."""
    return context[36:52]


def within(context: str, span: str) -> str:
    """The same trace, from another of its spans."""
    return f"{context[:36]}{span}{context[52:]}"


def fold_of(context: str, ref: str) -> str:
    """The id of the span in which a worker folds the fact of this source and id.

    A worker's facts follow from the log alone, so they cannot bear the id of a span: whoever reads one finds it by the
    fact's cause.
    """
    return sha256(f"{context} {ref}".encode()).hexdigest()[:16]
