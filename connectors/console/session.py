"""A session: who is signed in, in a signed cookie; and the word by which a form proves that it is ours."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadData, URLSafeTimedSerializer

from connectors.console.people import People, Person, Role

COOKIE = "hoso_console"
LASTS_SECONDS = 12 * 3600
"""For how long (real time) somebody stays signed in: a working day and its evening."""
BY_PROVIDER = ""
"""Stands in place of a password's seal where an OpenID provider vouched."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and this sign-in's own random word."""

    person: Person
    seal: str
    nonce: str


class Sessions:
    """Signs sessions and reads them again; whoever left the file of people, or has another password, is out."""

    def __init__(self, key: bytes, people: People) -> None:
        self._key, self._people = key, people
        self._signer = URLSafeTimedSerializer(key, salt="console session")

    def begun(self, person: Person, *, by_provider: bool = False) -> str:
        """The cookie of a new session."""
        seal = BY_PROVIDER if by_provider else self._people.seal(person.name)
        said = [person.name, person.role.value, person.agency, seal, secrets.token_urlsafe(16)]
        return str(self._signer.dumps(said))

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is not ours, too old, or its person's rights are no longer the same."""
        if not cookie:
            return None
        try:
            name, role, agency, seal, nonce = self._signer.loads(cookie, max_age=LASTS_SECONDS)
            session = Session(Person(name, Role(role), agency), seal, nonce)
        except (BadData, ValueError, TypeError):
            return None
        return session if seal == BY_PROVIDER or self._people.still(session.person, seal) else None

    def word(self, session: Session) -> str:
        """What a form of this session sends along."""
        return hmac.new(self._key, f"form {session.person.name} {session.nonce}".encode(), sha256).hexdigest()

    def is_ours(self, session: Session, word: str) -> bool:
        """Whether a form's word is this session's."""
        return hmac.compare_digest(self.word(session), word)
