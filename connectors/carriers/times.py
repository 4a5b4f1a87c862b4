"""A carrier's local text as an aware instant: by explicit patterns, never by a guess (carriers handbook, section 4)."""

from collections.abc import Sequence
from datetime import datetime

from schemas.instant import VIETNAM

SENSIBLE_YEARS = range(2000, 2101)


def instant_of(text: object, patterns: Sequence[str]) -> datetime | None:
    """The instant at +07:00, in whole seconds. Without a zone it is Viet Nam's; None if no pattern reads it."""
    for pattern in patterns:
        try:
            found = datetime.strptime(str(text).strip(), pattern)  # noqa: DTZ007  # The zone follows.
            aware = found.replace(tzinfo=VIETNAM) if found.tzinfo is None else found.astimezone(VIETNAM)
        except ValueError:
            continue
        except OverflowError:  # an instant that no zone can hold, as 0001-01-01T00:00:00+14:00
            return None
        return aware.replace(microsecond=0) if aware.year in SENSIBLE_YEARS else None
    return None
