"""Who may sign in with a password: a file of names, roles and hashes, read again when it changes."""

import hmac
import os
import re
import secrets
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import scrypt, sha256
from pathlib import Path

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
LEAST_PASSWORD = 12
COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
NOBODY = "scrypt$AAAAAAAAAAAAAAAAAAAAAA==$" + b64encode(bytes(32)).decode()
"""What a name that nobody bears is checked against: as slow as a wrong password."""


class Role(StrEnum):
    """What a person may see."""

    AGENCY = "agency"
    """The dossiers and reports of one agency."""
    CITY = "city"
    """Those of all."""
    OPERATOR = "operator"
    """Those of all, and the machinery."""


class WrongPeople(ValueError):
    """The file of people cannot be read, or a person cannot be added; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in; an agency's own officer has its code."""

    name: str
    role: Role
    agency: str | None = None

    @property
    def is_operator(self) -> bool:
        """Whether the machinery is theirs to see and to set."""
        return self.role is Role.OPERATOR


class People:
    """The people of a file. Whoever changes it is seen at the next question."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read: tuple[float, Mapping[str, tuple[Person, str]]] = (-1.0, {})

    def known(self, name: str, password: str) -> Person | None:
        """The person of this name, if it is their password. Raises WrongPeople."""
        person, kept = self._all().get(name, (None, NOBODY))
        return person if _fits(password, kept) else None

    def still(self, person: Person, seal: str) -> bool:
        """Whether they are in the file as they were when they signed in, with the same password. Raises WrongPeople."""
        found = self._all().get(person.name)
        return found is not None and found[0] == person and hmac.compare_digest(seal_of(found[1]), seal)

    def seal(self, name: str) -> str:
        """A word that changes with the person's password. Raises WrongPeople."""
        return seal_of(self._all()[name][1])

    def names(self) -> list[Person]:
        """All of them by name. Raises WrongPeople."""
        return [person for _, (person, _) in sorted(self._all().items())]

    def add(self, person: Person, password: str) -> None:
        """Enter a person, or another password or role of theirs. Raises WrongPeople."""
        if not NAME.fullmatch(person.name):
            raise WrongPeople(f"{person.name!r} is no name to sign in with: small letters, digits, . _ -")
        if (person.role is Role.AGENCY) != bool(person.agency):
            raise WrongPeople("an officer of an agency has its code, and nobody else has one")
        if len(password) < LEAST_PASSWORD:
            raise WrongPeople(f"a password has {LEAST_PASSWORD} characters at least")
        self._keep({**self._all(), person.name: (person, hashed(password))})

    def remove(self, name: str) -> bool:
        """Let nobody in by this name any more; False if nobody was. Raises WrongPeople."""
        everybody = dict(self._all())
        if everybody.pop(name, None) is None:
            return False
        self._keep(everybody)
        return True

    def _all(self) -> Mapping[str, tuple[Person, str]]:
        try:
            changed = self.file.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if self._read[0] != changed:
            self._read = (changed, _people_in(self.file))
        return self._read[1]

    def _keep(self, everybody: Mapping[str, tuple[Person, str]]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write("".join(_written(person, kept) for _, (person, kept) in sorted(everybody.items())))
        draft.replace(self.file)
        self._read = (-1.0, {})


def hashed(password: str) -> str:
    """What is kept of a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt${b64encode(salt).decode()}${b64encode(scrypt(password.encode(), salt=salt, **COST)).decode()}"


def seal_of(kept: str) -> str:
    """A short word for a kept password."""
    return sha256(kept.encode()).hexdigest()[:16]


def _fits(password: str, kept: str) -> bool:
    _, salt, wanted = kept.split("$")
    found = scrypt(password.encode(), salt=b64decode(salt), **COST)
    return hmac.compare_digest(found, b64decode(wanted))


def _people_in(file: Path) -> dict[str, tuple[Person, str]]:
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))
        return {
            name: (Person(name, Role(row["role"]), row.get("agency")), str(row["password"]))
            for name, row in rows.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongPeople(f"{file} cannot be read: {error}; `hoso console add` writes it") from error


def _written(person: Person, kept: str) -> str:
    agency = f'agency = "{person.agency}"\n' if person.agency else ""
    return f'["{person.name}"]\nrole = "{person.role}"\n{agency}password = "{kept}"\n\n'
