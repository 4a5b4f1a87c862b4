"""Dead letters: bytes that nobody could read and that nobody has dealt with yet."""

from collections import Counter
from collections.abc import Iterator

from connectors.dead_letters import State, grouped, read
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, listed, many, minute, quoted

AREA = "dead letters"
MOST = 3
"""So many kinds of reasons have a line of their own."""
WAIT = Said("{letters}, của {topic}: {reason}", "{letters} of {topic}: {reason}")
NEWEST = Said("bản tin mới nhất được ghi lúc {at}", "the newest was written {at}")
MORE = Said("còn {letters} nữa, thuộc {kinds} loại khác", "{letters} more, of {kinds} other kinds")
NONE_WAITS = Said("không có bản tin nào đang chờ", "no dead letter waits")
STATES = {
    State.WAITING: Said("{count} đang chờ", "{count} waiting"),
    State.REDRIVEN: Said("{count} đã đưa lại", "{count} redriven"),
    State.CAME_BACK: Said("{count} quay lại", "{count} came back"),
}


def findings(place: Place) -> Iterator[Finding]:
    """Letters that wait, by topic and reason, the most frequent first. Raises TryLater."""
    letters = read(place.bootstrap)
    waiting = grouped(one for one in letters if one.state is State.WAITING)
    kinds = sorted(waiting.items(), key=lambda one: -len(one[1]))
    for (topic, reason), found in kinds[:MOST]:
        newest = max(one.kept.time for one in found)
        count = many(len(found), "dead letter waits", "dead letters wait", vi="bản tin không đọc được đang chờ")
        what = WAIT.of(letters=count, topic=topic, reason=quoted(reason))
        helps = f"hoso dead-letters list --topic {topic} --state waiting"
        yield Finding(AREA, Severity.WARNING, what, helps, NEWEST.of(at=minute(newest)))
    if more := sum(len(found) for _, found in kinds[MOST:]):
        count = many(more, "dead letter", vi="bản tin không đọc được")
        what = MORE.of(letters=count, kinds=len(kinds) - MOST)
        yield Finding(AREA, Severity.WARNING, what, "hoso dead-letters list --state waiting")
    if not kinds:
        states = Counter(one.state for one in letters)
        ended = listed([STATES[state].of(count=count) for state, count in states.items()])
        yield Finding(AREA, Severity.OK, NONE_WAITS, more=ended)
