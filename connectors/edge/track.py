"""GET /track/{tracking code}: a dossier's deadline as a page, for the citizen who holds its slip.

A citizen has no key: the tracking code is an HMAC of the dossier's code, so whoever has both may read, and a code that
does not fit costs nothing and says nothing. Without a key of tracking codes no page opens.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from connectors.edge import page
from connectors.edge.door import Door
from connectors.explanation import Explanation, explained
from connectors.gate.authority import dossier_date
from connectors.history import history
from connectors.tracking import opens
from connectors.verdicts import TryLater
from rules.reference import UnknownVersion

FRESH_SECONDS = 30.0
"""How long (real time) an explanation is shown again without reading the log: whoever has a link may call it often."""
MOST_KEPT = 1000


class Fresh:
    """The last explanations, each for a short while; threads share it."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._lock = seconds, threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Explanation | None]] = OrderedDict()

    def get(self, code: str, find: Callable[[], Explanation | None]) -> Explanation | None:
        """The explanation that was found for this code lately, or what `find` finds now."""
        with self._lock:
            until, kept = self._kept.get(code, (0.0, None))
        if until > self._seconds():
            return kept
        found = find()
        with self._lock:
            self._kept[code] = self._seconds() + FRESH_SECONDS, found
            self._kept.move_to_end(code)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def routes(door: Door) -> APIRouter:
    """What a citizen may see."""
    api, fresh = APIRouter(tags=["citizens"]), Fresh()
    html: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}

    def find(code: str) -> Explanation | None:
        told = history(door.settings.kafka_bootstrap, door.references.reference, code)
        return explained(told, door.references.reference) if told else None

    @api.get(
        "/track/{tracking}",
        summary="A dossier's deadline with its working, as a page",
        response_class=HTMLResponse,
        responses={
            404: {"description": "The two codes do not belong together", "content": html},
            503: {"description": "The log cannot be read now", "content": html},
        },
    )
    def track(
        tracking: str,
        dossier: Annotated[str, Query(description="the dossier's code, as on the slip")] = "",
        lang: Annotated[str, Query(description="vi or en")] = "vi",
    ) -> HTMLResponse:
        """The due date, what was recorded, and every day of the count. The tracking code is on the slip; no key."""
        code = dossier.strip()
        if dossier_date(code) is None or not opens(tracking.strip(), code, door.tracking):
            return page.not_here(code, lang)
        try:
            one = fresh.get(code, lambda: find(code))
            return page.deadline(one, door.references.edition(), lang) if one else page.not_here(code, lang)
        except (TryLater, UnknownVersion):
            return page.later(code, lang)

    return api
