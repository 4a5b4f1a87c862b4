"""What every route works with, and who stands at the door."""

from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import Request

from connectors.agencies import verify_key
from connectors.archive import Archive, BrokenArchive
from connectors.broker import Producer
from connectors.dated_keys import DatedKeys
from connectors.edge.guesses import Guesses
from connectors.edge.problem import Problem
from connectors.edge.quota import Quotas
from connectors.gate.gate import Gate
from connectors.history import History, history
from connectors.holds import Holds
from connectors.project.remembered import first_of
from connectors.reference import References
from connectors.seal import Evidence
from connectors.settings import Settings
from connectors.store import Store
from rules.reference import Reference
from schemas.reference import Agency

log = structlog.get_logger()


@dataclass(frozen=True)
class Door:
    """The edge's tools: where it writes, keeps and looks."""

    settings: Settings
    store: Store
    producer: Producer
    references: References
    gate: Gate
    evidence: Evidence
    feed_box: Evidence
    quotas: Quotas = field(default_factory=Quotas)
    tracking: DatedKeys | None = None
    """The keys of tracking codes; without them no citizen's page opens."""
    holds: Holds = field(default_factory=Holds)
    """What keeps the feed back."""
    read: Store | None = None
    """The read model, which knows whose a tracking code is."""
    guesses: Guesses = field(default_factory=Guesses)
    """How often tracking codes may be wrong."""
    archive: Archive | None = None
    """What has the log's beginning where the topic has it no more."""

    def agency(self, request: Request) -> Agency:
        """Whose key the caller shows. 401 without a good one, 403 if its agency is not in the reference data."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        code = verify_key(self.store, key.strip()) if scheme.lower() == "bearer" and key.strip() else None
        if code is None:
            challenge = {"www-authenticate": 'Bearer realm="hoso"'}
            raise Problem(401, "Show your agency's key as `Authorization: Bearer <key>`.", challenge)
        agency = self.references.edition().agency(code)
        if agency is None:
            raise Problem(403, f"Agency {code} is not in the reference data in force; ask an operator to add it.")
        return agency

    def history(self, reference: Reference, code: str) -> History | None:
        """A dossier by its log, archive and topic read as one. Raises what `connectors.history.history` does."""
        try:
            return history(
                self.settings.kafka_bootstrap, reference, code, self.archive, lambda: first_of(self.read, code)
            )
        except BrokenArchive as error:
            log.error("history.broken", dossier=code, why=str(error))
            raise


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem answers of a route, for the contract."""
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    says = {
        400: "Not JSON", 401: "No good key or signature", 403: "Not your agency", 404: "Nothing here for you",
        408: "The body did not arrive", 409: "An id used for something else", 413: "Too large", 415: "Not in this form",
        422: "All rejected", 429: "Too many events", 503: "It cannot be made durable now",
    }  # fmt: skip
    wait = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return {
        status: {"description": says[status], "content": body} | ({"headers": wait} if status in (429, 503) else {})
        for status in statuses
    }
