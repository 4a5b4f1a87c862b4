"""What operators said that carriers' codes mean (`ops.codes`), and what that makes of an update whose table is silent.

No mapping is missed: whoever meets an unknown code looks first whether there is news. So a webhook that was met before
a mapping was said stands on its topic already when the stored ones are translated again.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Self

import structlog

from connectors.broker import Message, Reader
from connectors.carriers import Carrier, Update
from connectors.verdicts import TryLater
from schemas.carrier_codes import CODES, CodeApplied, CodeMapped
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.postal import ParcelStatus

log = structlog.get_logger()
Key = tuple[str, str | None, str]
"""Carrier, api version (None: the newest list) and code: the same number means other things in other lists."""
MOST_CODE = 200
AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class Said:
    """What the topic comes to: the last word on each code, and which mappings were applied to what is stored."""

    mapped: dict[Key, CodeMapped] = field(default_factory=dict)
    applied: dict[str, CodeApplied] = field(default_factory=dict)

    def take(self, records: Iterable[Message]) -> Self:
        """With these records too. What a newer release says is passed over."""
        for record in records:
            try:
                event = Event.decode(record.value or b"")
            except (NotAnEvent, UnknownType):
                continue
            match event:
                case CodeMapped():
                    self.mapped[key_of(event)] = event
                case CodeApplied():
                    self.applied[event.data.mapping] = event
        return self

    def of(self, carrier: str, api_version: str | None, code: str) -> CodeMapped | None:
        """What a code was said to mean; None where nobody did, or took it back."""
        found = self.mapped.get((carrier, api_version, code[:MOST_CODE]))
        return found if found is not None and found.data.status is not ParcelStatus.UNKNOWN else None

    def pending(self) -> list[CodeMapped]:
        """The mappings in force that the stored webhooks do not know yet."""
        return [
            one
            for one in self.mapped.values()
            if one.id not in self.applied and one.data.status is not ParcelStatus.UNKNOWN
        ]


class Codes:
    """The topic as one process follows it. One thread uses it; `refresh` and `of` raise TryLater without a broker."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._reader: Reader | None = None
        self._said, self._fresh = Said(), False

    def start(self, stop: threading.Event) -> bool:
        """Wait until the topic is read to its end; False if told to stop before."""
        said = False
        while not stop.is_set():
            try:
                self.refresh()
                return True
            except TryLater as later:
                if not said:
                    log.warning("broker.away", topic=CODES, why=later.why)
                said = True
                stop.wait(AGAIN_SECONDS)
        return False

    def stale(self) -> None:
        """Something came since: `of` looks for news before it answers."""
        self._fresh = False

    def of(self, carrier: str, api_version: str | None, code: str) -> CodeMapped | None:
        """What a code means by an operator's word that was said before this is asked."""
        if not self._fresh:
            self.refresh()
        return self._said.of(carrier, api_version, code)

    def pending(self) -> list[CodeMapped]:
        """The mappings in force that the stored webhooks do not know yet, as of the last `refresh`."""
        return self._said.pending()

    def stands(self, mapping: CodeMapped) -> bool:
        """Whether it is still the last word on its code, as of the last `refresh`."""
        return self._said.of(*key_of(mapping)) == mapping

    @property
    def said(self) -> Said:
        """What the topic comes to, as of the last `refresh`."""
        return self._said

    def refresh(self) -> None:
        """Read the topic to its end as it is now."""
        try:
            if self._reader is None:
                # From the start: half of what was read before may be half of what is there.
                self._reader = Reader(self._bootstrap, CODES)
                self._said = Said().take(self._reader.to_end())
            else:
                self._said.take(self._reader.to_end())
        except TryLater:
            self.close()
            raise
        self._fresh = True

    def close(self) -> None:
        """Let the broker go; a later `refresh` finds it again."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def read(bootstrap: str) -> Said:
    """All of the topic, once. Raises TryLater."""
    with Reader(bootstrap, CODES) as reader:
        return Said().take(reader.to_end())


def key_of(event: CodeMapped) -> Key:
    """Which code a mapping is about."""
    return event.data.carrier, event.data.api_version, event.data.code


def meant(update: Update, mapping: CodeMapped | None, carrier: Carrier) -> tuple[Update, str]:
    """An update as an operator's mapping reads it, and which table did; the carrier's own table comes first.

    It is as firm as the operator says; else as the carrier's list is: one that no document backs at all is not. A
    reason that the body itself gives comes before the operator's.
    """
    if mapping is None or update.status is not ParcelStatus.UNKNOWN:
        return update, carrier.table_version
    said = mapping.data
    firm = said.firm if said.firm is not None else update.firm or _is_backed(carrier, said.api_version, said.code)
    found = replace(update, status=said.status, firm=firm)
    if update.reason is None:
        found = replace(found, reason=said.reason, fault=said.fault)
    return found, f"{carrier.table_version}+{mapping.id[:8]}"


# ---------------------------------------------------------------- the carriers' own tables


def lists_of(carrier: Carrier) -> list[str]:
    """The names of a carrier's lists of codes, the newest first."""
    return list(dict.fromkeys(version for version, _ in _statuses(carrier)))


def api_version_of(carrier: Carrier, code: str) -> str | None:
    """Under which api version the webhooks come that carry this code; None for the newest, and where the body tells it.

    A carrier whose body does not tell its list has the list's name in the codes of its updates all the same.
    """
    if "api_version" not in vars(type(carrier)):
        return None
    told, sign, _ = code.partition(":")
    return told if sign and told in lists_of(carrier) else None


def older_list(carrier: Carrier, api_version: str | None, code: str) -> str | None:
    """The name of the list that a code belongs to; None for the newest."""
    name = _place(carrier, api_version, code)[0]
    return name if name in lists_of(carrier)[1:] else None


def in_table(carrier: Carrier, api_version: str | None, code: str) -> ParcelStatus | None:
    """What a carrier's own table says of a code as an update carries it, `old:91` where the body told its list."""
    return _statuses(carrier).get(_place(carrier, api_version, code))


def _is_backed(carrier: Carrier, api_version: str | None, code: str) -> bool:
    """Whether the carrier's document backs any code of the list that this one belongs to."""
    rows = {row for row in _statuses(carrier) if row[0] == _place(carrier, api_version, code)[0]}
    return not rows <= _table(carrier, "UNCONFIRMED").keys()


def _place(carrier: Carrier, api_version: str | None, code: str) -> tuple[str, str]:
    """Where a code would stand in the table: in which list, and as what."""
    lists = lists_of(carrier)
    told, sign, bare = code.partition(":")
    if sign and told in lists:
        return told, bare
    return api_version or next(iter(lists), ""), code


def _statuses(carrier: Carrier) -> dict[tuple[str, str], ParcelStatus]:
    return _table(carrier, "STATUSES")


def _table(carrier: Carrier, name: str) -> dict[tuple[str, str], Any]:
    """A table of the module that the carrier is in, by list and code; empty where it has none."""
    found = getattr(import_module(type(carrier).__module__), name, {})
    return found if isinstance(found, dict) else dict.fromkeys(found)
