"""Judged events in, facts on the log out: sealed, dated, digested, and durable before anybody is told they are."""

import hmac
import re
import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors.broker import Producer
from connectors.gate import authority, seen
from connectors.gate.judge import Admitted, Rejection, judge
from connectors.gate.problems import WHOLE, problem
from connectors.metrics import counter
from connectors.reference import References
from connectors.seal import Sealer
from connectors.secrets import Secrets
from connectors.store import Store
from schemas.dossier import DossierFact
from schemas.event import MOST_BYTES, Event, canonical, derived_id, digest_of
from schemas.instant import now
from schemas.notice import EventRejected
from schemas.reference import Bundle

SOURCE = "/hoso/gate"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of a tracking code: no I, L, O and U, which are taken for others or make words."""
TRACKING_LETTERS = 10
TRACE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
CONFLICT = "Another event of yours with this id says something else; a new fact needs a new id."


@dataclass(frozen=True, slots=True)
class Offer:
    """An event as it came, and whose key or topic it came by. `traceparent` is that of the request, for an event without."""

    raw: bytes | dict[str, Any]
    caller: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """On the log, or there before (`repeated`)."""

    id: str
    subject: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Conflict(Rejection):
    """An event whose id its source has used for something else."""


Verdict = Accepted | Rejection


class Gate:
    """Lets facts onto the log. Threads may share one; every call is a batch of its own."""

    def __init__(self, secrets: Secrets, store: Store, producer: Producer, references: References) -> None:
        self._secrets, self._store, self._producer, self._references = secrets, store, producer, references

    def admit(self, offers: Sequence[Offer], door: str) -> list[Verdict]:
        """What became of each, in their order. All that is accepted or rejected is on its topic when this returns.

        TryLater: nothing is promised, and the same batch may be offered again, since saying a thing twice is saying it once.
        """
        bundle, at = self._references.newest(), now()
        verdicts = [judge(offer.raw, offer.caller, bundle, at) for offer in offers]
        batch = _Batch(self, bundle, at)
        done = batch.take(list(zip(offers, verdicts, strict=True)))
        for verdict in done:
            counter("hoso_gate_total").labels(door, "accepted" if isinstance(verdict, Accepted) else "rejected").inc()
        return done

    def rejection(self, offer: Offer, rejected: Rejection, bundle: Bundle, at: datetime) -> EventRejected:
        """A rejection as its agency is told; the same for the same bytes, faults and agency."""
        agency = authority.directory(bundle).agency(offer.caller)
        code = agency.code if agency else offer.caller
        raw = offer.raw if isinstance(offer.raw, bytes) else repr(offer.raw).encode()
        said = canonical([error.model_dump() for error in rejected.errors])
        return EventRejected(
            id=derived_id(code, "rejected", sha256(raw).hexdigest(), sha256(said).hexdigest()),
            source=SOURCE,
            subject=code,
            time=at,
            recordedtime=at,
            traceparent=offer.traceparent,
            data=EventRejected.Data(id=rejected.id, subject=rejected.subject, errors=rejected.errors),
        )

    def fact(self, admitted: Admitted, offer: Offer, sealer: Sealer, bundle: Bundle, at: datetime) -> Event:
        """An admitted event as it goes on the log."""
        event = sealer.seal(admitted.event)
        opens = isinstance(event, DossierFact) and event.opens
        return event.model_copy(
            update={
                "recordedtime": at,
                "refversion": bundle.version,
                "digest": digest_of(admitted.data, self._secrets.digest),
                "trackingcode": tracking_code(event.subject, self._secrets.tracking) if opens else None,
                "traceparent": trace(event.traceparent) or trace(offer.traceparent) or new_trace(),
            }
        )

    def sealer(self) -> Sealer:
        """A sealer for one batch."""
        return Sealer(self._secrets.openers_public, self._store)

    @property
    def store(self) -> Store:
        """Where keys and what was seen are kept."""
        return self._store

    def publish(self, events: Sequence[Event]) -> None:
        """Put events on their topics, durable when this returns."""
        self._producer.publish(events)


class _Batch:
    """One batch on its way through the gate."""

    def __init__(self, gate: Gate, bundle: Bundle, at: datetime) -> None:
        self._gate, self._bundle, self._at = gate, bundle, at
        self._sealer = gate.sealer()
        self._facts: list[Event] = []
        self._rejected: list[Event] = []

    def take(self, judged: Sequence[tuple[Offer, Admitted | Rejection]]) -> list[Verdict]:
        """Seal, keep the keys, publish, remember: in this order, so that a crash between any two harms nothing."""
        known = self._known([verdict.event for _, verdict in judged if isinstance(verdict, Admitted)])
        verdicts = [self._one(offer, verdict, known) for offer, verdict in judged]
        self._sealer.keep()
        self._gate.publish([*self._facts, *self._rejected])
        if self._facts:
            with self._gate.store.begin() as transaction:
                seen.remember(transaction, self._facts)
        return verdicts

    def _known(self, events: Sequence[Event]) -> dict[tuple[str, str], str]:
        if not events:
            return {}
        with self._gate.store.read() as connection:
            return seen.digests(connection, [(event.source, event.id) for event in events])

    def _one(self, offer: Offer, verdict: Admitted | Rejection, known: dict[tuple[str, str], str]) -> Verdict:
        if isinstance(verdict, Rejection):
            return self._reject(offer, verdict)
        event = verdict.event
        fact = self._gate.fact(verdict, offer, self._sealer, self._bundle, self._at)
        assert fact.digest is not None
        before = known.setdefault((event.source, event.id), fact.digest)
        if before != fact.digest:
            return self._reject(offer, Conflict(event.id, event.subject, (problem("id", CONFLICT),)))
        if (size := len(fact.encode())) > MOST_BYTES:
            says = f"Sealed it has {size} bytes; at most {MOST_BYTES} are taken."
            return self._reject(offer, Rejection(event.id, event.subject, (problem(WHOLE, says),)))
        self._facts.append(fact)
        return Accepted(event.id, event.subject)

    def _reject(self, offer: Offer, rejected: Rejection) -> Rejection:
        self._rejected.append(self._gate.rejection(offer, rejected, self._bundle, self._at))
        return rejected


def tracking_code(dossier: str, key: bytes) -> str:
    """Ten characters for the citizen's slip, drawn from a dossier's code: nobody without the key finds the way back."""
    number = int.from_bytes(hmac.new(key, dossier.encode(), sha256).digest()[:8])
    return "".join(LETTERS[number >> 5 * place & 31] for place in range(TRACKING_LETTERS))


def trace(said: str | None) -> str | None:
    """A trace context in good form, or None."""
    return said if said is not None and TRACE.fullmatch(said) else None


def new_trace() -> str:
    """A trace context of our own."""
    return f"00-{random.token_hex(16)}-{random.token_hex(8)}-01"
