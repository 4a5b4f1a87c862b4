"""What is usual at a carrier: no token by a call, our reference in its own signs, item numbers that it gives itself,
bodies that tell their list of codes.

A carrier that differs says so in its own file.
"""

from collections.abc import Mapping
from typing import Any

from connectors.carriers.reading import told_as
from connectors.transport import Call, Reply
from connectors.verdicts import TryLater


class Usual:
    """The part of a carrier's translation that most have alike."""

    takes_item_codes = False

    def login(self, settings: Any) -> Call | None:
        """None is needed: what it knows us by goes with every call."""
        return None

    def token(self, reply: Reply) -> str:
        """It gives none by a call. Raises TryLater."""
        raise TryLater("it gives no tokens")

    def with_token(self, call: Call, token: str) -> Call:
        """The call bears it already."""
        return call

    def reference(self, settings: Any, reference: str) -> str:
        """What it is told instead of our reference."""
        return told_as(reference, settings.reference_sign, settings.reference_length)

    def api_version(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str | None:
        """Its bodies tell which list they speak."""
        return None
