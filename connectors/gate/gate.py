"""Judged events in, facts on the log out: sealed, dated, digested, and durable before anybody is told they are."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors.broker import Producer
from connectors.gate import authority
from connectors.gate.judge import Admitted, Rejection, judge
from connectors.gate.problems import WHOLE, problem
from connectors.metrics import counter
from connectors.reference import References
from connectors.seal import Sealer
from connectors.secrets import Secrets
from connectors.store import Store, gate_seen
from schemas import trace, tracing
from schemas.dossier import DossierFact
from schemas.event import MOST_BYTES, Event, canonical, derived_id, digest_of
from schemas.instant import now
from schemas.notice import EventRejected
from schemas.reference import Bundle
from schemas.tracing import Span

SOURCE = "/hoso/gate"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of a tracking code: no I, L, O and U, which are taken for others or make words."""
TRACKING_LETTERS = 10
CONFLICT = "Another event of yours with this id says something else; a new fact needs a new id."


@dataclass(frozen=True, slots=True)
class Offer:
    """An event as it came, and whose key or topic it came by. `traceparent` is for an event without one."""

    raw: bytes | dict[str, Any]
    caller: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """On the log; a repetition is on it once more, and changes nothing."""

    id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Conflict(Rejection):
    """An event whose id its source has used for something else."""


Verdict = Accepted | Rejection
Known = dict[tuple[str, str], str]
"""The digest under which a (source, id) came in before."""


class Gate:
    """Lets facts onto the log. Threads may share one; every call is a batch of its own."""

    def __init__(self, secrets: Secrets, store: Store, producer: Producer, references: References) -> None:
        self._secrets, self._store, self._producer, self._references = secrets, store, producer, references

    def admit(self, offers: Sequence[Offer], door: str) -> list[Verdict]:
        """What became of each, in their order. All that is accepted or rejected is on its topic when this returns.

        TryLater: nothing is promised, and the same batch may be offered again: saying a thing twice is saying it once.
        """
        bundle, at = self._references.newest(), now()
        judged = [judge(offer.raw, offer.caller, bundle, at) for offer in offers]
        spans = [_span(one, offer) for offer, one in zip(offers, judged, strict=True)]
        known = self._known([one.event for one in judged if isinstance(one, Admitted)])
        sealer = Sealer(self._secrets.openers_public, self._store)
        facts = [
            self._fact(one, span.traceparent, sealer, bundle, at) if isinstance(one, Admitted) else one
            for span, one in zip(spans, judged, strict=True)
        ]
        decided = [_last_look(fact, known) if isinstance(fact, Event) else fact for fact in facts]
        rejected = [
            rejection(offer, one, span.traceparent, bundle, at)
            for offer, span, one in zip(offers, spans, decided, strict=True)
            if isinstance(one, Rejection)
        ]
        admitted = [one for one in decided if isinstance(one, Event)]
        # Keys, topics, memory: in this order, so that a crash between any two harms nothing.
        sealer.keep()
        self._producer.publish([*admitted, *rejected])
        self._remember(admitted)
        _count(door, len(admitted), len(rejected))
        for offer, span, one in zip(offers, spans, decided, strict=True):
            _ends(span, one, door, offer.caller)
        return [Accepted(one.id, one.subject) if isinstance(one, Event) else one for one in decided]

    def state(self, fact: Event, door: str, traceparent: str | None = None) -> Event:
        """Let a fact in that a door states itself, for a citizen without a key: sealed, dated and digested as any.

        It is on the log when this returns. TryLater: nothing is promised; saying it again is saying it once.
        """
        bundle, at = self._references.newest(), now()
        sealer = Sealer(self._secrets.openers_public, self._store)
        admitted = Admitted(fact, fact.model_dump(mode="json", exclude_none=True)["data"])
        span = _span(admitted, Offer({}, fact.source, traceparent))
        said = self._fact(admitted, span.traceparent, sealer, bundle, at)
        sealer.keep()
        self._producer.publish([said])
        _count(door, 1, 0)
        _ends(span, said, door)
        return said

    def digest(self, dossier: str, data: object) -> str:
        """What the digest of a fact of this dossier would be with this plain data: whether it says the same again."""
        return digest_of(data, self._secrets.digest.of(dossier))

    def _known(self, events: Sequence[Event]) -> Known:
        if not events:
            return {}
        with self._store.read() as connection:
            return gate_seen.digests(connection, [(event.source, event.id) for event in events])

    def _remember(self, facts: Sequence[Event]) -> None:
        if facts:
            self._store.together(lambda transaction: gate_seen.remember(transaction, facts))

    def _fact(self, admitted: Admitted, traceparent: str, sealer: Sealer, bundle: Bundle, at: datetime) -> Event:
        """An admitted event as it goes on the log."""
        event = sealer.seal(admitted.event)
        opens, keys = isinstance(event, DossierFact) and event.opens, self._secrets
        return event.model_copy(
            update={
                "recordedtime": at,
                "refversion": bundle.version,
                "digest": self.digest(event.subject, admitted.data),
                "trackingcode": tracking_code(event.subject, keys.tracking.of(event.subject)) if opens else None,
                "traceparent": traceparent,
            }
        )


