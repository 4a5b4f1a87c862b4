"""Records the states this release writes, and their form: `python -m tests.streams.record_states`.

Run it once for each release, before it is cut, and whenever a test of `test_states.py` says so: the states of the
release go to `samples/<release>/`, and stay there; `samples/form.json` is what the next release is compared with.
States of a release that is out are never written again: the recorder leaves them as they are.
"""

import hashlib
import json
import sys
from pathlib import Path

from schemas.release import RELEASE
from streams.codec import encode
from tests.streams.states import FOLDER, FORM, form, shapes

DIGESTS = FOLDER / "DIGESTS"


def recorded() -> list[str]:
    """`sha256  release/shape.state`, a line for every state that was ever recorded."""
    return DIGESTS.read_text().splitlines() if DIGESTS.exists() else []


def line_of(path: Path) -> str:
    """The line of a state as it is now."""
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(FOLDER)}"


def record(again: bool = False) -> int:
    """Write what is not there yet, or with `again` all of this release; how many states were written."""
    folder, written = FOLDER / RELEASE, 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, kept in shapes():
        path = folder / f"{name}.state"
        if again or not path.exists():
            path.write_bytes(encode(kept))
            written += 1
    others = [line for line in recorded() if f"  {RELEASE}/" not in line]
    own = [line_of(path) for path in sorted(folder.glob("*.state"))]
    DIGESTS.write_text("\n".join([*others, *own]) + "\n")
    FORM.write_text(json.dumps(form(), indent=1, ensure_ascii=False) + "\n")
    return written


if __name__ == "__main__":
    # Before a release is out nobody has its states: `--again` writes them over.
    print(f"{record('--again' in sys.argv)} states of {RELEASE} written, the form recorded")
