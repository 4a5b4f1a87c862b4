"""Agencies that are told: a callback each that verifies with a library nobody here wrote, and remembers."""

import asyncio
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from sandbox import lapses
from sandbox.counter import answer
from sandbox.dropping import hang_up, slowly
from sandbox.lapses import Lapse
from sandbox.settings import Manners
from sandbox.signature import Forged, Verifier
from schemas.event import type_name
from schemas.instant import Clock, aware

CHALLENGE = type_name("endpoint", "challenge")
MOST_RETRY_AFTER = 30
"""Real seconds: nobody is asked to wait longer, since the clock may speed up."""


@dataclass(slots=True)
class Told:
    """A notice an agency received, the first time it came and how often again."""

    id: str
    kind: str
    dossier: str
    sequence: int | None
    type: str
    time: str
    real: float
    driven: float
    data: Mapping[str, Any]
    repeated: int = 0

    def shown(self) -> dict[str, Any]:
        """This notice as the ledger shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "dossier": self.dossier,
            "sequence": self.sequence,
            "type": self.type,
            "time": self.time,
            "received_real": self.real,
            "received_driven": aware(self.driven).isoformat(),
            "signature_ok": True,
            "repeated": self.repeated,
            "text": self.data.get("text"),
            "state": self.data.get("state"),
            "payload": self.data.get("payload"),
        }


@dataclass(slots=True)
class Agency:
    """One agency's ear: what it was told in order, what it refused, and until when it is away."""

    code: str
    key: str
    secret: str
    told: dict[str, Told] = field(default_factory=dict)
    challenges: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    turned_away: int = 0
    hangs_up: bool = False
    lapses: Counter[str] = field(default_factory=Counter)
    """Calls that it answered badly, by how."""

    def shown(self) -> dict[str, Any]:
        """All of it, in the order in which it came."""
        return {
            "agency": self.code,
            "notices": [one.shown() for one in self.told.values()],
            "repetitions": sum(one.repeated for one in self.told.values()),
            "refused_signatures": list(self.refused),
            "challenges": self.challenges,
            "down": [[aware(since).isoformat(), aware(until).isoformat()] for since, until in self.away],
            "turned_away": self.turned_away,
            "lapses": dict(self.lapses),
        }


Listener = Callable[[str, Told], None]


class Agencies:
    """All agencies of the credentials file, read again when it changes. `listeners` act on what they are told."""

    def __init__(self, credentials: Path, clock: Clock, seed: int = 0, manners: Manners = Manners.POLITE) -> None:
        self.credentials, self.clock = credentials, clock
        self._seed, self._rates = seed, lapses.CALLBACK[manners]
        self._called: set[str] = set()
        self.listeners: list[Listener] = []
        self._known: dict[str, Agency] = {}
        self._read_at = -1
        self._lock = threading.Lock()

    def codes(self) -> list[str]:
        """Who is in the credentials file."""
        self._read()
        return list(self._known)

    def get(self, code: str) -> Agency | None:
        """One agency; None if it has no credentials."""
        if code not in self._known:
            self._read()
        return self._known.get(code)

    def down(self, code: str, until: float, since: float | None = None, hangs_up: bool = False) -> None:
        """This agency takes nothing from now (or a later moment) to the end, on the driven clock."""
        agency = self._known[code]
        agency.away.append((self.clock.seconds() if since is None else since, until))
        agency.hangs_up = hangs_up

    def up(self, code: str) -> None:
        """It is back earlier than it said."""
        agency, now = self._known[code], self.clock.seconds()
        agency.away = [(since, min(until, now)) for since, until in agency.away]

    def away_for(self, agency: Agency) -> int:
        """Real seconds until it is back, rounded up; 0 if it is there."""
        now = self.clock.seconds()
        left = max((until - now for since, until in agency.away if since <= now < until), default=0.0)
        return min(math.ceil(left / self.clock.speed), MOST_RETRY_AFTER)

    def hear(self, agency: Agency, body: bytes, headers: Mapping[str, str]) -> Response:
        """One call on its callback: verified, then remembered, once for each webhook-id."""
        if agency.secret == "":
            return answer({"error": "no secret"}, 401)
        try:
            Verifier([agency.secret]).verify(body, headers)
        except (Forged, ValueError) as error:
            agency.refused.append({"id": headers.get("webhook-id"), "why": str(error), "real": time.time()})
            return answer({"error": str(error)}, 401)
        try:
            notice = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            agency.refused.append({"id": headers.get("webhook-id"), "why": str(error), "real": time.time()})
            return answer({"error": "not JSON"}, 400)
        if notice.get("type") == CHALLENGE:
            agency.challenges += 1
            return answer({"challenge": (notice.get("data") or {}).get("challenge")})
        self._remember(agency, headers["webhook-id"], notice)
        return answer({"taken": True})

    def lapse(self, agency: Agency, id: str) -> Lapse:
        """How it fails at what is told under this webhook-id, the first time it is called about it."""
        if id in self._called:
            return Lapse.NONE
        self._called.add(id)
        found = lapses.fallen(self._rates, self._seed, "callback", agency.code, id)
        if found is not Lapse.NONE:
            agency.lapses[str(found)] += 1
        return found

    def _remember(self, agency: Agency, key: str, notice: dict[str, Any]) -> None:
        if key in agency.told:
            agency.told[key].repeated += 1
            return
        data = notice.get("data") or {}
        kind = data.get("kind") or str(notice.get("type", "")).removeprefix("vn.hoso.").removesuffix(".v1")
        told = Told(
            key, kind, str(notice.get("subject", "")), data.get("sequence"), str(notice.get("type", "")),
            str(notice.get("time", "")), time.time(), self.clock.seconds(), data,
        )  # fmt: skip
        agency.told[key] = told
        for listener in self.listeners:
            listener(agency.code, told)

    def _read(self) -> None:
        """Take new agencies and new secrets in; what was told is kept."""
        with self._lock:
            if not self.credentials.is_file() or (written := self.credentials.stat().st_mtime_ns) == self._read_at:
                return
            for code, row in json.loads(self.credentials.read_text()).items():
                known = self._known.setdefault(code, Agency(code, "", ""))
                known.key, known.secret = row.get("key", ""), row.get("secret", "")
            self._read_at = written