def _last_look(fact: Event, known: Known) -> Event | Rejection:
    """The fact, unless its id has been used for something else or its sealed form is too long."""
    assert fact.digest is not None
    if known.setdefault((fact.source, fact.id), fact.digest) != fact.digest:
        return Conflict(fact.id, fact.subject, (problem("id", CONFLICT),))
    if (size := len(fact.encode())) > MOST_BYTES:
        says = f"Sealed it has {size} bytes; at most {MOST_BYTES} are taken."
        return Rejection(fact.id, fact.subject, (problem(WHOLE, says),))
    return fact


def rejection(offer: Offer, rejected: Rejection, traceparent: str, bundle: Bundle, at: datetime) -> EventRejected:
    """A rejection as its agency is told; the same for the same bytes, faults and agency."""
    agency = authority.edition_of(bundle).agency(offer.caller)
    code = agency.code if agency else offer.caller
    raw = offer.raw if isinstance(offer.raw, bytes) else repr(offer.raw).encode("utf-8", "replace")
    said = canonical([error.model_dump() for error in rejected.errors])
    return EventRejected(
        id=derived_id(code, "rejected", sha256(raw).hexdigest(), sha256(said).hexdigest()),
        source=SOURCE,
        subject=code,
        time=at,
        recordedtime=at,
        traceparent=traceparent,
        data=EventRejected.Data(id=rejected.id, subject=rejected.subject, errors=rejected.errors),
    )


def _span(judged: Admitted | Rejection, offer: Offer) -> Span:
    """What is done about an offer: in the trace that its event names, or that it came by, or in a new one."""
    said = judged.event.traceparent if isinstance(judged, Admitted) else judged.traceparent
    return tracing.span("admit", trace.known(said) or trace.known(offer.traceparent))


def _ends(span: Span, decided: Event | Rejection, door: str, agency: str | None = None) -> None:
    if agency is not None:
        span.notes(agency=agency)
    if isinstance(decided, Event):
        span.notes(type=decided.type)
    span.notes(door=door, outcome="accepted" if isinstance(decided, Event) else "rejected")
    span.ends()


def _count(door: str, admitted: int, rejected: int) -> None:
    counter("hoso_gate_total").labels(door, "accepted").inc(admitted)
    counter("hoso_gate_total").labels(door, "rejected").inc(rejected)


def tracking_code(dossier: str, key: bytes) -> str:
    """Ten characters for the citizen's slip, drawn from a dossier's code: nobody without the key finds the way back."""
    number = int.from_bytes(hmac.new(key, dossier.encode(), sha256).digest()[:8])
    return "".join(LETTERS[number >> 5 * place & 31] for place in range(TRACKING_LETTERS))
