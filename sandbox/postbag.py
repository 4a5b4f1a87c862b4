"""The post's webhooks on their way: signed, and repeated, delayed, mixed up or forgotten where it is impolite."""

import base64
import queue
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox import chance, transport
from sandbox.journeys import Scan
from sandbox.parcels import Parcel, Try, Webhook
from sandbox.settings import Manners, Settings
from sandbox.timers import Timers
from schemas.instant import aware

FATES = (("missing", 0.003), ("delayed", 0.02), ("held", 0.05), ("repeated", 0.03), ("unknown", 0.001))
"""How often a webhook goes astray in which way (domain handbook, section 10); the rest goes straight."""
RUDE_FATES = (("missing", 0.01), ("delayed", 0.06), ("held", 0.12), ("repeated", 0.1), ("unknown", 0.005))
"""The same where the post is on its worst days."""
FORGED = 0.05
"""How often somebody else then sends a word in the post's name."""
FORGED_STATUS = 14
STRAIGHT = "straight"
LONGEST_DELAY = 36 * 3600.0
LONGEST_REPEAT = 2 * 3600.0
HELD_FOR = 1800.0
"""Driven seconds; what is held goes out with its successors, newest first."""
HELD_AT_MOST = 3
SENDERS = 2
FIRST_PAUSE = 0.5
"""Real seconds before a webhook without 2xx is sent again; doubled each time."""
HEADERS = {"content-type": "application/json"}
PATTERNS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """One POST: what it says, about which webhooks, and how often it was tried."""

    records: tuple[Record, ...]
    webhooks: tuple[Webhook, ...]
    tries: int = 0
    forged: bool = False


