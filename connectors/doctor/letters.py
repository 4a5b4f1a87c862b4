"""Dead letters: bytes that nobody could read and that nobody has dealt with yet."""

from collections import Counter
from collections.abc import Iterator

from connectors.dead_letters import State, grouped, read
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many

AREA = "dead letters"
MOST = 3
"""So many kinds of reasons have a line of their own."""


def findings(place: Place) -> Iterator[Finding]:
    """Letters that wait, by topic and reason, the most frequent first. Raises TryLater."""
    letters = read(place.bootstrap)
    waiting = grouped(one for one in letters if one.state is State.WAITING)
    kinds = sorted(waiting.items(), key=lambda one: -len(one[1]))
    for (topic, reason), found in kinds[:MOST]:
        newest = max(one.kept.time for one in found)
        what = f"{many(len(found), 'dead letter waits', 'dead letters wait')} of {topic}: {reason}"
        helps = f"hoso dead-letters list --topic {topic} --state waiting"
        yield Finding(AREA, Severity.WARNING, what, helps, f"the newest was written {newest:%Y-%m-%d %H:%M}")
    if more := sum(len(found) for _, found in kinds[MOST:]):
        what = f"{many(more, 'dead letter')} more, of {len(kinds) - MOST} other kinds"
        yield Finding(AREA, Severity.WARNING, what, "hoso dead-letters list --state waiting")
    if not kinds:
        states = Counter(one.state.value for one in letters)
        ended = ", ".join(f"{count} {name}" for name, count in states.items())
        yield Finding(AREA, Severity.OK, "no dead letter waits", detail=ended)