def routes(agencies: Agencies, held_seconds: float = 0.0) -> APIRouter:
    """The agencies' callbacks, and what the rehearsal may ask of them."""
    api = APIRouter()

    def unknown(code: str) -> Response:
        return answer({"error": f"no agency {code}"}, 404)

    @api.post("/agencies/{code}/callback")
    async def callback(code: str, request: Request) -> Response:
        """Where the pipeline tells an agency."""
        agency = agencies.get(code)
        if agency is None:
            return unknown(code)
        if (seconds := agencies.away_for(agency)) > 0:
            agency.turned_away += 1
            if agency.hangs_up:
                hang_up(request)
            return answer({"error": "closed"}, 503, {"Retry-After": str(seconds)})
        lapse = agencies.lapse(agency, request.headers.get("webhook-id", ""))
        if lapse is Lapse.ERROR:
            return answer({"error": "broken"}, 500)
        if lapse is Lapse.BUSY:
            return answer({"error": "busy"}, 429, {"Retry-After": "1"})
        heard = agencies.hear(agency, await request.body(), request.headers)
        match lapse:
            case Lapse.TAKEN_ERROR:
                return answer({"error": "broken"}, 500)
            case Lapse.TAKEN_HELD | Lapse.TAKEN_DROPPED:
                await asyncio.sleep(held_seconds if lapse is Lapse.TAKEN_HELD else 0)
                hang_up(request)
                return Response(status_code=504)
            case Lapse.SLOW:
                return slowly(heard, held_seconds)
            case _:
                return heard

    @api.post("/agencies/{code}/down")
    async def down(code: str, until: datetime, how: str = "503") -> Response:
        """Be away until this driven instant: `how` is 503 or hangup."""
        if agencies.get(code) is None:
            return unknown(code)
        if until.tzinfo is None or how not in ("503", "hangup"):
            return answer({"error": "until needs a zone, how is 503 or hangup"}, 422)
        agencies.down(code, until.timestamp(), hangs_up=how == "hangup")
        return answer({"agency": code, "down_until": until.isoformat()})

    @api.post("/agencies/{code}/up")
    async def up(code: str) -> Response:
        """Be back."""
        if agencies.get(code) is None:
            return unknown(code)
        agencies.up(code)
        return answer({"agency": code, "down_until": None})

    @api.get("/ledger/agencies")
    async def all_ledgers() -> Response:
        """What every agency was told."""
        return answer({code: agency.shown() for code in agencies.codes() if (agency := agencies.get(code))})

    @api.get("/ledger/agencies/{code}")
    async def ledger(code: str) -> Response:
        """What one agency was told, in order."""
        agency = agencies.get(code)
        return unknown(code) if agency is None else answer(agency.shown())

    return api
