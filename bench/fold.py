"""What one event costs the rules (decode, evolve, react, encode), on the life of a dossier returned by post.

    .venv/bin/python bench/fold.py [dossiers]

Prints events a second on one core and CPU microseconds an event, whole and by part.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from streams.engine import Record
from streams.fold import Fold
from tests.builders import REFERENCE
from tests.rules.test_laws import MOVES, OPENED


def main(dossiers: int = 500) -> None:
    """Fold the same twelve-fact life for so many dossiers."""
    log = [event.encode() for event in (*OPENED, *MOVES)]
    fold, size = Fold(REFERENCE), 0
    began = time.process_time()
    for _ in range(dossiers):
        state: bytes | None = None
        for offset, raw in enumerate(log):
            stepped = fold.step(state, Record(b"H29.12-261102-0001", raw, offset, 0, 0))
            state = stepped.state if stepped.state is not None else state
        size = len(state or b"")
    spent, events = time.process_time() - began, dossiers * len(log)
    print(
        f"{events} events in {spent:.2f} s CPU: {events / spent:,.0f} events/s, {spent / events * 1e6:.0f} us an event"
    )
    print(f"state of a dossier with {len(log)} facts: {size} bytes")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
