"""Carriers' contracts as this environment has them: webhooks that would be refused, or that anybody could send."""

from collections.abc import Iterator
from typing import Any

from connectors.carrier_settings import Signature
from connectors.carriers import carriers, settings_of
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import named

AREA = "carriers"
SECRETS = ("webhook_secret", "webhook_key_file")
"""What a carrier's webhooks are known by, as its settings call it."""


def findings(place: Place) -> Iterator[Finding]:
    """Every carrier that is spoken to and whose webhooks nobody can tell from others'."""
    spoken_to = [name for name in sorted(carriers()) if settings_of(place.settings, name).url is not None]
    found = [one for name in spoken_to if (one := _unknown(name, settings_of(place.settings, name)))]
    yield from found
    if not found:
        what = f"set in this environment: {named(spoken_to)}" if spoken_to else "no carrier is set in this environment"
        yield Finding(AREA, Severity.OK, what)


def _unknown(name: str, settings: Any) -> Finding | None:
    known_by = [one for one in SECRETS if hasattr(settings, one)]
    if not known_by or any(_is_set(getattr(settings, one)) for one in known_by):
        return None
    setting = f"HOSO_{name}_{known_by[0]}".upper()
    if settings.signature is Signature.REQUIRED:
        return Finding(
            AREA, Severity.BAD, f"{name}: every webhook is refused, {setting} is not set", "hoso carrier list"
        )
    what = f"{name}: anybody could send its webhooks, {setting} is not set"
    return Finding(AREA, Severity.WARNING, what, "hoso carrier list", "what they say is only reported, never confirmed")


def _is_set(value: Any) -> bool:
    return bool(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
