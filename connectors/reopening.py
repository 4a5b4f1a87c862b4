"""An archived dossier opened again: the operator's word that brings its log along, tried before it is said."""

from collections.abc import Iterable

from pydantic import ValidationError

from connectors.broker import Message
from connectors.history import stated
from connectors.operators import word_of
from rules.kept import Kept
from rules.parking import advance
from rules.reference import Reference
from schemas.event import MOST_BYTES
from schemas.ops import Reopened, packed


class NotToBeOpened(LookupError):
    """It is not archived, or its log opens it no more; the text says which and what to do."""


def reopened(
    code: str, records: Iterable[Message], reference: Reference, by: str, refversion: str, why: str
) -> Reopened:
    """The word that opens this dossier, whose whole log these records are. Raises NotToBeOpened."""
    records = list(records)
    if not records:
        raise NotToBeOpened(f"no dossier {code} on the log: is the code whole, as on the slip?")
    kept, log, archived_by = Kept(), list[bytes](), ""
    for _, event, raw, ref in stated(records):
        before = kept
        kept, _ = advance(kept, event, raw, ref, reference)
        if kept.stub is not None and before.stub is None:
            archived_by = ref
        elif kept.stub is None:
            # What came while it was archived had no effect.
            log.append(raw)
    if kept.stub is None:
        raise NotToBeOpened(f"{code} is not archived: `hoso dossier {code}` shows how it stands")
    word = _word(code, log, by, refversion, what=archived_by, why=why)
    opened, _ = advance(kept, word, word.encode(), word.ref, reference)
    if opened.dossier is None:
        raise NotToBeOpened(
            f"the log of {code}, folded by this release, is not what was archived: `hoso rebuild` shows what differs"
        )
    return word


def _word(code: str, log: list[bytes], by: str, refversion: str, what: str, why: str) -> Reopened:
    too_long = f"the log of {code}, {len(log)} facts, is larger than one event may be ({MOST_BYTES:,} bytes)"
    try:
        word = word_of(by, Reopened, code, refversion, what=what, why=why, log=packed(log))
    except ValidationError as error:
        raise NotToBeOpened(too_long) from error
    if len(word.encode()) > MOST_BYTES:
        raise NotToBeOpened(too_long)
    return word
