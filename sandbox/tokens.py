"""Tokens of a carrier that gives them for a name and a password, and takes them back after a while."""

import secrets
import time

from sandbox.settings import Settings


class Tokens:
    """Those that are out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._until: dict[str, float] = {}

    def give(self, username: object, password: object) -> str | None:
        """A new one; None for somebody unknown."""
        if (username, password) != (self._settings.sandbox_username, self._settings.sandbox_password):
            return None
        made = secrets.token_urlsafe(24)
        self._until[made] = time.monotonic() + self._settings.sandbox_token_seconds
        return made

    def knows(self, token: str | None) -> bool:
        """Whether this one is good now."""
        return self._until.get(token or "", 0) > time.monotonic()
