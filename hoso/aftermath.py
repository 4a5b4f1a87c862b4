"""What was said before a disaster and what is said after it, laid beside each other.

The log, the states and the deadlines must be whole on the new cluster. Of what reached others, what was said before
counts as well, unless it was said again: an agency or a carrier that heard it did not forget it with the cluster.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from connectors.broker import Message
from hoso.reckoning import Ledgers
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.notice import NOTICES
from schemas.postal import REQUESTS
from schemas.state import STATE

ANEW = (LOG, STATE, DEADLINES)
"""Topics of which the new cluster alone counts."""


@dataclass(frozen=True)
class Aftermath:
    """Every topic before and after; `restored` is how many facts of each of the log's partitions came back."""

    before: Mapping[str, Sequence[Message]]
    after: Mapping[str, Sequence[Message]]
    restored: Mapping[int, int]

    def heard(self) -> dict[str, list[Message]]:
        """What anybody outside may have heard, once."""
        return {
            topic: list(rows) if topic in ANEW else [*self._only_before(topic), *rows]
            for topic, rows in self.after.items()
        }

    def standing(self) -> dict[str, list[Message]]:
        """The same without what was said because of facts that were lost and is not said again."""
        gone = {topic: {id(one) for one in self.died(topic)} for topic in (REQUESTS, NOTICES)}
        return {
            topic: [one for one in rows if id(one) not in gone.get(topic, ())] for topic, rows in self.heard().items()
        }

    def died(self, topic: str) -> list[Message]:
        """Of what was said before, what followed from a fact that the disaster took and is not said again.

        The fact did not come back (a rung whose time is over), or came back behind another that says the same.
        """
        lost = {_ref(one) for one in self._lost()}
        return [one for one in self._only_before(topic) if Event.decode(one.value or b"").causationid in lost]

    def is_renumbered(self, line: str) -> bool:
        """Whether a line of the reckoning is about the numbers of a dossier that lost facts: its count began anew."""
        return ": notice " in line and any(f" {dossier}: notice " in line for dossier in self.touched())

    def renumbered(self, ledgers: Ledgers) -> int:
        """Notices under a number that another one had, of dossiers that lost facts."""
        touched = self.touched()
        told = Counter(
            (code, one["dossier"], one["sequence"])
            for code, ledger in ledgers.agencies.items()
            for one in ledger["notices"]
            if one["sequence"] is not None and one["dossier"] in touched
        )
        return sum(count - 1 for count in told.values())

    def touched(self) -> set[str]:
        """The dossiers that lost facts."""
        return {(one.key or b"").decode() for one in self._lost()}

    def _lost(self) -> list[Message]:
        return [one for one in self.before[LOG] if one.offset >= self.restored.get(one.partition, 0)]

    def _only_before(self, topic: str) -> list[Message]:
        again = {_ref(one) for one in self.after[topic]}
        return [one for one in self.before[topic] if _ref(one) not in again]


def _ref(record: Message) -> str:
    """Its source and id; of what is no event, its bytes."""
    with suppress(NotAnEvent, UnknownType):
        return ref_in(record.value or b"")
    return repr(record.value)
