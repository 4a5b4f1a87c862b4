"""dossier.state in; a signed receipt for every result handed over, in SQL.

A batch may come again, whole or in part: what was stated of a dossier's n-th state is not stated of it, or of an
earlier one, again.
"""

import json
from collections.abc import Sequence
from datetime import date, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from connectors.broker import Message, Producer
from connectors.letter_boxes import LetterBoxes
from connectors.letters import keep as put_aside
from connectors.metrics import counter
from connectors.receipts.reading import HANDED_OVER, Heard, heard
from connectors.receipts.signing import signed
from connectors.store import Store, receipts
from connectors.store.receipts import Kept
from rules.receipts.statement import Said, is_owed, statement
from rules.receipts.tree import leaf_of
from schemas.event import NotAnEvent, canonical
from schemas.instant import date_of, now

log = structlog.get_logger()
DAY = timedelta(days=1)


class Making:
    """Handles batches of states. One transaction for what a batch owes; most owe nothing, and write nothing."""

    def __init__(
        self, store: Store, producer: Producer, key: Ed25519PrivateKey, boxes: LetterBoxes | None = None
    ) -> None:
        self._store, self._producer, self._key, self._boxes = store, producer, key, boxes

    def handle(self, messages: Sequence[Message]) -> None:
        """Make the receipts that a batch owes. Handling it again changes nothing."""
        states = [one for one in messages if one.key is not None and one.value is not None]
        with self._store.read() as connection:
            known = receipts.last_of(connection, {_code(one) for one in states})
        newest = self._newest([one for one in states if HANDED_OVER in (one.value or b"") or _code(one) in known])
        owed = [one for one in newest if _owes(one, known.get(one.dossier))]
        if owed:
            self._make(owed)

    def _newest(self, messages: Sequence[Message]) -> list[Heard]:
        """The last state of each dossier among these; what cannot be read is on the dead letters afterwards."""
        found: dict[str, Heard] = {}
        for message in messages:
            try:
                if (state := heard(message.value or b"")) is not None:
                    found[state.dossier] = state
            except NotAnEvent as error:
                put_aside(message, str(error), self._producer, self._boxes)
        return list(found.values())

    def _make(self, states: Sequence[Heard]) -> None:
        with self._store.begin() as transaction:
            receipts.alone(transaction)
            # Another process of ours may have been there since we looked.
            known = receipts.last_of(transaction, [one.dossier for one in states])
            day = _day(transaction)
            still = [(one, known.get(one.dossier)) for one in states]
            made = [self._made(one, last, day) for one, last in still if _owes(one, last)]
            if made:
                receipts.keep(transaction, made)
        for one in made:
            counter("hoso_receipts_total").labels("first" if one.number == 1 else "superseding").inc()
            log.info("receipt.made", dossier=one.dossier, id=one.id, number=one.number)

    def _made(self, state: Heard, last: Kept | None, day: date) -> Kept:
        unsigned = statement(state.dossier, state.ref, _said(last), state.handed_over, now(), day)
        body = canonical(signed(unsigned, self._key))
        return Kept(
            dossier=state.dossier,
            number=unsigned["number"],
            id=unsigned["id"],
            sequence=state.sequence,
            receiving_agency=state.receiving_agency,
            competent_agency=state.competent_agency,
            day=unsigned["day"],
            leaf=leaf_of(body),
            body=body,
        )


def _code(message: Message) -> str:
    return (message.key or b"").decode(errors="replace")


def _day(connection: Connection) -> date:
    """Today, or the first day that is not closed: a clock that was set back opens none again."""
    today, last = date_of(now()), receipts.last_closed(connection)
    return today if last is None else max(today, last.day + DAY)


def _owes(state: Heard, last: Kept | None) -> bool:
    if last is not None and state.sequence <= last.sequence:
        return False
    return is_owed(_said(last), state.handed_over)


def _said(last: Kept | None) -> Said | None:
    return Said(last.number, last.id, json.loads(last.body).get("handed_over")) if last is not None else None
