"""What agencies find where they look themselves: their feed, and a topic of results for those that have one.

Both are laid beside what is owed to them. A callback that arrived says nothing about either.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from hoso.watching import Seen
from schemas.event import Event
from schemas.notice import NOTICES, REJECTIONS, EventRejected, Notice
from schemas.topics import results_topic

NEVER_ON = "never on "
"""How a line begins that names a lost word."""
RESULTS = results_topic("")
PAGE = 500
"""As many words as the feed gives at once."""
ANSWER_SECONDS = 60.0

Topics = Mapping[str, Sequence[Seen]]
Feed = Sequence[Event] | None
"""An agency's whole feed in its order; None: it did not answer."""


def feeds(edge: str, credentials: Path) -> dict[str, Feed]:
    """Every agency's feed, read with its own key as it would read it."""
    known = json.loads(credentials.read_text())
    return {code: _feed(edge, row["key"]) for code, row in sorted(known.items())}


def _feed(edge: str, key: str) -> Feed:
    words: list[Event] = []
    cursor, more = "0", True
    try:
        while more:
            asked = Request(f"{edge}/v1/feed?after={cursor}&limit={PAGE}", headers={"authorization": f"Bearer {key}"})
            with urlopen(asked, timeout=ANSWER_SECONDS) as answer:
                page = json.loads(answer.read())
            words += [Event.decode(json.dumps(one).encode()) for one in page["events"]]
            cursor, more = page["next"], page["more"]
    except OSError:
        return None
    return words


def lines(topics: Topics, feeds: Mapping[str, Feed]) -> list[str]:
    """Every word that is lost, owed by nobody or out of its order, on each feed and each topic of results."""
    owed, found = _owed(topics), list[str]()
    for code, words in feeds.items():
        way = f"the feed of {code}"
        found += [f"{way} did not answer"] if words is None else _differences(way, owed[code], words)
    for topic, words in _results(topics).items():
        found += _differences(topic, owed[topic.removeprefix(RESULTS)], words)
    return found


def twice(topics: Topics, feeds: Mapping[str, Feed]) -> int:
    """Words that say more than one thing by one id: twice in a feed, or on a topic of results with other content.

    The same again on the topic is a repetition, and allowed.
    """
    fed = sum(len(words) - len({word.id for word in words}) for words in feeds.values() if words)
    return fed + sum(_other_contents(words) for words in _results(topics).values())


def out_of_order(words: Iterable[Mapping[str, Any]]) -> list[str]:
    """Within one dossier the numbers rise."""
    last: dict[str, int] = {}
    wrong = []
    for one in words:
        sequence = one["sequence"]
        if sequence is None:
            continue
        if sequence < last.get(one["dossier"], 0):
            wrong.append(f"{one['dossier']}: notice {sequence} came after {last[one['dossier']]}")
        last[one["dossier"]] = sequence
    return wrong


def _owed(topics: Topics) -> Mapping[str, Mapping[str, Event]]:
    """By agency, then by id: its notices, and what the gate refused it."""
    found: defaultdict[str, dict[str, Event]] = defaultdict(dict)
    for event in (seen.event for topic in (NOTICES, REJECTIONS) for seen in topics.get(topic, ())):
        match event:
            case Notice():
                found[event.data.agency][event.id] = event
            case EventRejected():
                found[event.subject][event.id] = event
    return found


def _results(topics: Topics) -> dict[str, list[Event]]:
    return {topic: [one.event for one in seen] for topic, seen in topics.items() if topic.startswith(RESULTS)}


def _differences(way: str, owed: Mapping[str, Event], words: Sequence[Event]) -> list[str]:
    # A dictionary keeps the place of the first: what is repeated later is no word out of its order.
    once = {word.id: word for word in words}
    notices = [word for word in once.values() if isinstance(word, Notice)]
    numbered = [{"dossier": one.subject, "sequence": one.data.sequence} for one in notices]
    return [
        *(f"{NEVER_ON}{way}: {one.subject} {one.type} {id}" for id, one in owed.items() if id not in once),
        *(f"{way} has something nobody owed: {id}" for id in sorted(once.keys() - owed.keys())),
        *(f"{way}: {line}" for line in out_of_order(numbered)),
    ]


def _other_contents(words: Sequence[Event]) -> int:
    first: dict[str, Event] = {}
    return sum(first.setdefault(word.id, word) != word for word in words)
