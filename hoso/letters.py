"""A dead letter as an operator is shown it: in words, in bytes, and for machines."""

from typing import TYPE_CHECKING, Any

from connectors.dead_letters import DeadLetter, printable

if TYPE_CHECKING:
    from connectors.redriving import Planned

SHORT = 13
"""So much of an id tells letters apart."""
BYTES_A_LINE, BYTES_SHOWN = 32, 2048


def row_of(one: DeadLetter) -> dict[str, Any]:
    """A letter for machines."""
    data, put = one.kept.data, one.redriven
    return {
        "id": one.id,
        "topic": data.topic,
        "partition": data.partition,
        "offset": data.offset,
        "key": data.key,
        "written": one.kept.time.isoformat(),
        "reason": one.kind,
        "state": one.state.value,
        "times_before": one.times,
        "redriven": put
        and {"at": put.time.isoformat(), "stands_at": put.data.place, "by": put.data.by, "why": put.data.why},
        "came_back_as": one.came_back_as,
    }


def planned_row(one: "Planned") -> dict[str, Any]:
    """What would become of a letter, for machines; `stands_at` is for whoever puts it back."""
    return {
        "id": one.letter.id,
        "from": one.letter.kept.data.place,
        "times_before": one.letter.times,
        "reads_now": one.reading.reads,
        "becomes": one.reading.says,
        "refused": one.refused,
        "stands_at": None,
    }


def told(row: dict[str, Any], dry_run: bool) -> str:
    """Such a row as a line."""
    done = "would go back" if dry_run else f"back at {row['stands_at']}"
    says = f"stays: {row['refused']}" if row["refused"] else f"{done}: {row['becomes']}"
    return f"{row['id'][:SHORT]}  {row['from']}  {says}"


def became(one: DeadLetter) -> str:
    """What became of a letter, in words."""
    put = one.redriven
    again = f" as {one.came_back_as[:SHORT]}" if one.came_back_as else ""
    by = f", put back {put.time:%Y-%m-%d %H:%M} by {put.data.by}: {put.data.why}" if put else ""
    before = f", its bytes died {one.times} times before" if one.times else ""
    return f"{one.state.value}{again}{by}{before}"


def text_of(raw: bytes) -> str | None:
    """The bytes as text, if they are text that a terminal may be shown."""
    try:
        text = raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    return text if printable(text) == text else None


def hex_of(raw: bytes) -> str:
    """The bytes as hexadecimal numbers, the first two thousand of them."""
    shown = raw[:BYTES_SHOWN]
    lines = [shown[at : at + BYTES_A_LINE].hex(" ") for at in range(0, len(shown), BYTES_A_LINE)]
    more = f"\n{len(raw) - BYTES_SHOWN} bytes more: --raw writes them all" if len(raw) > BYTES_SHOWN else ""
    return "\n".join(lines) + more
