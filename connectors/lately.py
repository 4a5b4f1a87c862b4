"""What was said lately: names of facts that are on the log, so that a history asked for again says nothing twice."""

from collections import OrderedDict
from collections.abc import Iterable

MOST = 100_000


class Lately:
    """The last names, as many as fit. A name forgotten is said again, which is saying it once: its id is derived."""

    def __init__(self, most: int = MOST) -> None:
        self._names: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, names: Iterable[str]) -> None:
        """These are on the log now."""
        for name in names:
            self._names[name] = None
            self._names.move_to_end(name)
        while len(self._names) > self._most:
            self._names.popitem(last=False)
