"""What stands in a dead letter, under lock: whoever meets the bytes seals them, only the openers' key opens them.

Each day has a key pair. Its public half lies open in SQL, its private half wrapped for the openers, as a contact's key
is: intake and the others, who put bytes aside, cannot open what they put there. docs/decisions/0010.
"""

import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from connectors.day_keys import first, gone, name_of, named
from connectors.seal import CannotOpen, Openers, Wrapper, unwrap
from connectors.store import Store, day_keys
from connectors.verdicts import TryLater
from schemas.event import DOSSIER
from schemas.ops import REDRIVEN, REDRIVEN_TIMES, DeadLetterKept
from schemas.sealed import Box

LETTERS = "letters"
"""The purpose of what stands in dead letters."""
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
A_TYPE = re.compile(r"vn\.hoso\.[a-z0-9_.]{1,100}")
NO_TYPE, NO_NEWER = "no such type here: ", " could not be read as a newer version"
A_NAME = re.compile(r"[0-9a-fA-F-]{1,64}")
"""What a header of a record that was put back may say: a letter's id, how often."""


class _Inside(msgspec.Struct, array_like=True):
    """What of a letter only an opener reads."""

    reason: str
    key: str | None
    headers: tuple[tuple[str, str], ...] | None
    bytes: bytes


class LetterBoxes:
    """Seals dead letters; opens none. Threads may share it."""

    def __init__(self, store: Store, openers: X25519PublicKey) -> None:
        self._store, self._openers = store, openers
        self._today: tuple[str, X25519PublicKey] | None = None

    def sealed(self, letter: DeadLetterKept, kind: str) -> DeadLetterKept:
        """The letter with its bytes, headers, key and whole reason in a box; `kind` is what may be read of the reason.

        Raises TryLater.
        """
        data = letter.data
        inside = _Inside(data.reason, data.key, data.headers, _bytes(data.bytes))
        outside = {
            "reason": shown(kind) or "unreadable",
            "key": data.key if data.key and re.fullmatch(DOSSIER, data.key) else None,
            "headers": tuple(one for one in data.headers or () if _may_be_shown(*one)) or None,
            "bytes": "",
            "sealed": self._box(msgspec.msgpack.encode(inside)),
        }
        return letter.model_copy(update={"data": data.model_copy(update=outside)})

    def _box(self, raw: bytes) -> Box:
        id, public = self._key()
        return Box(key_id=id, box=urlsafe_b64encode(Wrapper(public).wrap(raw, id)).decode())

    def _key(self) -> tuple[str, X25519PublicKey]:
        id = name_of(LETTERS)
        if self._today is None or self._today[0] != id:
            private = X25519PrivateKey.generate()
            wrapped = Wrapper(self._openers).wrap(private.private_bytes_raw(), id)
            found = first(self._store, named(id, wrapped, private.public_key().public_bytes_raw()))
            if found.public is None:
                raise TryLater(f"the key {id} of today is destroyed already: is the clock right?")
            self._today = id, X25519PublicKey.from_public_bytes(found.public)
        return self._today


class LetterOpener:
    """Opens dead letters: for `hoso dead-letters` and the console, one command or page at a time."""

    def __init__(self, store: Store, openers: Openers) -> None:
        self._store, self._openers = store, openers
        self._known: dict[str, X25519PrivateKey] = {}

    def opened(self, letter: DeadLetterKept) -> DeadLetterKept:
        """The letter as it was before it was sealed. Raises Erased, CannotOpen, TryLater."""
        box = letter.data.sealed
        if box is None:
            return letter
        try:
            inside = msgspec.msgpack.decode(unwrap(self._key(box.key_id), _raw(box), box.key_id), type=_Inside)
        except (msgspec.DecodeError, ValueError) as error:
            if isinstance(error, CannotOpen):
                raise
            raise CannotOpen(f"the letter {letter.id} does not open: it is damaged") from error
        plain = {
            "reason": inside.reason,
            "key": inside.key,
            "headers": inside.headers,
            "bytes": b64encode(inside.bytes).decode(),
            "sealed": None,
        }
        return letter.model_copy(update={"data": letter.data.model_copy(update=plain)})

    def _key(self, id: str) -> X25519PrivateKey:
        if id not in self._known:
            with self._store.read() as connection:
                found = day_keys.find(connection, id)
            if found is None or found.wrapped is None:
                raise gone(id)
            self._known[id] = X25519PrivateKey.from_private_bytes(self._openers.unwrap(found.wrapped, id))
        return self._known[id]


def shown(kind: str) -> str:
    """What anybody may read of a kind of reason: nothing that it quotes of the bytes, but for a type of ours."""
    kind = QUOTED.sub("…", kind.partition(NO_NEWER)[0])
    head, sep, name = kind.partition(NO_TYPE)
    return f"{head}{sep}{name if A_TYPE.fullmatch(name) else '…'}" if sep else kind


def _raw(box: Box) -> bytes:
    return urlsafe_b64decode(box.box)


def _bytes(text: str) -> bytes:
    return msgspec.convert(text, bytes)


def _may_be_shown(name: str, value: str) -> bool:
    """Whether a header is one of ours that says nothing but which letter it is of, and how often."""
    return name in (REDRIVEN, REDRIVEN_TIMES) and A_NAME.fullmatch(_bytes(value).decode(errors="replace")) is not None
