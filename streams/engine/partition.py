"""What a worker keeps of one partition: the states, and where it stands in the log and in the changelog."""

from dataclasses import dataclass, field

from streams.engine.stored import watermark_of


@dataclass(slots=True)
class Partition:
    """States of one partition. Dropped as a whole when the partition goes to another worker."""

    states: dict[bytes, bytes] = field(default_factory=dict)
    """Key -> stored value; see stored.py."""
    bytes_held: int = 0
    """Size of all keys and values, for the memory budget."""
    changelog_offset: int | None = None
    """Offset of the last changelog record that is in `states`."""
    log_id: bytes | None = None
    """The log its watermarks belong to, as its changelog says."""
    fence: int = 0
    """Records below this offset change states and have no effects: so it was asked when this log was adopted."""
    fresh: bool = False
    """Its changelog is empty, not even its log's id is in it."""
    late: set[bytes] = field(default_factory=set)
    """Keys whose last changelog record is older than an earlier one: a zombie's; to be written again."""
    closing: dict[bytes, int] = field(default_factory=dict)
    """Finished keys and their watermarks: deleted once these are committed."""
    owned: bool = False
    """Recovered, and ours to write to."""
    folded: int | None = None
    """Offset after the last record applied; None until the input was sought."""
    target: int = 0
    """The end of the log when we took the partition: timers wait until it is folded."""
    committed: int | None = None
    """The last offset committed by us or found committed."""
    end: int | None = None
    """The end of the log when it was last asked for."""

    @property
    def caught_up(self) -> bool:
        """Everything that was in the log when we took the partition is folded."""
        return self.owned and self.folded is not None and self.folded >= self.target

    @property
    def lag(self) -> int:
        """Records in the log that are not committed; 0 while the end is not known."""
        return max(0, (self.end or 0) - (self.committed or 0))

    @property
    def reached(self) -> int:
        """Offset + 1 of the last record that is in a state; 0 where there is none. Looks at every state."""
        return max(map(watermark_of, self.states.values()), default=0)

    def finished(self) -> list[bytes]:
        """Keys that no record can come back for: closed, and committed since."""
        return [key for key, watermark in self.closing.items() if watermark <= (self.committed or 0)]

    def put(self, key: bytes, value: bytes) -> None:
        """Keep this value."""
        old = self.states.get(key)
        self.bytes_held += len(value) - len(old) if old is not None else len(key) + len(value)
        self.states[key] = value

    def adopt(self, log_id: bytes, fence: int) -> None:
        """Begin anew as another log's; what was kept of the one before means nothing any more."""
        self.states.clear()
        self.late.clear()
        self.bytes_held, self.log_id, self.fence = 0, log_id, fence

    def drop(self, key: bytes) -> None:
        """Forget this key."""
        self.closing.pop(key, None)
        old = self.states.pop(key, None)
        if old is not None:
            self.bytes_held -= len(key) + len(old)
