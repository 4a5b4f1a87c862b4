"""An agency's own topic, `results.<agency>`: the words it is owed, in order within a dossier, by a lane like any other.

A topic that nobody has made yet delays nobody else: its lane breaks, and what is owed waits.
"""

from collections.abc import Callable

from connectors.broker import Producer
from connectors.lane import OPEN, Lane, LanePolicy, Passage
from connectors.metrics import effect
from connectors.notify.telling import closed
from connectors.store import Store
from connectors.store.queue import Owed, Queue
from connectors.verdicts import TryLater
from schemas import tracing
from schemas.event import Event
from schemas.topics import results_topic

RESULTS_QUEUE = "results"


def results_lane(
    agency: str,
    store: Store,
    producer: Producer,
    owner: str,
    broken: Callable[[BaseException], None],
    policy: LanePolicy,
    passage: Passage = OPEN,
) -> Lane:
    """The lane to an agency's topic. What was not acknowledged is published again: its id says that it is the same."""
    queue, topic = Queue(store, RESULTS_QUEUE), results_topic(agency)

    def work(row: Owed) -> None:
        word = Event.decode(row.body)
        with tracing.about("results", word) as span:
            span.notes(agency=agency, type=word.type)
            producer.publish([closed(word)], topic)
        queue.done(row.id)
        effect("results", agency, word.recorded)

    def gives_up(row: Owed, why: TryLater) -> None:
        queue.gave_up(row.id, why.why)

    return Lane(queue, agency, owner, work, gives_up, broken, policy, passage)
