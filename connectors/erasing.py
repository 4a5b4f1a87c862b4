"""A dossier's keys destroyed, what else of it opens blanked, the log told, and a signed certificate: docs/privacy.md.

All that SQL holds goes in one transaction, with a record of what went; then the log is told; then the certificate is
written. Whatever dies in between, the same call goes on from there, and a call that finds nothing more says so.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from connectors.archive import Archive
from connectors.broker import Producer
from connectors.certificates import ALGORITHM, fingerprint
from connectors.history import history, published
from connectors.operators import word_of
from connectors.seal import Evidence
from connectors.settings import Settings
from connectors.store import Store, erasures, feed, items, sealed_keys
from connectors.store.erasures import Erasure
from connectors.store.feed import Fed
from connectors.store.sealed_keys import WrappedKey
from connectors.store.shredding import overwrites, settle
from rules.post.leg import Leg, OrderState
from schemas.event import Event, canonical
from schemas.instant import VIETNAM, aware, date_of
from schemas.ops import Erased
from schemas.sealed import Box
from schemas.topics import TOPICS, agency_topic

log = structlog.get_logger()
FORM = "hoso.erasure-certificate.v1"
"""Says what the document is, and begins the bytes that are signed."""
AGENCY_DAYS = next(one.days for one in TOPICS if agency_topic("").startswith(one.name))
AT_ONCE = 1_000
"""Rows of the feed that are looked through at once."""
BOXED = b'{"key_id"'
BLANK = {"erased": True}
"""What stands in place of a notice's payload."""


class NothingToErase(ValueError):
    """No key of this dossier is kept, and none ever was destroyed: the code is likely to be mistyped."""


# ---------------------------------------------------------------- before


def under_way(bootstrap: str, code: str, archive: Archive | None) -> list[str]:
    """What an erasure stops while the post is not done with a dossier, in sentences. Raises what `history` does."""
    found = history(bootstrap, published(bootstrap), code, archive)
    return [_stopped(leg) for leg in found.dossier.legs if leg.open()] if found else []


def _stopped(leg: Leg) -> str:
    if leg.order is OrderState.REQUESTED:
        return f"{leg.name}: the order to {leg.carrier} is refused, for its address is gone (contact_erased)"
    return f"{leg.name}: {leg.carrier} has the address and goes on, but no other carrier and no way back can be ordered"


# ---------------------------------------------------------------- destroying


def destroy(store: Store, feed_box: Evidence, code: str, why: str, by: str, refversion: str | None) -> None:
    """Destroy a dossier's keys and blank what else of it opens, in one transaction with the record of it.

    Raises NothingToErase, TryLater.
    """
    old = _told_by_older_releases(store, feed_box, code)
    with store.begin() as connection:
        overwrites(connection)
        before, keys = erasures.of(connection, code), sealed_keys.of(connection, code)
        sealed_keys.destroy(connection, keys)
        blanked, dropped = _blank(connection, feed_box, code, old), items.drop_of(connection, code)
        if not before and not (keys or blanked or dropped):
            raise NothingToErase(f"no key of {code} is kept here: is the code whole, as on the slip?")
        if not before or keys or blanked or dropped:
            fact = word_of(by, Erased, code, refversion, keys=len(keys), why=why)
            erasures.keep(
                connection,
                Erasure(code, fact.time.timestamp(), len(keys), _digest(keys), blanked, dropped, fact.encode()),
            )
            log.info("dossier.erased", dossier=code, by=by, keys=len(keys), feed=blanked, unmatched=dropped)
    settle(store, "sealed_keys")


def state(store: Store, producer: Producer, code: str) -> list[Erasure]:
    """Tell the log what it has not been told; all erasures of the dossier. Twice is once. Raises TryLater."""
    with store.read() as connection:
        found = erasures.of(connection, code)
    untold = [Event.decode(one.fact) for one in found if one.stated_at is None]
    if untold:
        producer.publish(untold)
        with store.begin() as connection:
            erasures.stated(connection, code)
    return found


