"""Spans, sizes and counts as an operator reads them."""

from collections.abc import Sequence

MOST_NAMED = 3
GIB, TIB = 2**30, 2**40


def span(seconds: float) -> str:
    """A span of time in the unit that fits: `40 s`, `12 min`, `5 h`, `3 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def size(count: float) -> str:
    """Bytes in the unit that fits."""
    return f"{count / TIB:.1f} TiB" if count >= TIB else f"{count / GIB:.1f} GiB"


def many(count: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: `1 dossier`, `2 dossiers`."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def named(names: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
