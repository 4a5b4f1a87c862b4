"""The stored webhooks told again for codes that an operator has just mapped, a portion at a time beside live ones."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from connectors.broker import Message, Reader
from connectors.carriers import Carrier, Update, carriers
from connectors.codes import MOST_CODE, in_table, key_of, meant
from connectors.moves import Sighting, sighting
from connectors.seal import CannotOpen, Evidence
from connectors.verdicts import Unreadable
from schemas.carrier_codes import CodeApplied, CodeMapped
from schemas.event import Event, NotAnEvent, UnknownType, derived_id
from schemas.instant import now
from schemas.postal import WEBHOOKS, ParcelStatus, WebhookReceived
from schemas.release import RELEASE

MOST = 200
"""Updates of a portion: what is said of them is one batch."""


@dataclass(frozen=True, slots=True)
class Retold:
    """An update that carried a mapped code, as it reads now; `before` is its name as it read without the mapping."""

    mapping: CodeMapped
    seen: Sighting
    before: str


class _About(msgspec.Struct):
    carrier: str = ""
    api_version: str | None = None


class _Head(msgspec.Struct):
    data: _About


class Retelling:
    """One round for some mappings, over every webhook that stood on the topic at its first portion.

    Only updates that carry one of these codes come out; the others of the same body do not. A round that is broken off
    is begun anew: its facts have the same names. `told` counts what came of each mapping; `names` are of its updates.
    """

    def __init__(self, bootstrap: str, mappings: Sequence[CodeMapped], evidence: Evidence, refversion: str) -> None:
        self.mappings = {key_of(one): one for one in mappings}
        self.told: dict[str, Counter[str]] = {one.id: Counter() for one in mappings}
        self.names: set[str] = set()
        self.ended = False
        self._lists = {(carrier, version) for carrier, version, _ in self.mappings}
        self._evidence, self._refversion = evidence, refversion
        self._head = msgspec.json.Decoder(_Head).decode
        self._bootstrap = bootstrap
        self._reader: Reader | None = None
        self._records: Iterator[Message] = iter(())

    def portion(self, seconds: float) -> list[Retold]:
        """The next updates, after so long at most; `ended` once there are no more. Raises TryLater."""
        if self._reader is None:
            self._reader = Reader(self._bootstrap, WEBHOOKS)
            self._records = self._reader.to_end()
        found: list[Retold] = []
        until = time.monotonic() + seconds
        while len(found) < MOST and time.monotonic() < until:
            record = next(self._records, None)
            if record is None:
                self.ended = True
                break
            found += self.retold(record)
        return found

    def retold(self, record: Message) -> Iterator[Retold]:
        """What a stored webhook says under these codes; bytes that nobody reads went to the dead letters long ago."""
        webhook = self._webhook(record.value or b"")
        carrier = carriers().get(webhook.data.carrier) if webhook is not None else None
        if webhook is None or carrier is None:
            return
        try:
            updates = carrier.updates(self._evidence.open(webhook.data.body), webhook.data.api_version)
        except (Unreadable, CannotOpen):
            return
        touched = set()
        for update in updates:
            key = (carrier.name, webhook.data.api_version, update.code[:MOST_CODE])
            mapping = self.mappings.get(key)
            # What was read from its words, its code being unknown, was said as that.
            if mapping is not None and (update.status is ParcelStatus.UNKNOWN or in_table(carrier, *key[1:])):
                touched.add(mapping.id)
                yield self._read(update, webhook, mapping, carrier)
        for name in touched:
            self.told[name]["webhooks"] += 1

    def applied(self) -> list[CodeApplied]:
        """The round is over: a word for each mapping."""
        return [self._applied(one) for one in self.mappings.values()]

    def close(self) -> None:
        """Let the broker go."""
        if self._reader is not None:
            self._reader.close()

    def _webhook(self, raw: bytes) -> WebhookReceived | None:
        """A webhook of one of these lists; the others are passed over undecoded."""
        try:
            about = self._head(raw).data
            if (about.carrier, about.api_version) not in self._lists:
                return None
            event = Event.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, NotAnEvent, UnknownType):
            return None
        return event if isinstance(event, WebhookReceived) else None

    def _read(self, update: Update, webhook: WebhookReceived, mapping: CodeMapped, carrier: Carrier) -> Retold:
        unknown = replace(update, status=ParcelStatus.UNKNOWN)
        before = sighting(unknown, webhook, carrier.table_version, self._refversion)
        found, table = meant(update, mapping, carrier)
        return Retold(mapping, sighting(found, webhook, table, self._refversion), before.name)

    def _applied(self, mapping: CodeMapped) -> CodeApplied:
        said, at = mapping.data, now()
        told = self.told[mapping.id]
        return CodeApplied(
            id=derived_id(mapping.ref, "code_applied"),
            source="/hoso/translate",
            subject=mapping.subject,
            time=at,
            recordedtime=at,
            causationid=mapping.ref,
            codeversion=RELEASE,
            data=CodeApplied.Data(
                mapping=mapping.id,
                carrier=said.carrier,
                code=said.code,
                webhooks=told["webhooks"],
                facts=told["facts"],
                waiting=told["waiting"],
            ),
        )
