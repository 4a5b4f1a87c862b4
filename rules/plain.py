"""Values as JSON writes them: what a notice's payload holds."""

from datetime import date, datetime
from typing import Any

from schemas.instant import VIETNAM


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON writes them, without those that are not there."""
    return {
        name: text_of(value) if isinstance(value, date) else value for name, value in data.items() if value is not None
    }


def text_of(value: date) -> str:
    """A date, or an instant in Viet Nam's zone, as JSON writes it."""
    return value.astimezone(VIETNAM).isoformat() if isinstance(value, datetime) else value.isoformat()