def _told_by_older_releases(store: Store, box: Evidence, code: str) -> list[int]:
    """The cursors of the feed's rows that tell of a dossier and do not say so."""
    found, after = list[int](), 0
    while True:
        with store.read() as connection:
            rows = feed.of_nobody(connection, after, AT_ONCE)
        if not rows:
            return found
        found += [row.cursor for row in rows if row.body.startswith(BOXED) and _opened(row, box)["subject"] == code]
        after = rows[-1].cursor


def _blank(connection: Connection, box: Evidence, code: str, old: list[int]) -> int:
    """Take from the feed what of a dossier lies there in a box; how many rows did."""
    rows = [row for row in feed.of_dossier(connection, code) if row.body.startswith(BOXED)]
    for cursor in old:
        rows += feed.of_nobody(connection, cursor - 1, 1)
    for row in rows:
        said = _opened(row, box)
        blank = msgspec.json.encode(said | {"data": said["data"] | {"payload": BLANK}})
        feed.rewrite(connection, Fed(row.cursor, blank))
    return len(rows)


def _opened(row: Fed, box: Evidence) -> dict[str, Any]:
    return msgspec.json.decode(box.open(Box.model_validate_json(row.body)), type=dict[str, Any])


def _digest(keys: list[WrappedKey]) -> str:
    """One number for all that was destroyed: of each key its id, and the digest of what was wrapped."""
    return sha256(canonical([[key.key_id, sha256(key.wrapped).hexdigest()] for key in keys])).hexdigest()


# ---------------------------------------------------------------- the certificate


def certificate(code: str, found: list[Erasure], settings: Settings, key: Ed25519PrivateKey) -> dict[str, Any]:
    """What was destroyed, when, and what is yet to expire, signed. The same erasures give the same certificate."""
    last = aware(found[-1].at)
    unsigned = {"form": FORM, "dossier": code, "erasures": [_row(one) for one in found], "expires": []}
    unsigned["expires"] = [
        _expires("bytes of carriers on postal.webhooks", last, settings.keep_webhooks_days + 1),
        _expires("bytes on dead.letters", last, settings.keep_letters_days + 1),
        _expires("what the agency said on its own topic", last, AGENCY_DAYS),
    ]
    value = b64encode(key.sign(_to_sign(unsigned))).decode()
    return unsigned | {"signature": {"algorithm": ALGORITHM, "key": fingerprint(key), "value": value}}


def faults(document: Any, keys: Sequence[Ed25519PublicKey]) -> list[str]:
    """What is wrong with a certificate, in sentences; none if one of these keys signed it as it is."""
    if not isinstance(document, dict) or document.get("form") != FORM:
        return [f"it is no certificate of an erasure: its form is not {FORM}"]
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    if not any(_is_signed(document, unsigned, key) for key in keys):
        return ["its signature is not of this key, or it was changed since"]
    return []


def _is_signed(document: dict[str, Any], unsigned: dict[str, Any], key: Ed25519PublicKey) -> bool:
    try:
        key.verify(b64decode(document["signature"]["value"]), _to_sign(unsigned))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def _row(one: Erasure) -> dict[str, Any]:
    said = Erased.decode(one.fact)
    return {
        "at": aware(one.at).astimezone(VIETNAM).isoformat(),
        "by": said.data.by,
        "why": said.data.why,
        "fact": said.ref,
        "keys": one.keys,
        "sha256": one.digest,
        "feed_rows_blanked": one.feed,
        "updates_deleted": one.unmatched,
    }


def _expires(what: str, at: Any, days: int) -> dict[str, str]:
    return {"what": what, "until": (date_of(at) + timedelta(days=days)).isoformat()}


def _to_sign(unsigned: dict[str, Any]) -> bytes:
    return FORM.encode() + b"\n" + canonical(unsigned)