class Postbag:
    """Takes scans in, sends webhooks out on two threads, in no promised order, and a few times where no 2xx comes."""

    def __init__(
        self, settings: Settings, timers: Timers, key: RSAPrivateKey, record: Callable[[Parcel, Scan], Record]
    ) -> None:
        self.settings, self.timers, self.key, self.record = settings, timers, key, record
        self._letters: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self._held: list[tuple[Record, Webhook]] = []
        self._lock = threading.Lock()
        self._open = 0
        self.forged: Counter[str] = Counter()
        """Words that the post never said: how many were sent, refused, taken."""
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the letters under way."""
        for _ in self._threads:
            self._letters.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def waiting(self) -> int:
        """Webhooks that are still to be sent, the held and the delayed ones with them."""
        with self._lock:
            return self._open + len(self._held)

    def announce(self, parcel: Parcel, scan: Scan) -> None:
        """Tell the customer of a scan, or fail to, as the dice fall."""
        fate = self._fate(parcel, scan)
        webhook = Webhook(scan, fate)
        parcel.webhooks.append(webhook)
        record = self._varied(parcel, scan)
        roll = chance.share(self.settings.sandbox_seed, "span", parcel.item, scan.status, scan.at)
        now = self.timers.clock.seconds()
        if self._is_forged(parcel, scan):
            self._post([{**record, "status": FORGED_STATUS}], [], forged=True)
        match fate:
            case "missing":
                return
            case "delayed":
                self._post_at(now + self._span(LONGEST_DELAY * max(roll, 0.02)), [record], [webhook])
            case "held":
                self._hold(record, webhook, now)
            case "repeated":
                self._post([record], [webhook])
                self._post_at(now + self._span(LONGEST_REPEAT * roll), [record], [webhook])
            case "unknown":
                self._post([record, {**record, "status": 26}], [webhook])
            case _:
                self._post([record], [webhook])

    def _fate(self, parcel: Parcel, scan: Scan) -> str:
        if scan.status in parcel.silent:
            return "missing"
        if self.settings.sandbox_manners is Manners.POLITE:
            return STRAIGHT
        roll = chance.share(self.settings.sandbox_seed, "fate", parcel.item, scan.status, scan.at)
        for fate, rate in RUDE_FATES if self.settings.sandbox_manners is Manners.RUDE else FATES:
            if roll < rate:
                return fate
            roll -= rate
        return STRAIGHT

    def _is_forged(self, parcel: Parcel, scan: Scan) -> bool:
        """Whether somebody who has no key of the post speaks up as well."""
        if self.settings.sandbox_manners is not Manners.RUDE:
            return False
        return chance.share(self.settings.sandbox_seed, "forged", parcel.item, scan.status, scan.at) < FORGED

    def _varied(self, parcel: Parcel, scan: Scan) -> Record:
        """The record as one of several clerks writes it: code as number or text, time in one of several forms."""
        record = self.record(parcel, scan)
        roll = chance.share(self.settings.sandbox_seed, "clerk", parcel.item, scan.status, scan.at)
        written = aware(scan.at).strftime(PATTERNS[int(roll * len(PATTERNS))])
        return {**record, "status": str(scan.status) if roll < 0.3 else scan.status, "updatedDate": written}

    def _span(self, driven: float) -> float:
        return driven / self.settings.sandbox_pace

    def _hold(self, record: Record, webhook: Webhook, now: float) -> None:
        with self._lock:
            self._held.append((record, webhook))
            full = len(self._held) >= HELD_AT_MOST
        if full:
            self._let_go()
        else:
            self.timers.at(now + self._span(HELD_FOR), self._let_go)

    def _let_go(self) -> None:
        """Send what is held as one batch, the newest first."""
        with self._lock:
            held, self._held = self._held[::-1], []
        if held:
            self._post([record for record, _ in held], [webhook for _, webhook in held])

    def _post(
        self,
        records: Sequence[Record],
        webhooks: Sequence[Webhook],
        due: float | None = None,
        *,
        forged: bool = False,
    ) -> None:
        letter = Letter(tuple(records), tuple(webhooks), forged=forged)
        with self._lock:
            self._open += 1
        if due is None:
            self._letters.put(letter)
        else:
            self.timers.at(due, lambda: self._letters.put(letter))

    def _post_at(self, due: float, records: Sequence[Record], webhooks: Sequence[Webhook]) -> None:
        self._post(records, webhooks, due)

    def _send_all(self) -> None:
        while (letter := self._letters.get()) is not None:
            self._send(letter)

    def _send(self, letter: Letter) -> None:
        """One try: sign, send, write down what came back, and come again if it was no 2xx."""
        driven = self.timers.clock.seconds()
        tries = [Try(time.time(), driven) for _ in letter.webhooks]
        for webhook, one in zip(letter.webhooks, tries, strict=True):
            webhook.tries.append(one)
        body = self.sealed(letter.records, driven, forged=letter.forged)
        reply = transport.post(self.settings.webhook_url, body, HEADERS)
        for one in tries:
            one.answered_at, one.status = time.time(), reply.status
        if letter.forged and 200 <= reply.status < 500:
            self._forgery(reply.good)
            return
        if reply.good or letter.tries + 1 >= self.settings.sandbox_webhook_tries:
            with self._lock:
                self._open -= 1
            return
        again = replace(letter, tries=letter.tries + 1)
        self.timers.later(reply.retry_after(FIRST_PAUSE * 2**letter.tries), lambda: self._letters.put(again))

    def _forgery(self, taken: bool) -> None:
        """A word in the post's name was judged."""
        with self._lock:
            self._open -= 1
            self.forged["taken" if taken else "refused"] += 1

    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> bytes:
        """The body: the records, the sending time, and a signature over the first record's item and status only."""
        sent = aware(driven).strftime(PATTERNS[0])
        signed = f"MYVNP{sent}{records[0]['itemCode']}{records[0]['status']}".encode()
        sign = secrets.token_bytes(self.key.key_size // 8) if forged else self.key.sign(signed, PKCS1v15(), SHA256())
        signature = base64.b64encode(sign).decode()
        return msgspec.json.encode({"data": list(records), "sendDate": sent, "signature": signature})
