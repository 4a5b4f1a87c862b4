"""How each key of an installation stands: its public name, its age, how far its change is, and what comes next."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from connectors import changing, key_files, rotating
from connectors.certificates import fingerprint
from connectors.key_files import NoSuchSecret
from connectors.rotating import Stage
from connectors.secrets import DIGEST, EVIDENCE, FEED, OPENERS, SIGNING, TRACKING, load_secrets

DAY = 86_400
NAME = 16
"""So many signs of a fingerprint name a key."""


class Which(StrEnum):
    """The keys that can be changed."""

    OPENERS = "openers"
    EVIDENCE = "evidence"
    FEED = "feed"
    DIGEST = "digest"
    TRACKING = "tracking"
    SIGNING = "signing"


KINDS = {
    Which.OPENERS: "X25519 pair: contacts and free text",
    Which.EVIDENCE: "secret: carriers' bytes",
    Which.FEED: "secret: what the feed holds of a citizen",
    Which.DIGEST: "secret: digests of facts",
    Which.TRACKING: "secret: citizens' codes",
    Which.SIGNING: "Ed25519 pair: receipts, certificates, callbacks",
}
FILES = {
    Which.OPENERS: OPENERS,
    Which.EVIDENCE: EVIDENCE,
    Which.FEED: FEED,
    Which.DIGEST: DIGEST,
    Which.TRACKING: TRACKING,
    Which.SIGNING: SIGNING,
}
NEXT_STEPS = {
    (Which.OPENERS, Stage.PREPARED): "restart dispatch, notify, edge and a console of its own: they know the next key "
    "then; then `hoso keys rotate --switch`",
    (Which.OPENERS, Stage.SWITCHED): "restart every process but the workers: any may seal; then "
    "`hoso keys rotate --finish`",
    (Which.EVIDENCE, Stage.PREPARED): "restart edge, poll, translate and a console of its own: they know the next key "
    "then; then `hoso keys rotate evidence --switch`",
    (Which.EVIDENCE, Stage.SWITCHED): "restart edge, poll and translate: they lock by the new key then; then "
    "`hoso keys rotate evidence --finish`",
    (Which.FEED, Stage.PREPARED): "restart edge: it knows the next key then; then `hoso keys rotate feed --switch`",
    (Which.FEED, Stage.SWITCHED): "restart notify: it locks by the new key then; then `hoso keys rotate feed --finish`",
    (Which.SIGNING, Stage.PREPARED): "restart notify: each callback bears a v1a of both keys then; give whoever checks "
    "callbacks, receipts or certificates what `hoso certificate key` prints; then `hoso keys rotate signing --switch`",
    (Which.SIGNING, Stage.SWITCHED): "restart notify: receipts are signed by the new key then, callbacks by both; once "
    "every agency that checks v1a has the new public key, `hoso keys rotate signing --finish`",
}
USED_BY = {Which.DIGEST: "edge, intake and translate", Which.TRACKING: "edge and intake"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A key, never the secret. `id` is none and `stage` empty where this machine has no such file, or a damaged one."""

    key: str
    kind: str
    id: str | None
    age_days: int | None
    stage: str
    next: str
    keys: int = 1
    """How many of the file are read."""
    from_on: str | None = None
    """The first day of the dossiers that the newest is for, where that is not every day."""

    def document(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def standing(folder: Path, which: Which, today: date) -> Standing:
    """How a key of this folder stands; `today` in Viet Nam."""
    file = folder / FILES[which]
    if not file.exists():
        return Standing(which, KINDS[which], None, None, "", "it is not on this machine", 0)
    days = max(0, int((time.time() - file.stat().st_mtime) // DAY))
    try:
        return _standing(folder, which, today, days)
    except NoSuchSecret as damaged:
        return Standing(which, KINDS[which], None, days, "", str(damaged), 0)


def _standing(folder: Path, which: Which, today: date, days: int) -> Standing:
    file, from_on = folder / FILES[which], None
    count = len(key_files.read(file))
    match which:
        case Which.OPENERS:
            stage = rotating.stage(folder)
            count += stage is not Stage.SETTLED
            says = NEXT_STEPS.get((which, stage))
        case Which.DIGEST | Which.TRACKING:
            from_on = changing.first_day(file)
            day = changing.coming(file, today)
            stage = Stage.PREPARED if day else Stage.SETTLED
            says = _before(which, day) if day else None
        case _:
            stage = changing.stage(file)
            says = NEXT_STEPS.get((which, stage))
    begins = f"`hoso keys rotate{'' if which is Which.OPENERS else f' {which}'}` begins a rotation"
    first = from_on.isoformat() if from_on else None
    return Standing(which, KINDS[which], _id(folder, which), days, stage.value, says or begins, count, first)


def _before(which: Which, day: date) -> str:
    return f"restart {USED_BY[which]} before {day}: from the dossiers of that day on the new key is used, by itself"


def _id(folder: Path, which: Which) -> str:
    """The public name of the newest key: of a pair by its public half, of a secret by a hash that tells nothing."""
    return _names(folder)[which]()[:NAME]


def _names(folder: Path) -> dict[Which, Callable[[], str]]:
    keys = load_secrets(folder)
    return {
        Which.OPENERS: lambda: sha256(keys.openers_public.public_bytes_raw()).hexdigest(),
        Which.SIGNING: lambda: fingerprint(keys.signing),
        Which.EVIDENCE: lambda: sha256(keys.evidence[0]).hexdigest(),
        Which.FEED: lambda: sha256(keys.feed[0]).hexdigest(),
        Which.DIGEST: lambda: sha256(keys.digest.all()[0]).hexdigest(),
        Which.TRACKING: lambda: sha256(keys.tracking.all()[0]).hexdigest(),
    }
